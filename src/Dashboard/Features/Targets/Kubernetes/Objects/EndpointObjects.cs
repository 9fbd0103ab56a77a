using k8s.Models;
using Ops.Dashboard.Features.Targets.Local;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Objects;

/// <summary>The objects that an endpoint has once, whatever revisions it has.</summary>
internal static class EndpointObjects
{
    /// <summary>The port of Services.</summary>
    public const int ServicePort = 80;

    /// <summary>Whose name the pods go by. It may do nothing, and its token is not given to them.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="ns">The namespace.</param>
    /// <param name="pullSecrets">With which nodes sign in to registries. Pods get them from here as they are made, so that another choice restarts none that runs.</param>
    public static V1ServiceAccount ServiceAccount(EndpointRef endpoint, string ns, IReadOnlyList<string> pullSecrets)
    {
        var metadata = Metadata(endpoint, ns);
        metadata.Annotations = new Dictionary<string, string>(StringComparer.Ordinal) { [ObjectLabels.PullSecrets] = string.Join(',', pullSecrets) };
        return new()
        {
            ApiVersion = "v1",
            Kind = "ServiceAccount",
            Metadata = metadata,
            AutomountServiceAccountToken = false,
            ImagePullSecrets = pullSecrets.Count == 0 ? null : [.. pullSecrets.Select(s => new V1LocalObjectReference { Name = s })],
        };
    }

    /// <summary>The endpoint's address in the cluster.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="revisions">What is to run.</param>
    /// <param name="ns">The namespace.</param>
    public static V1Service Service(EndpointRef endpoint, IReadOnlyList<RevisionSpec> revisions, string ns) => new()
    {
        ApiVersion = "v1",
        Kind = "Service",
        Metadata = Metadata(endpoint, ns),
        Spec = ServiceSpec(Selector(endpoint, revisions)),
    };

    /// <summary>A drain of nodes takes one replica at a time, and none that is broken anyway holds it up.</summary>
    public static V1PodDisruptionBudget DisruptionBudget(EndpointRef endpoint, string ns) => new()
    {
        ApiVersion = "policy/v1",
        Kind = "PodDisruptionBudget",
        Metadata = Metadata(endpoint, ns),
        Spec = new() { MaxUnavailable = 1, UnhealthyPodEvictionPolicy = "AlwaysAllow", Selector = new() { MatchLabels = ObjectLabels.PodsOf(endpoint) } },
    };

    /// <summary>In: only to the server's port. Out: only to name servers and to where the files are.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="sources">Files of the revisions; their addresses say what leads to the store.</param>
    /// <param name="ns">The namespace.</param>
    public static V1NetworkPolicy NetworkPolicy(EndpointRef endpoint, IEnumerable<VersionSource> sources, string ns) => new()
    {
        ApiVersion = "networking.k8s.io/v1",
        Kind = "NetworkPolicy",
        Metadata = Metadata(endpoint, ns),
        Spec = new()
        {
            PodSelector = new() { MatchLabels = ObjectLabels.PodsOf(endpoint) },
            PolicyTypes = ["Ingress", "Egress"],
            Ingress = [new() { Ports = [new() { Protocol = "TCP", Port = RevisionFiles.Port }] }],
            Egress = FetchEgress.Rules(sources, ns),
        },
    };

    /// <summary>What a Service of these pods is.</summary>
    internal static V1ServiceSpec ServiceSpec(Dictionary<string, string> selector) => new()
    {
        Type = "ClusterIP",
        Selector = selector,
        Ports = [new() { Name = PodTemplate.PortName, Port = ServicePort, TargetPort = PodTemplate.PortName, Protocol = "TCP" }],
    };

    internal static V1ObjectMeta Metadata(EndpointRef endpoint, string ns) => new() { Name = ObjectNames.Of(endpoint), NamespaceProperty = ns, Labels = ObjectLabels.Of(endpoint) };

    // Unready pods get nothing from a Service. A revision that must get nothing though it is ready (a preview, a shadow) is kept out by naming another.
    private static Dictionary<string, string> Selector(EndpointRef endpoint, IReadOnlyList<RevisionSpec> revisions)
    {
        var serving = revisions.Where(r => r.Weight != 0).OrderByDescending(r => r.Weight ?? 0).ThenByDescending(r => r.Replicas).ThenBy(r => r.PlanId).ToList();

        // One that is no longer named may have pods still that answer, such as a canary that failed.
        return serving.Count == 0 || (serving.Count > 1 && serving.Count == revisions.Count) ? ObjectLabels.PodsOf(endpoint) : ObjectLabels.PodsOf(endpoint, serving[0].PlanId);
    }
}
