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

    /// <summary>On how many threads its runs compute; null until it is loaded.</summary>
    public RunThreading? Threading { get; private set; }

    /// <summary>Why it cannot be served, in plain words; null unless loading failed.</summary>
    public string? Error => error;

    /// <summary>Puts the loaded session into service, after a trial of what requests can be merged.</summary>
    /// <param name="session">The loaded model.</param>
    /// <param name="processing">What happens before and after it; null for nothing.</param>
    /// <param name="threading">On how many threads its runs compute.</param>
    /// <param name="shapes">Per input, the shape that the configuration warms it up with.</param>
    /// <exception cref="ModelLoadException">It cannot be served over the protocol, or the processing does not fit it.</exception>
    public void Serve(OrtSession session, ProcessingOptions? processing, RunThreading threading, IReadOnlyDictionary<string, long[]> shapes)
    {
        Threading = threading;
        var loaded = new ModelSignature(session, processing);
        var computed = loaded.SessionOutputs(loaded.EveryOutput);
        var outputs = Array.ConvertAll(computed, i => session.Outputs[i]);
        Scheduler.Open(
            session.Run,
            BatchTrial.Decide(session.Run, TrialInputs.Like(session.Inputs, shapes), outputs, computed, Options.Batching, Scheduler.Settings.Instances, TimeProvider.System));
        signature = loaded;
    }

    /// <summary>Records that it cannot be served.</summary>
    public void Fail(string reason) => error = reason;

    public void Dispose()
    {
        Scheduler.Dispose();
        signature?.Session.Dispose();
    }
}
