using System.Globalization;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Scheduling;

/// <summary>
/// Finds out at loading whether a model's requests can be merged and what that brings: two rows together must give what
/// they give one by one, and the throughput of growing batches tells how many rows a run should have. Takes a second at most,
/// and less than a quarter of one for a model whose runs are short.
/// </summary>
internal sealed class BatchTrial(EngineRun run, IReadOnlyList<OrtTensorInfo> inputs, int[] outputs, BatchingOptions options, int instances, TimeProvider time)
{
    /// <summary>Most rows that are tried, unless the configuration allows fewer.</summary>
    private const int MostRows = 32;

    /// <summary>A batch size is worth its latency while it gives this much more than the one before.</summary>
    private const double Gain = 1.1;

    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(10);

    /// <summary>Slices of a size, of which the best counts: what else the machine does meanwhile only makes runs slower.</summary>
    private const int Turns = 3;

    /// <summary>Measuring ends after so many sizes in a row that were no better than the best one.</summary>
    private const int Patience = 2;

    /// <summary>Extents to try for dimensions that the model leaves open: some models need a few tokens, others an image.</summary>
    private static readonly int[] Extents = [8, 32, 64, 224, 1];

    private readonly long start = time.GetTimestamp();

    /// <summary>Decides for a model.</summary>
    /// <param name="run">Runs it.</param>
    /// <param name="inputs">Its inputs.</param>
    /// <param name="outputs">Those of its outputs that can be asked for.</param>
    /// <param name="indices">Their positions.</param>
    /// <param name="options">What the configuration wants.</param>
    /// <param name="instances">Runs at the same time.</param>
    /// <param name="time">Measures.</param>
    public static BatchPolicy Decide(
        EngineRun run, IReadOnlyList<OrtTensorInfo> inputs, IReadOnlyList<OrtTensorInfo> outputs, int[] indices, BatchingOptions options, int instances, TimeProvider time)
    {
        if (inputs.Count == 0 || inputs.Concat(outputs).Any(t => t.Shape is not [< 0, ..]))
        {
            return BatchPolicy.Off("The first dimension of an input or output is fixed, so it cannot count rows.");
        }

        if (inputs.Concat(outputs).Any(t => t.ElementType.Size() == 0))
        {
            return BatchPolicy.Off("An input or output holds strings, which are not merged.", hasRows: true);
        }

        if (options.Enabled == BatchingMode.Off || options.MaxBatchSize == 1)
        {
            return BatchPolicy.Off("The configuration switches it off.", hasRows: true);
        }

        try
        {
            return new BatchTrial(run, inputs, indices, options, instances, time).Decide();
        }
        catch (OrtException exception)
        {
            return BatchPolicy.Off($"A trial run failed ({exception.Code}).", hasRows: true);
        }
    }

    private BatchPolicy Decide()
    {
        if (FindExtent() is not { } extent)
        {
            return BatchPolicy.Off("No trial input was accepted.", hasRows: true);
        }

        var auto = options.Enabled == BatchingMode.Auto;
        if (auto && time.GetElapsedTime(start) > Budget / 2)
        {
            return BatchPolicy.Off("One run takes so long that trying would delay the start; 'on' merges all the same.", hasRows: true);
        }

        if (!BatchTrialCheck.GivesTheSameRows(rows => Once(rows, extent)))
        {
            return BatchPolicy.Off("Two rows together do not give what they give one by one.", hasRows: true);
        }

        if (!auto && options.MaxBatchSize > 0)
        {
            return On(options.MaxBatchSize, "The configuration says so; two rows together gave what they give one by one.");
        }

        var measured = Measure(extent);
        var best = measured.MaxBy(m => m.RowsPerSecond);
        var knee = measured.First(m => m.RowsPerSecond * Gain >= best.RowsPerSecond);
        var chosen = knee.Rows > 1 || auto ? knee : measured.Count > 1 ? measured[1..].MaxBy(m => m.RowsPerSecond) : (Rows: 2, RowsPerSecond: 0);
        var times = (chosen.RowsPerSecond / measured[0].RowsPerSecond).ToString("F1", CultureInfo.InvariantCulture);
        return chosen.Rows > 1
            ? On(chosen.Rows, $"Runs of {chosen.Rows} rows gave {times} times the rows per second of runs of one.")
            : BatchPolicy.Off("Runs of several rows gave no more rows per second than runs of one.", hasRows: true);
    }

