using System.Diagnostics;

namespace Ops.Benchmarks.Runtime;

/// <summary>One worker of a load: does the same thing over and over on a thread of its own.</summary>
internal interface IWorker : IDisposable
{
    /// <returns>False when it failed.</returns>
    bool Once();
}

/// <summary>What a load did in its window.</summary>
/// <param name="Seconds">Length of the window.</param>
/// <param name="Done">Requests that were answered in it.</param>
/// <param name="Failed">Those of them that failed, in the warm-up too.</param>
/// <param name="P50">Median time of a request.</param>
/// <param name="P99">Time that 99 of 100 requests kept.</param>
internal sealed record LoadResult(double Seconds, long Done, long Failed, TimeSpan P50, TimeSpan P99)
{
    /// <summary>Requests a second.</summary>
    public double Throughput => Done / Seconds;
}

/// <summary>Keeps a number of workers busy, closed loop: each begins the next request when it has the answer to the last.</summary>
internal static class LoadRun
{
    private const int WarmingUp = 0;
    private const int Measuring = 1;
    private const int Done = 2;

    /// <param name="worker">Makes each worker, on its thread.</param>
    /// <param name="workers">How many.</param>
    /// <param name="warmUp">How long before the window; at least until every worker has done something.</param>
    /// <param name="window">How long the window lasts.</param>
    /// <param name="atEdge">Called at the beginning and at the end of the window.</param>
    public static async Task<LoadResult> RunAsync(Func<IWorker> worker, int workers, TimeSpan warmUp, TimeSpan window, Func<Task> atEdge)
    {
        var phase = WarmingUp;
        var failed = 0L;
        using var warm = new CountdownEvent(workers);
        var ends = new TaskCompletionSource[workers];
        var times = new List<long>[workers];
        for (var i = 0; i < workers; i++)
        {
            var (end, mine) = (new TaskCompletionSource(), new List<long>(1 << 16));
            (ends[i], times[i]) = (end, mine);
            new Thread(() =>
            {
                try
                {
                    using var self = worker();
                    for (var first = true; Volatile.Read(ref phase) != Done; first = false)
                    {
                        var start = Stopwatch.GetTimestamp();
                        if (!self.Once())
                        {
                            Interlocked.Increment(ref failed);
                        }

                        if (Volatile.Read(ref phase) == Measuring)
                        {
                            mine.Add(Stopwatch.GetTimestamp() - start);
                        }

                        if (first)
                        {
                            warm.Signal();
                        }
                    }

                    end.SetResult();
                }
#pragma warning disable CA1031 // Thrown again where the load is awaited.
                catch (Exception exception)
#pragma warning restore CA1031
                {
                    end.SetException(exception);
                    warm.Signal(warm.CurrentCount);
                }
            }) { IsBackground = true }.Start();
        }

        await Task.Delay(warmUp);
        await Task.Run(warm.Wait);
        await atEdge();
        var begun = Stopwatch.GetTimestamp();
        Volatile.Write(ref phase, Measuring);
        await Task.WhenAny(Task.WhenAll(ends.Select(e => e.Task)), Task.Delay(window));
        Volatile.Write(ref phase, Done);
        var seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        await atEdge();
        await Task.WhenAll(ends.Select(e => e.Task));
        var sorted = times.SelectMany(t => t).Order().ToArray();
        return new LoadResult(seconds, sorted.Length, failed, Percentile(sorted, 0.5), Percentile(sorted, 0.99));
    }

    private static TimeSpan Percentile(long[] sorted, double share) => sorted.Length == 0
        ? TimeSpan.Zero
        : Stopwatch.GetElapsedTime(0, sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)]);
}
