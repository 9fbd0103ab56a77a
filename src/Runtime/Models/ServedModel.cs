using Ops.Runtime.Configuration;
using Ops.Runtime.Monitoring;
using Ops.Runtime.OnnxRuntime;
using Ops.Runtime.Processing;
using Ops.Runtime.Scheduling;

namespace Ops.Runtime.Models;

/// <summary>One version that this process serves or is about to serve.</summary>
internal sealed class ServedModel(ModelOptions options, ModelScheduler scheduler, ModelMetrics metrics) : IDisposable
{
    private volatile ModelSignature? signature;
    private volatile string? error;

    /// <summary>What the configuration says about it.</summary>
    public ModelOptions Options { get; } = options;

    /// <summary>Name in the protocol's paths.</summary>
    public string Name => Options.Name;

    /// <summary>Version in the protocol's paths.</summary>
    public string Version => Options.Version;

    /// <summary>Runs requests when their turn comes.</summary>
    public ModelScheduler Scheduler { get; } = scheduler;

    /// <summary>What is counted about it.</summary>
    public ModelMetrics Metrics { get; } = metrics;

    /// <summary>Who runs it now.</summary>
    public UseCount Uses { get; } = new();

    /// <summary>The loaded model; null while it loads or after it failed.</summary>
    public ModelSignature? Signature => signature;

    /// <summary>What runs it; null until it is loaded.</summary>
    public RunSessions? Sessions { get; private set; }

    /// <summary>On how many threads its runs compute; null until it is loaded.</summary>
    public RunThreading? Threading { get; private set; }

    /// <summary>Why it cannot be served, in plain words; null unless loading failed.</summary>
    public string? Error => error;

    /// <summary>Puts the loaded model into service, after a trial of what requests can be merged.</summary>
    /// <param name="loaded">The loaded model; disposed with this once this call has returned.</param>
    /// <param name="processing">What happens before and after it; null for nothing.</param>
    /// <param name="threading">On how many threads its runs compute.</param>
    /// <param name="shapes">Per input, the shape that the configuration warms it up with.</param>
    /// <exception cref="ModelLoadException">It cannot be served over the protocol, or the processing does not fit it.</exception>
    public void Serve(RunSessions loaded, ProcessingOptions? processing, RunThreading threading, IReadOnlyDictionary<string, long[]> shapes)
    {
        Threading = threading;
        var offered = new ModelSignature(loaded.Main, processing);
        var computed = offered.SessionOutputs(offered.EveryOutput);
        var outputs = Array.ConvertAll(computed, i => loaded.Main.Outputs[i]);
        Scheduler.Open(
            loaded.Run,
            BatchTrial.Decide(loaded.Run, TrialInputs.Like(loaded.Main.Inputs, shapes), outputs, computed, Options.Batching, Scheduler.Settings.Instances, TimeProvider.System));
        Sessions = loaded;
        signature = offered;
    }

    /// <summary>Records that it cannot be served.</summary>
    public void Fail(string reason) => error = reason;

    public void Dispose()
    {
        Scheduler.Dispose();
        Sessions?.Dispose();
    }
}
