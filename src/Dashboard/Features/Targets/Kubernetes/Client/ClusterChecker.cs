using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>One thing that was asked of a cluster.</summary>
/// <param name="Name">What, in a few words, such as <c>Deployments</c>.</param>
/// <param name="Passed">Whether it works; null when it was not tried, which the message explains.</param>
/// <param name="Message">What was seen, and where it lacks what to do about it. Never a secret.</param>
/// <param name="IsOptional">Whether rollouts work without it.</param>
public sealed record ClusterCheck(string Name, bool? Passed, string Message, bool IsOptional = false);

/// <summary>Tries a connection and lists each right that a target needs, as had or lacking. Changes nothing in the cluster.</summary>
internal static class ClusterChecker
{
    private static readonly string[] Read = ["get", "list", "watch"];
    private static readonly string[] Write = [.. Read, "create", "patch", "delete"];
    private static readonly Need[] Needs =
    [
        new("Deployments", "apps", "deployments", Write),
        new("Replica sets", "apps", "replicasets", Read),
        new("Pods", "", "pods", [.. Read, "delete"]),
        new("Logs of pods", "", "pods/log", ["get"]),
        new("Services", "", "services", Write),
        new("Service accounts", "", "serviceaccounts", Write),
        new("Secrets", "", "secrets", Write),
        new("Config maps", "", "configmaps", Write),
        new("Events", "", "events", Read),
        new("Pod disruption budgets", "policy", "poddisruptionbudgets", Write),
        new("Network policies", "networking.k8s.io", "networkpolicies", Write),
        new("Leases", "coordination.k8s.io", "leases", ["get", "create", "update"], "Without them, dashboards agree on who acts through the registry."),
        new("Requests to pods", "", "pods/proxy", ["get", "create"], "Without them, figures and the playground need a dashboard inside the cluster, or Prometheus."),
        new("Autoscalers", "autoscaling", "horizontalpodautoscalers", Write, "Without them, the cluster cannot change the number of replicas by itself."),
    ];

    /// <summary>Runs all checks.</summary>
    /// <param name="api">The cluster.</param>
    /// <param name="settings">What the target says.</param>
    /// <param name="progress">Hears of each check as soon as it is done; or null.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<IReadOnlyList<ClusterCheck>> RunAsync(ClusterApi api, KubernetesTargetSettings settings, IProgress<ClusterCheck>? progress, CancellationToken cancellation)
    {
        List<ClusterCheck> done = [];
        try
        {
            Tell(new("Reach the cluster", true, $"It answers and is Kubernetes {await api.VersionAsync(cancellation)}."));
            Tell(await NamespaceAsync(api, settings.Namespace, cancellation));
            var rules = await api.RulesAsync(settings.Namespace, cancellation);
            foreach (var need in Needs)
            {
                Tell(await RightsAsync(api, settings.Namespace, rules, need, cancellation));
            }

            Tell(await RoutesAsync(api, settings, rules, cancellation));
            Tell(await RightsAsync(api, null, null, new("Nodes", "", "nodes", Read, "Without them, nodes are not shown and plans cannot pick any by name."), cancellation));
            Tell(await RightsAsync(api, null, null, new("Pods of all namespaces", "", "pods", ["list", "watch"], "Without them, what others take of nodes is not counted, so free GPUs may be too many."), cancellation));
        }
        catch (ClusterException exception)
        {
            Tell(new(done.Count == 0 ? "Reach the cluster" : "Go on", false, exception.Message));
        }

        return done;

        void Tell(ClusterCheck check)
        {
            done.Add(check);
            progress?.Report(check);
        }
    }

    private static async Task<ClusterCheck> NamespaceAsync(ClusterApi api, string space, CancellationToken cancellation)
    {
        const string Name = "Namespace";
        try
        {
            return await api.FindAsync<V1Namespace>(null, space, cancellation) switch
            {
                null => new(Name, false, $"There is no namespace {space}. Make it with: kubectl create namespace {space}"),
                { Metadata.DeletionTimestamp: not null } => new(Name, false, $"The namespace {space} is being deleted."),
                _ => new(Name, true, $"{space} is there."),
            };
        }
        catch (ClusterException exception) when (exception.Problem == ClusterProblem.Forbidden)
        {
            return new(Name, null, $"Whether {space} is there cannot be seen: the account may not read namespaces, and need not.", true);
        }
    }

    private static async Task<ClusterCheck> RoutesAsync(ClusterApi api, KubernetesTargetSettings settings, V1SubjectRulesReviewStatus rules, CancellationToken cancellation)
    {
        const string Name = "HTTP routes";
        var kind = ClusterKind.Of<HttpRoute>();
        var isWanted = settings.Gateway.Length > 0;
        if (!await api.ServesAsync(kind, cancellation))
        {
            return new(Name, false, "The cluster has no Gateway API (gateway.networking.k8s.io/v1). Canaries share requests by their replicas.", !isWanted);
        }

        var without = isWanted ? null : "Without them and a gateway, canaries share requests by their replicas.";
        return await RightsAsync(api, settings.Namespace, rules, new(Name, kind.Group, kind.Plural, Write, without), cancellation);
    }

    private static async Task<ClusterCheck> RightsAsync(ClusterApi api, string? space, V1SubjectRulesReviewStatus? rules, Need need, CancellationToken cancellation)
    {
        List<string> lacking = [];
        foreach (var verb in need.Verbs)
        {
            // Rules leave out what other authorizers than RBAC allow, so whatever is not among them is asked for by itself.
            if (!Allows(rules, need, verb) && !await api.MayAsync(space, need.Group, need.Resource, verb, cancellation))
            {
                lacking.Add(verb);
            }
        }

        var had = string.Join(", ", need.Verbs.Except(lacking));
        return lacking.Count == 0
            ? new(need.Name, true, $"May {had}.", need.Without is not null)
            : new(need.Name, false, $"May not {string.Join(", ", lacking)} {need.Resource}{(had.Length > 0 ? $" (may {had})" : "")}. {need.Without ?? "Give the account the role that this page shows."}", need.Without is not null);
    }

    private static bool Allows(V1SubjectRulesReviewStatus? rules, Need need, string verb) => rules?.ResourceRules?.Any(rule =>
        rule.ResourceNames is not { Count: > 0 } && Has(rule.Verbs, verb) && Has(rule.ApiGroups, need.Group) && Has(rule.Resources, need.Resource)) == true;

    private static bool Has(IList<string>? list, string text) => list?.Any(t => t == "*" || t == text) == true;

    private sealed record Need(string Name, string Group, string Resource, string[] Verbs, string? Without = null);
}
