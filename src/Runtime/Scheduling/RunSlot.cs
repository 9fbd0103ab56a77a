using System.Diagnostics;
using System.Runtime.InteropServices;
using Ops.Runtime.Inference;
using Ops.Runtime.Monitoring;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Scheduling;

/// <summary>One of the runs that a model may have at the same time: the engine's part of the scheduler.</summary>
internal sealed class RunSlot(ModelScheduler scheduler, ModelMetrics metrics) : IThreadPoolWorkItem, IDisposable
{
    /// <summary>Up to this many outputs, a run keeps their positions on the stack.</summary>
    private const int OnStack = 32;

    private OrtRunOptions? options;

    /// <summary>What runs here together; empty for a request that never waited.</summary>
    public List<PendingRequest> Batch { get; } = [];

    /// <summary>Those of the current run whose clients are still there. Guarded by the scheduler's lock, like all that
    /// concerns stopping.</summary>
    public int Live { get; private set; }

    void IThreadPoolWorkItem.Execute() => scheduler.Work(this);

    /// <summary>The client of a request that never waited went away.</summary>
    public void AbortRun() => scheduler.AbortRun(this);

    /// <summary>One more client waits for the current run.</summary>
    public void Begin()
    {
        Live++;
        options ??= OrtRunOptions.Create();
    }

    /// <summary>One of the clients went away. Without any left, the run ends after its current operator.</summary>
    public void Leave()
    {
        if (--Live == 0)
        {
            Terminate();
        }
    }

    /// <summary>Ends the current run, if there is one, after its current operator.</summary>
    public void Terminate() => options?.Terminate();

    /// <summary>Makes the slot fit for its next run; no client of the last one can reach it any more.</summary>
    public void Renew()
    {
        Live = 0;
        if (options is { IsTerminated: true })
        {
            options.Dispose();
            options = null;
        }
    }

    /// <summary>Runs one request on its own tensors.</summary>
    /// <exception cref="OrtException">The run failed or was terminated.</exception>
    public InferResult RunAlone(EngineRun run, InferRequest request, long rows)
    {
        Span<int> indices = request.Outputs.Length <= OnStack ? stackalloc int[request.Outputs.Length] : new int[request.Outputs.Length];
        for (var i = 0; i < indices.Length; i++)
        {
            indices[i] = request.Outputs[i].Index;
        }

        var start = Stopwatch.GetTimestamp();
        var outputs = run(options!, request.Inputs, indices);
        var ran = Stopwatch.GetElapsedTime(start);
        scheduler.Pace.Observe(ran);
        metrics.RunDuration.Observe(ran);
        metrics.CountRun(rows);
        return new InferResult(outputs);
    }

    /// <summary>Runs the batch, merged when it is more than one request, and answers each.</summary>
    public void RunBatch(EngineRun run)
    {
        if (Batch.Count == 1 || !TryRunMerged(run))
        {
            foreach (var pending in Batch)
            {
                RunOne(run, pending);
            }
        }

        Batch.Clear();
    }

#pragma warning disable CA1031 // Whatever goes wrong is the answer of the request; here it would end the process.
    private void RunOne(EngineRun run, PendingRequest pending)
    {
        InferResult? result = null;
        var failure = scheduler.Begin(this, new ReadOnlySpan<PendingRequest>(in pending));
        if (failure is null)
        {
            try
            {
                using var span = RuntimeTracing.Start("run", pending.Trace);
                result = RunAlone(run, pending.Request, Math.Max(pending.Shape.Rows, 1));
            }
            catch (Exception exception)
            {
                failure = exception;
            }

            scheduler.End(this, new ReadOnlySpan<PendingRequest>(in pending));
        }

        if (result is not null)
        {
            pending.Complete(result);
        }
        else if (pending.IsAborted)
        {
            pending.FailAborted();
        }
        else
        {
            pending.Fail(scheduler.Explain(failure!));
        }
    }

    /// <returns>False when nobody was answered: then each has to run alone.</returns>
    private bool TryRunMerged(EngineRun run)
    {
        var batch = CollectionsMarshal.AsSpan(Batch);
        if (scheduler.Begin(this, batch) is not null)
        {
            return false;
        }

        OrtTensor[] outputs;
        int[] indices;
        var rows = 0L;
        foreach (var pending in batch)
        {
            rows += pending.Shape.Rows;
        }

        try
        {
            outputs = Run(run, rows, out indices);
        }
        catch (Exception exception)
        {
            var wasEnded = options is { IsTerminated: true };
            scheduler.End(this, batch);
            if (!wasEnded)
            {
                scheduler.ReportFailedMerge(batch.Length, exception);
            }

            return false;
        }

        scheduler.End(this, batch);
        if (!MergedRun.HasRows(outputs, rows))
        {
            MergedRun.Dispose(outputs);
            scheduler.GiveUpMerging("An output of a merged run did not have a row per row of the inputs.");
            return false;
        }

        Share(outputs, indices, rows);
        return true;
    }
#pragma warning restore CA1031

    private OrtTensor[] Run(EngineRun run, long rows, out int[] indices)
    {
        var start = Stopwatch.GetTimestamp();
        indices = MergedRun.Outputs(Batch);
        var inputs = MergedRun.Inputs(Batch, rows);
        try
        {
            var merged = Stopwatch.GetTimestamp();
            var outputs = run(options!, inputs, indices);
            var ran = Stopwatch.GetElapsedTime(merged);
            scheduler.Pace.Observe(ran);
            metrics.CountMerge(Stopwatch.GetElapsedTime(start, merged), Batch.Count);
            foreach (var pending in Batch)
            {
                metrics.RunDuration.Observe(ran);
                RuntimeTracing.Record("run", pending.Trace, ran);
            }

            return outputs;
        }
        finally
        {
            MergedRun.Dispose(inputs);
        }
    }

    /// <summary>Gives each request its rows.</summary>
    private void Share(OrtTensor[] outputs, int[] indices, long rows)
    {
        metrics.CountRun(rows);
        var owner = new SharedTensors(outputs, Batch.Count);
        var row = 0L;
        foreach (var pending in Batch)
        {
            var views = MergedRun.Views(pending.Request, outputs, indices, row, pending.Shape.Rows);
            row += pending.Shape.Rows;
            pending.Complete(new InferResult(views, owner));
        }
    }

    public void Dispose() => options?.Dispose();
}
