using Ops.Runtime.Inference;
using Ops.Runtime.Monitoring;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Scheduling;

/// <content>What happens from a free run to its end, and what its slot has to ask.</content>
internal sealed partial class ModelScheduler
{
    /// <summary>A client went away.</summary>
    internal void Abort(PendingRequest pending)
    {
        lock (gate)
        {
            switch (pending.State)
            {
                case PendingState.Waiting:
                    queue.Remove(pending);
                    pending.FailAborted();
                    break;
                case PendingState.Held:
                    pending.IsAborted = true;
                    break;
                case PendingState.Running:
                    pending.IsAborted = true;
                    pending.Slot!.Leave();
                    break;
            }
        }
    }

    /// <summary>A slot that was sent to work: runs what waits until nothing does, then becomes idle.</summary>
    internal void Work(RunSlot slot)
    {
        for (var wasStarted = true; TakeBatch(slot, wasStarted); wasStarted = false)
        {
            slot.RunBatch(run);
            if (StartsAnew(slot))
            {
                return;
            }
        }
    }

    /// <summary>After a short merged run the answers go out and the next requests come in first, so that the next run is
    /// merged too.</summary>
    private bool StartsAnew(RunSlot slot)
    {
        if (!policy.IsOn || !Pace.IsQuick)
        {
            return false;
        }

        lock (gate)
        {
            slot.Renew();
            if (queue.Count <= starting * RequestsPerStart)
            {
                idle.Push(slot);
                SetTimer(time.GetTimestamp());
            }
            else
            {
                Start(slot);
            }
        }

        return true;
    }

    /// <summary>A run of requests that waited begins.</summary>
    /// <param name="slot">Where.</param>
    /// <param name="batch">The requests.</param>
    /// <returns>Null when it may; otherwise nobody waits for it any more, or the process must end.</returns>
    internal Exception? Begin(RunSlot slot, ReadOnlySpan<PendingRequest> batch)
    {
        lock (gate)
        {
            if (cutReason is { } reason)
            {
                return Refusals.Unavailable(reason);
            }

            foreach (var pending in batch)
            {
                if (!pending.IsAborted)
                {
                    pending.State = PendingState.Running;
                    pending.Slot = slot;
                    slot.Begin();
                }
            }

            return slot.Live == 0 ? new OperationCanceledException() : null;
        }
    }

    /// <summary>The run that <see cref="Begin"/> allowed is over: no client can end it any more.</summary>
    internal void End(RunSlot slot, ReadOnlySpan<PendingRequest> batch)
    {
        lock (gate)
        {
            foreach (var pending in batch)
            {
                pending.State = PendingState.Held;
            }

            slot.Renew();
        }
    }

    /// <summary>What a failure means to whoever waits for the result.</summary>
    internal Exception Explain(Exception failure) =>
        failure is OrtException && cutReason is { } reason ? Refusals.Unavailable(reason) : failure;

    /// <summary>Merges nothing any more, since the model turned out not to work row by row.</summary>
    internal void GiveUpMerging(string reason)
    {
        policy = BatchPolicy.Off(reason, hasRows: true);
        log.MergingGivenUp(metrics.Model, metrics.Version, reason);
    }

    /// <summary>A merged run failed; its requests run alone.</summary>
    internal void ReportFailedMerge(int requests, Exception failure) =>
        log.MergedRunFailed(metrics.Model, metrics.Version, requests, failure);

    private InferResult RunNow(RunSlot slot, InferRequest request, long rows, CancellationToken aborted)
    {
        metrics.QueueDuration.Observe(TimeSpan.Zero);
        using var span = RuntimeTracing.Start("run");
        var whenAborted = aborted.UnsafeRegister(static slot => ((RunSlot)slot!).AbortRun(), slot);
        try
        {
            return slot.RunAlone(run, request, rows);
        }
        catch (OrtException) when (aborted.IsCancellationRequested)
        {
            throw new OperationCanceledException(aborted);
        }
        catch (OrtException exception) when (cutReason is not null)
        {
            throw Explain(exception);
        }
        finally
        {
            // Waits for an abort that is under way, so that it cannot hit the slot's next run.
            whenAborted.Dispose();
            Release(slot);
        }
    }

    /// <summary>The client whose request never waited went away.</summary>
    internal void AbortRun(RunSlot slot)
    {
        lock (gate)
        {
            slot.Leave();
        }
    }

    /// <summary>Gives a slot whose request never waited to those who do.</summary>
    private void Release(RunSlot slot)
    {
        lock (gate)
        {
            slot.Renew();
            idle.Push(slot);
            if (queue.Count > 0)
            {
                StartWhatIsDue(time.GetTimestamp());
            }
        }
    }

    private bool TakeBatch(RunSlot slot, bool wasStarted)
    {
        lock (gate)
        {
            starting -= wasStarted ? 1 : 0;
            slot.Renew();
            var now = time.GetTimestamp();
            FailExpired(now);
            if (!IsNextRunDue(now))
            {
                idle.Push(slot);
                SetTimer(now);
                return false;
            }

            queue.Take(policy, slot.Batch);
            foreach (var pending in slot.Batch)
            {
                if (pending.FoundFree)
                {
                    metrics.QueueDuration.Observe(TimeSpan.Zero);
                    continue;
                }

                var waited = time.GetElapsedTime(pending.Arrived, now);
                metrics.QueueDuration.Observe(waited);
                RuntimeTracing.Record("queue", pending.Trace, waited);
            }

            StartWhatIsDue(now);
            return true;
        }
    }
}
