using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Plans;

/// <summary>How far the token of an endpoint reaches, in plain words: the dashboard's own address asks for it, what a cluster offers beside that does not. Pure.</summary>
internal static class TokenWords
{
    /// <summary>What answers without a token though the plan wants one; null where nothing does.</summary>
    public static string? Unasked(PlanSpec plan) => plan is { RequiresToken: true, Kubernetes: { } kubernetes } ? Unasked(kubernetes.Hostname) : null;

    /// <summary>What answers without a token in a cluster.</summary>
    /// <param name="hostname">The host name of its route, or null for none.</param>
    public static string Unasked(string? hostname) => string.IsNullOrWhiteSpace(hostname)
        ? "Only /serve asks for the token. Whoever reaches the Service in the cluster calls the endpoint without one."
        : $"Only /serve asks for the token. Whoever reaches {hostname.Trim()} at the gateway, or the Service in the cluster, calls the endpoint without one.";
}
