using System.Threading.Channels;

namespace Ops.Dashboard.Features.Rollouts.Execution;

/// <summary>
/// Which endpoints need a look. An endpoint waits at most once however often it is added; one that is added while it is being looked at
/// is looked at again afterwards; no endpoint is looked at by two workers at once.
/// </summary>
internal sealed class ReconcileQueue(TimeProvider time) : IDisposable
{
    private readonly Lock gate = new();
    private readonly Channel<Guid> ready = Channel.CreateUnbounded<Guid>();
    private readonly HashSet<Guid> waiting = [];
    private readonly HashSet<Guid> inWork = [];
    private readonly HashSet<Guid> again = [];
    private readonly Dictionary<Guid, (long Due, ITimer Timer)> later = [];
    private bool isDisposed;

    /// <summary>Endpoints that wait now; those that are in work or wait for a later time do not count.</summary>
    public int Waiting
    {
        get
        {
            lock (gate)
            {
                return waiting.Count;
            }
        }
    }

    /// <summary>Asks for a look as soon as a worker is free.</summary>
    public void Enqueue(Guid endpointId)
    {
        lock (gate)
        {
            Cancel(endpointId);
            Add(endpointId);
        }
    }

    /// <summary>Asks for a look after a while; an earlier one that is asked for already stays.</summary>
    public void EnqueueAfter(Guid endpointId, TimeSpan delay)
    {
        lock (gate)
        {
            var due = time.GetTimestamp() + (long)(delay.TotalSeconds * time.TimestampFrequency);
            if (isDisposed || waiting.Contains(endpointId) || (later.TryGetValue(endpointId, out var earlier) && earlier.Due <= due))
            {
                return;
            }

            Cancel(endpointId);
            later[endpointId] = (due, time.CreateTimer(_ => Enqueue(endpointId), null, delay, Timeout.InfiniteTimeSpan));
        }
    }

    /// <summary>Waits for an endpoint whose turn it is; <see cref="Begin"/> must follow.</summary>
    public ValueTask<Guid> NextAsync(CancellationToken cancellation) => ready.Reader.ReadAsync(cancellation);

    /// <summary>Says that the look at an endpoint begins, so that what happens from now on needs another one; <see cref="Finish"/> must follow.</summary>
    public void Begin(Guid endpointId)
    {
        lock (gate)
        {
            waiting.Remove(endpointId);
            inWork.Add(endpointId);
        }
    }

    /// <summary>Says that the look at an endpoint is over.</summary>
    public void Finish(Guid endpointId)
    {
        lock (gate)
        {
            inWork.Remove(endpointId);
            if (again.Remove(endpointId))
            {
                Add(endpointId);
            }
        }
    }

    /// <summary>Stops all timers; nothing new is taken in.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            isDisposed = true;
            foreach (var (_, timer) in later.Values)
            {
                timer.Dispose();
            }

            later.Clear();
        }
    }

    private void Add(Guid endpointId)
    {
        if (isDisposed)
        {
            return;
        }

        if (inWork.Contains(endpointId))
        {
            again.Add(endpointId);
        }
        else if (waiting.Add(endpointId))
        {
            ready.Writer.TryWrite(endpointId);
        }
    }

    private void Cancel(Guid endpointId)
    {
        if (later.Remove(endpointId, out var entry))
        {
            entry.Timer.Dispose();
        }
    }
}
