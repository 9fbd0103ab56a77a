using Ops.Dashboard.Features.Targets.Kubernetes.Objects;

namespace Ops.Dashboard.Features.Targets.Kubernetes;

/// <summary>Reaches pods through the API server where the dashboard runs outside of their cluster: well enough for metrics and a try, not for traffic.</summary>
internal sealed class PodTransport(KubernetesTargetDriver driver) : IReplicaTransport
{
    /// <inheritdoc/>
    public bool Reaches(EndpointRef endpoint, ReplicaObservation replica) =>
        replica is { Address: null, Phase: ReplicaPhase.Ready or ReplicaPhase.Unready } && driver.ClusterOf(endpoint.Id) is { Problem: null };

    /// <inheritdoc/>
    public Task<HttpResponseMessage> SendAsync(EndpointRef endpoint, ReplicaObservation replica, HttpRequestMessage request, CancellationToken cancellation) =>
        driver.ClusterOf(endpoint.Id) is { } cluster
            ? cluster.SendToPodAsync(replica.Id, RevisionFiles.Port, request, cancellation)
            : throw new HttpRequestException($"{replica.Id} cannot be reached: its cluster is not connected.");
}
