namespace Ops.Testing.Kubernetes;

/// <summary>The controllers, scheduler and kubelets behind a double.</summary>
internal sealed class SimulatedCluster(KubernetesDouble owner) : IDisposable
{
    /// <summary>Lets everything happen that is due.</summary>
    public void Settle() => _ = owner;

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
