namespace Ops.Dashboard.Features.Targets.Kubernetes.Apply;

/// <summary>The right to change one cluster: this process is the one that acts, and the cluster agrees.</summary>
internal sealed class ClusterTurn(ITurn turn, IClusterLease lease) : ITurn
{
    /// <inheritdoc/>
    public bool IsHeld => turn.IsHeld && lease.IsHeld;

    /// <inheritdoc/>
    public string Holder => turn.Holder;
}
