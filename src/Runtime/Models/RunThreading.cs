using System.Globalization;

namespace Ops.Runtime.Models;

/// <summary>On how many threads the runs of a version compute.</summary>
/// <param name="OneThread">Each run on the thread that calls it, and on no other; otherwise with the threads that all models
/// share.</param>
/// <param name="Reason">Why, in plain words, for the model's metadata.</param>
internal sealed record RunThreading(bool OneThread, string Reason)
{
    /// <summary>Runs this long gain from further threads what a request would notice.</summary>
    public static readonly TimeSpan Long = TimeSpan.FromMilliseconds(2);

    /// <summary>What a single request may lose for the sake of all together.</summary>
    public static readonly TimeSpan MostAdded = TimeSpan.FromMilliseconds(0.2);

    private const double Gain = 1.1;

    /// <summary>Measures runs of a model.</summary>
    internal interface IMeasurer
    {
        /// <summary>How long a run takes that has the processor for itself.</summary>
        TimeSpan RunAlone(bool oneThread);

        /// <summary>Runs a second of as many at a time as requests will have, with one thread each and with the shared ones.</summary>
        (double OneThread, double Shared) Throughput();
    }

    /// <summary>Uses the shared threads.</summary>
    public static RunThreading Shared(string reason) => new(false, reason);

    /// <summary>Decides by measuring. To hand a part of a small run to another thread takes longer than the part.</summary>
    public static RunThreading Decide(IMeasurer measurer)
    {
        var shared = measurer.RunAlone(oneThread: false);
        if (shared > Long)
        {
            return Shared("A run takes long enough for several threads to pay.");
        }

        if (measurer.RunAlone(oneThread: true) - shared > MostAdded)
        {
            return Shared("On one thread a single run would take noticeably longer.");
        }

        var (one, all) = measurer.Throughput();
        var times = (one / all).ToString("F1", CultureInfo.InvariantCulture);
        return one >= all * Gain
            ? new RunThreading(true, $"Runs on one thread each gave {times} times the runs per second of runs on the shared threads.")
            : Shared($"Runs on one thread each gave only {times} times the runs per second of runs on the shared threads.");
    }
}
