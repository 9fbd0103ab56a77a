using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Explain;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Objects;

/// <summary>Whether a gateway does as a route says. A route that is there shares nothing by itself. Pure.</summary>
internal static class RouteAcceptance
{
    private static readonly string[] Required = ["Accepted", "ResolvedRefs"];

    /// <summary>Why the shares of a route are not in force, as the rest of a sentence; null when they are.</summary>
    /// <param name="wanted">The route with these shares.</param>
    /// <param name="seen">As it is in the cluster, or null when it is not there.</param>
    public static string? WhyNotInForce(HttpRoute wanted, HttpRoute? seen) =>
        seen is null ? "its route is not there yet"
        : !SharesOf(seen).SequenceEqual(SharesOf(wanted)) ? $"{GatewayOf(wanted)} has not been given them yet"
        : ProblemOf(seen) is { } problem ? problem
        : Conditions(seen).Any(parent => Required.All(type => Find(parent, type)?.ObservedGeneration == seen.Metadata.Generation)) ? null
        : $"{GatewayOf(seen)} has not taken up the newest ones yet";

    /// <summary>Why a gateway does not do as a route says, whatever its shares are now, as the rest of a sentence; null when it does.</summary>
    public static string? ProblemOf(HttpRoute seen)
    {
        var parents = Conditions(seen).ToList();
        return parents.Count == 0
            ? $"{GatewayOf(seen)} has not answered to its route"
            : parents.Select(parent => RefusalIn(seen, parent)).FirstOrDefault(r => r is null, RefusalIn(seen, parents[0]));
    }

    /// <summary>Why a gateway refuses a route, in so many words; null when it does not, or has not said anything.</summary>
    public static string? RefusalOf(HttpRoute seen) => Conditions(seen).Any() ? ProblemOf(seen) : null;

    private static string? RefusalIn(HttpRoute seen, IReadOnlyList<V1Condition> parent) =>
        Find(parent, Required[0]) is not { Status: "True" } ? $"{GatewayOf(seen)} does not accept its route{Said(Find(parent, Required[0]))}"
        : Find(parent, Required[1]) is not { Status: "True" } ? $"{GatewayOf(seen)} cannot lead its route to its Services{Said(Find(parent, Required[1]))}"
        : null;

    private static string Said(V1Condition? condition) => condition is null ? "" : $" ({ContainerWords.Sentence($"{condition.Reason}: {condition.Message}").TrimEnd('.')})";

    private static V1Condition? Find(IReadOnlyList<V1Condition> conditions, string type) => conditions.FirstOrDefault(c => c.Type == type);

    // Of the one gateway that our routes hang on; others may have written there, too.
    private static IEnumerable<IReadOnlyList<V1Condition>> Conditions(HttpRoute seen) =>
        seen.Spec.ParentRefs is not [var ours, ..] ? []
        : (seen.Status?.Parents ?? []).Where(p => p.ParentRef.Name == ours.Name && (p.ParentRef.NamespaceName ?? seen.Metadata.NamespaceProperty) == (ours.NamespaceName ?? seen.Metadata.NamespaceProperty)).Select(p => p.Conditions);

    private static string GatewayOf(HttpRoute route) => $"the gateway {(route.Spec.ParentRefs is [var ours, ..] ? ours.Name : "")}";

    private static IEnumerable<(string Service, int Weight)> SharesOf(HttpRoute route) => route.Spec.Rules.SelectMany(r => r.BackendRefs).Select(b => (b.Name, b.Weight));
}
