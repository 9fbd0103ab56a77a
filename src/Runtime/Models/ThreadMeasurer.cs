using System.Diagnostics;
using Ops.Runtime.OnnxRuntime;
using Ops.Runtime.Scheduling;

namespace Ops.Runtime.Models;

/// <summary>Measures a model with its warm-up's inputs, for less than 200 ms when runs are short, and for some fifteen long ones otherwise.</summary>
/// <param name="one">The model on one thread.</param>
/// <param name="shared">The same on the shared threads.</param>
/// <param name="inputs">What to run.</param>
/// <param name="outputs">Which outputs to compute.</param>
/// <param name="atATime">Runs at the same time.</param>
internal sealed class ThreadMeasurer(OrtSession one, OrtSession shared, OrtTensor[] inputs, int[] outputs, int atATime) : RunThreading.IMeasurer
{
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(20);

    /// <summary>Slices of either kind, in turn: what else the machine does then disturbs both, and the best one counts.</summary>
    private const int Turns = 3;

    private const int LeastRuns = 3;

    private const int LeastRunsInSlice = 2;

    public TimeSpan RunAlone(bool oneThread)
    {
        var session = oneThread ? one : shared;
        using var options = OrtRunOptions.Create();
        var best = TimeSpan.MaxValue;
        var begin = Stopwatch.GetTimestamp();
        for (var runs = 0; runs < LeastRuns || (Stopwatch.GetElapsedTime(begin) < Slice && best < RunThreading.Long); runs++)
        {
            var start = Stopwatch.GetTimestamp();
            MergedRun.Dispose(session.Run(options, inputs, outputs));
            var took = Stopwatch.GetElapsedTime(start);
            best = took < best ? took : best;
        }

        return best;
    }

    public (double OneThread, double Shared) Throughput()
    {
        var (bestOne, bestShared) = (0.0, 0.0);
        // A first run takes its working memory from the system; the shared session has had its warm-up.
        WarmUp.RunOnce(one, inputs, outputs, CancellationToken.None);
        for (var turn = 0; turn < Turns; turn++)
        {
            bestOne = Math.Max(bestOne, RunsPerSecond(one));
            bestShared = Math.Max(bestShared, RunsPerSecond(shared));
        }

        return (bestOne, bestShared);
    }

    private double RunsPerSecond(OrtSession session)
    {
        var runs = 0L;
        var begin = Stopwatch.GetTimestamp();
        var callers = Enumerable.Range(0, atATime)
            .Select(_ => Task.Factory.StartNew(RunForASlice, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))
            .ToArray();
        Task.WaitAll(callers);
        return runs / Stopwatch.GetElapsedTime(begin).TotalSeconds;

        void RunForASlice()
        {
            using var options = OrtRunOptions.Create();
            for (var own = 0; own < LeastRunsInSlice || Stopwatch.GetElapsedTime(begin) < Slice; own++)
            {
                MergedRun.Dispose(session.Run(options, inputs, outputs));
                Interlocked.Increment(ref runs);
            }
        }
    }
}
