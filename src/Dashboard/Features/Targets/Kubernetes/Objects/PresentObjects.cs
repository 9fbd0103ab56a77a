using k8s;
using k8s.Models;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Objects;

/// <summary>What endpoints have in their cluster now.</summary>
internal static class PresentObjects
{
    /// <summary>All objects that were made for an endpoint. What the cluster makes of them carries our labels too, but has an owner: it goes with that.</summary>
    public static IEnumerable<IKubernetesObject<V1ObjectMeta>> Of(ICluster cluster, Guid endpointId) => All(cluster).Where(o => ObjectLabels.EndpointOf(o.Metadata) == endpointId);

    /// <summary>All objects that were made for endpoints, whether or not the registry knows them.</summary>
    public static IEnumerable<IKubernetesObject<V1ObjectMeta>> All(ICluster cluster) =>
        ((IEnumerable<IKubernetesObject<V1ObjectMeta>>)[
            .. cluster.All<HttpRoute>(), .. cluster.All<V2HorizontalPodAutoscaler>(), .. cluster.All<V1Deployment>(), .. cluster.All<V1Service>(), .. cluster.All<V1Secret>(), .. cluster.All<V1ConfigMap>(),
            .. cluster.All<V1PodDisruptionBudget>(), .. cluster.All<V1NetworkPolicy>(), .. cluster.All<V1ServiceAccount>(),
        ]).Where(o => ObjectLabels.EndpointOf(o.Metadata) is not null && o.Metadata.OwnerReferences is not { Count: > 0 });
}
