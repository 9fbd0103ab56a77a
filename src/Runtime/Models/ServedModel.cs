using Ops.Runtime.Configuration;
using Ops.Runtime.Monitoring;
using Ops.Runtime.OnnxRuntime;
using Ops.Runtime.Processing;

namespace Ops.Runtime.Models;

/// <summary>One version that this process serves or is about to serve.</summary>
internal sealed class ServedModel(ModelOptions options, RunQueue queue, ModelMetrics metrics) : IDisposable
{
    private volatile ModelSignature? signature;
    private volatile string? error;

    /// <summary>What the configuration says about it.</summary>
    public ModelOptions Options { get; } = options;

    /// <summary>Name in the protocol's paths.</summary>
    public string Name => Options.Name;

    /// <summary>Version in the protocol's paths.</summary>
    public string Version => Options.Version;

    /// <summary>Gives requests their turn.</summary>
    public RunQueue Queue { get; } = queue;

    /// <summary>What is counted about it.</summary>
    public ModelMetrics Metrics { get; } = metrics;

    /// <summary>The loaded model; null while it loads or after it failed.</summary>
    public ModelSignature? Signature => signature;

    /// <summary>Why it cannot be served, in plain words; null unless loading failed.</summary>
    public string? Error => error;

    /// <summary>Puts the loaded session into service.</summary>
    /// <param name="session">The loaded model.</param>
    /// <param name="processing">What happens before and after it; null for nothing.</param>
    /// <exception cref="ModelLoadException">It cannot be served over the protocol, or the processing does not fit it.</exception>
    public void Serve(OrtSession session, ProcessingOptions? processing) => signature = new ModelSignature(session, processing);

    /// <summary>Records that it cannot be served.</summary>
    public void Fail(string reason) => error = reason;

    public void Dispose()
    {
        signature?.Session.Dispose();
        Queue.Dispose();
    }
}
