namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>One right that a target's account needs or may have.</summary>
/// <param name="Name">What it is about, in a few words for people.</param>
/// <param name="Group">The API group; empty for the core.</param>
/// <param name="Resource">The resource, with its part after a slash where only that is meant.</param>
/// <param name="Verbs">What has to be allowed.</param>
/// <param name="Without">What is not possible without it; null when rollouts need it.</param>
internal sealed record ClusterRight(string Name, string Group, string Resource, IReadOnlyList<string> Verbs, string? Without = null);

/// <summary>Every right that the dashboard uses in a cluster: what the test of a connection looks for, and what <see cref="RbacManifest"/> gives.</summary>
internal static class ClusterRights
{
    private static readonly string[] Read = ["get", "list", "watch"];
    private static readonly string[] Write = [.. Read, "create", "patch", "delete"];

    /// <summary>Requests are shared by weight through these, where the cluster has them.</summary>
    public static ClusterRight Routes { get; } = new("HTTP routes", "gateway.networking.k8s.io", "httproutes", Write, "Without them and a gateway, canaries share requests by their replicas.");

    /// <summary>In the target's namespace.</summary>
    public static IReadOnlyList<ClusterRight> InNamespace { get; } =
    [
        new("Deployments", "apps", "deployments", Write),
        new("Replica sets", "apps", "replicasets", Read),
        new("Pods", "", "pods", Read),
        new("Logs of pods", "", "pods/log", ["get"]),
        new("Services", "", "services", Write),
        new("Service accounts", "", "serviceaccounts", Write),
        new("Secrets", "", "secrets", Write),
        new("Config maps", "", "configmaps", Write),
        new("Events", "", "events", Read),
        new("Pod disruption budgets", "policy", "poddisruptionbudgets", Write),
        new("Network policies", "networking.k8s.io", "networkpolicies", Write),
        new("Leases", "coordination.k8s.io", "leases", [.. Read, "create", "update"], "Without them, nobody notices when two installations of Ops change the same namespace."),
        new("Requests to pods", "", "pods/proxy", ["get", "create"], "Without them, a dashboard outside of the cluster gets no figures of pods, and neither the playground nor requests to /serve reach them."),
        new("Autoscalers", "autoscaling", "horizontalpodautoscalers", Write, "Without them, the cluster cannot change the number of replicas by itself."),
    ];

    /// <summary>In the whole cluster; all optional.</summary>
    public static IReadOnlyList<ClusterRight> OnCluster { get; } =
    [
        new("Nodes", "", "nodes", Read, "Without them, nodes are not shown and plans cannot pick any by name."),
        new("Pods of all namespaces", "", "pods", ["list", "watch"], "Without them, what others take of nodes is not counted, so free GPUs may be too many."),
    ];
}