    private BatchPolicy On(int maxBatchSize, string reason) => new()
    {
        HasRows = true,
        MaxBatchSize = maxBatchSize,
        PreferredBatchSizes = [.. options.PreferredBatchSizes.Where(size => size <= maxBatchSize).Distinct().Order()],
        MaxQueueDelay = TimeSpan.FromMilliseconds(Math.Ceiling(options.MaxQueueDelayMicroseconds / 1000.0)),
        Reason = reason,
    };

    /// <summary>The first extent that the model accepts; its run is also the one that warms the engine up.</summary>
    private int? FindExtent()
    {
        var isOpen = inputs.Any(i => i.Shape.AsSpan(1).ContainsAnyInRange(long.MinValue, -1));
        foreach (var extent in isOpen ? Extents : [1])
        {
            try
            {
                if (TrialInputs.BytesPerRow(inputs, extent) <= BatchShape.MaxBytes / 2)
                {
                    MergedRun.Dispose(Once([0], extent));
                    return extent;
                }
            }
            catch (OrtException)
            {
                // The next one may fit.
            }
        }

        return null;
    }

    private OrtTensor[] Once(ReadOnlySpan<int> rows, int extent)
    {
        var tensors = TrialInputs.Create(inputs, rows, extent);
        try
        {
            using var runOptions = OrtRunOptions.Create();
            return run(runOptions, tensors, outputs);
        }
        finally
        {
            MergedRun.Dispose(tensors);
        }
    }

    /// <summary>Measures growing batches until they bring nothing more or time is up.</summary>
    private List<(int Rows, double RowsPerSecond)> Measure(int extent)
    {
        var most = options.MaxBatchSize > 0 ? Math.Min(options.MaxBatchSize, MostRows) : MostRows;
        var measured = new List<(int Rows, double RowsPerSecond)>();
        for (var rows = 1; rows <= most && rows * TrialInputs.BytesPerRow(inputs, extent) <= BatchShape.MaxBytes; rows = rows < most ? Math.Min(rows * 2, most) : most + 1)
        {
            measured.Add((rows, BestRowsPerSecond(rows, extent)));
            if (measured.Count > Patience && measured[^(Patience + 1)..].MaxBy(m => m.RowsPerSecond) == measured[^(Patience + 1)])
            {
                break;
            }

            // A run of twice the rows takes at most about twice the time.
            var next = instances * 2.0 * rows / measured[^1].RowsPerSecond;
            if (time.GetElapsedTime(start).TotalSeconds + Math.Max(next, Slice.TotalSeconds) > Budget.TotalSeconds)
            {
                break;
            }
        }

        return measured;
    }

    private double BestRowsPerSecond(int rows, int extent)
    {
        var best = 0.0;
        var begin = time.GetTimestamp();
        for (var turn = 0; turn < Turns && time.GetElapsedTime(begin) < Slice * Turns; turn++)
        {
            best = Math.Max(best, RowsPerSecond(rows, extent));
        }

        return best;
    }

    /// <summary>What as many runs at the same time as requests will have give together: a batch that only uses the cores
    /// that single runs beside each other would use too gains nothing.</summary>
    private double RowsPerSecond(int rows, int extent)
    {
        var tensors = TrialInputs.Create(inputs, Enumerable.Range(0, rows).ToArray(), extent);
        try
        {
            var runs = 0;
            var begin = time.GetTimestamp();
            var others = Enumerable.Range(1, instances - 1)
                .Select(_ => Task.Factory.StartNew(RunForASlice, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))
                .ToArray();
            RunForASlice();
            Task.WaitAll(others);
            return runs * (double)rows / time.GetElapsedTime(begin).TotalSeconds;

            void RunForASlice()
            {
                using var runOptions = OrtRunOptions.Create();
                do
                {
                    MergedRun.Dispose(run(runOptions, tensors, outputs));
                    Interlocked.Increment(ref runs);
                }
                while (time.GetElapsedTime(begin) < Slice);
            }
        }
        finally
        {
            MergedRun.Dispose(tensors);
        }
    }
}
