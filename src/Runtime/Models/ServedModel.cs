using Ops.Runtime.Configuration;
using Ops.Runtime.Monitoring;
using Ops.Runtime.OnnxRuntime;

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

    /// <summary>Who runs it now.</summary>
    public UseCount Uses { get; } = new();

    /// <summary>The loaded model; null while it loads or after it failed.</summary>
    public ModelSignature? Signature => signature;

    /// <summary>Why it cannot be served, in plain words; null unless loading failed.</summary>
    public string? Error => error;

    /// <summary>Puts the loaded session into service.</summary>
    public void Serve(OrtSession session) => signature = new ModelSignature(session);

    /// <summary>Records that it cannot be served.</summary>
    public void Fail(string reason) => error = reason;

    public void Dispose()
    {
        signature?.Session.Dispose();
        Queue.Dispose();
    }
}
