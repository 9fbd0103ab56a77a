using k8s.Models;
using Ops.Dashboard.Features.Monitoring.Prometheus;
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
    // The first that takes unhealthyPodEvictionPolicy of disruption budgets without being asked to.
    private const int OldestMinor = 27;

    /// <summary>Runs all checks.</summary>
    /// <param name="api">The cluster.</param>
    /// <param name="settings">What the target says.</param>
    /// <param name="prometheus">Asks the Prometheus that they name.</param>
    /// <param name="progress">Hears of each check as soon as it is done; or null.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<IReadOnlyList<ClusterCheck>> RunAsync(ClusterApi api, KubernetesTargetSettings settings, PrometheusClient prometheus, IProgress<ClusterCheck>? progress, CancellationToken cancellation)
    {
        List<ClusterCheck> done = [];
        try
        {
            var version = await api.VersionAsync(cancellation);
            Tell(new("Reach the cluster", true, $"It answers and is Kubernetes {version}."));
            if (IsTooOld(version))
            {
                Tell(new("Version", false, $"It is older than Kubernetes 1.{OldestMinor}, the oldest that knows all that is applied. Rollouts will be refused."));
            }

            Tell(await NamespaceAsync(api, settings.Namespace, cancellation));
            var rules = await api.RulesAsync(settings.Namespace, cancellation);
            foreach (var right in ClusterRights.InNamespace)
            {
                Tell(await RightsAsync(api, settings.Namespace, rules, right, cancellation));
            }

            Tell(await RoutesAsync(api, settings, rules, cancellation));
            foreach (var right in ClusterRights.OnCluster)
            {
                Tell(await RightsAsync(api, null, null, right, cancellation));
            }

            foreach (var secret in settings.PullSecrets)
            {
                Tell(await PullSecret.CheckAsync(api, settings.Namespace, secret, cancellation));
            }

            if (settings.Prometheus.Length > 0)
            {
                Tell(await PrometheusAsync(prometheus, settings, cancellation));
            }
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

    // Such as v1.26.15-eks-1234. Who names it otherwise may know all the same.
    private static bool IsTooOld(string version) =>
        version.TrimStart('v').Split('.', 3) is [var major, var minor, ..] && int.TryParse(major, out var one) && int.TryParse(minor, out var two) && (one, two).CompareTo((1, OldestMinor)) < 0;

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

    private static async Task<ClusterCheck> PrometheusAsync(PrometheusClient prometheus, KubernetesTargetSettings settings, CancellationToken cancellation)
    {
        const string Name = "Prometheus";
        try
        {
            var found = await prometheus.NewestAsync(new(settings.Prometheus), $"ops_runtime_info{{namespace=\"{settings.Namespace}\",pod!=\"\"}}", cancellation);
            return new(Name, true, found.Count == 0
                ? $"It answers. It has no figures of pods in {settings.Namespace} yet: have it scrape them, with the labels namespace and pod."
                : $"It answers and has figures of {found.Select(s => s.Sample.Labels["pod"]).Distinct().Count()} pods in {settings.Namespace}.");
        }
        catch (Exception exception) when (exception is HttpRequestException or FormatException)
        {
            return new(Name, false, exception.Message);
        }
    }

    private static async Task<ClusterCheck> RoutesAsync(ClusterApi api, KubernetesTargetSettings settings, V1SubjectRulesReviewStatus rules, CancellationToken cancellation)
    {
        var right = ClusterRights.Routes;
        var isWanted = settings.Gateway.Length > 0;
        if (!await api.ServesAsync(ClusterKind.Of<HttpRoute>(), cancellation))
        {
            return new(right.Name, false, "The cluster has no Gateway API (gateway.networking.k8s.io/v1). Canaries share requests by their replicas.", !isWanted);
        }

        return await RightsAsync(api, settings.Namespace, rules, isWanted ? right with { Without = null } : right, cancellation);
    }

    private static async Task<ClusterCheck> RightsAsync(ClusterApi api, string? space, V1SubjectRulesReviewStatus? rules, ClusterRight right, CancellationToken cancellation)
    {
        List<string> lacking = [];
        foreach (var verb in right.Verbs)
        {
            // Rules leave out what other authorizers than RBAC allow, so whatever is not among them is asked for by itself.
            if (!Allows(rules, right, verb) && !await api.MayAsync(space, right.Group, right.Resource, verb, cancellation))
            {
                lacking.Add(verb);
            }
        }

        var had = string.Join(", ", right.Verbs.Except(lacking));
        return lacking.Count == 0
            ? new(right.Name, true, $"May {had}.", right.Without is not null)
            : new(right.Name, false, $"May not {string.Join(", ", lacking)} {right.Resource}{(had.Length > 0 ? $" (may {had})" : "")}. {right.Without ?? "Give the account the role that this page shows."}", right.Without is not null);
    }

    private static bool Allows(V1SubjectRulesReviewStatus? rules, ClusterRight right, string verb) => rules?.ResourceRules?.Any(rule =>
        rule.ResourceNames is not { Count: > 0 } && Has(rule.Verbs, verb) && Has(rule.ApiGroups, right.Group) && Has(rule.Resources, right.Resource)) == true;

    private static bool Has(IList<string>? list, string text) => list?.Any(t => t == "*" || t == text) == true;
}
