using System.Globalization;

namespace Ops.Runtime.Models;

/// <summary>Which threads compute a run.</summary>
internal enum RunThreadUse
{
    /// <summary>Those that all models share.</summary>
    Shared,

    /// <summary>The one that calls it, and no other.</summary>
    One,

    /// <summary>The shared ones while the model has fewer runs at a time than there are threads, else one each. Takes two
    /// sessions.</summary>
    Adaptive,
}

/// <summary>On how many threads the runs of a version compute.</summary>
/// <param name="Use">Which ones.</param>
/// <param name="Reason">Why, in plain words, for the model's metadata.</param>
internal sealed record RunThreading(RunThreadUse Use, string Reason)
{
    /// <summary>Runs this long gain from further threads what a request would notice.</summary>
    public static readonly TimeSpan Long = TimeSpan.FromMilliseconds(2);

    /// <summary>Runs that may take longer than this on one thread are not tried on one: it would delay the start.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(250);

    /// <summary>What a single request may lose for the sake of all together.</summary>
    public static readonly TimeSpan MostAdded = TimeSpan.FromMilliseconds(0.2);

    /// <summary>What one thread each must gain to be taken for every run.</summary>
    private const double Gain = 1.1;

    /// <summary>What it must give to be taken beside the shared threads. That harms no single run, and a short trial is unfair
    /// to it: of a few long runs the last one computes alone, on one thread of many. Under a lasting load a ResNet-18 gained a
    /// tenth where trials said anything from 0.95 to 1.2.</summary>
    private const double GainBeside = 0.9;

    /// <summary>Measures runs of a model.</summary>
    internal interface IMeasurer
    {
        /// <summary>How long a run takes that has the processor for itself.</summary>
        TimeSpan RunAlone(bool oneThread);

        /// <summary>Runs a second of as many at a time as requests will have, with one thread each and with the shared ones.</summary>
        (double OneThread, double Shared) Throughput();
    }

    /// <summary>Uses the shared threads.</summary>
    public static RunThreading Shared(string reason) => new(RunThreadUse.Shared, reason);

    /// <summary>
    /// Decides by measuring. To hand a part of a small run to another thread takes longer than the part; a long run is over
    /// sooner on many threads, but while as many others go on, sharing only costs.
    /// </summary>
    /// <param name="measurer">Measures the model.</param>
    /// <param name="threads">How many are shared.</param>
    public static RunThreading Decide(IMeasurer measurer, int threads)
    {
        var shared = measurer.RunAlone(oneThread: false);
        if (shared * threads > Longest)
        {
            return Shared("A run takes so long that trying it on one thread would delay the start.");
        }

        var isAloneBetterShared = shared > Long || measurer.RunAlone(oneThread: true) - shared > MostAdded;
        var (one, all) = measurer.Throughput();
        var gave = $"gave {(one / all).ToString("F1", CultureInfo.InvariantCulture)} times the runs per second of runs on the shared threads";
        return (one >= all * (isAloneBetterShared ? GainBeside : Gain), isAloneBetterShared) switch
        {
            (false, _) => Shared($"Runs at the same time on one thread each {gave}."),
            (true, false) => new RunThreading(RunThreadUse.One, $"Runs at the same time on one thread each {gave}."),
            (true, true) => new RunThreading(RunThreadUse.Adaptive, $"Runs at the same time on one thread each {gave}; a single run is over sooner on all of them."),
        };
    }
}
