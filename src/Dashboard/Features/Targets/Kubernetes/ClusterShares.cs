using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets.Kubernetes;

/// <summary>Tells whether something in a cluster gives each revision its share of the requests. Our own router always does; a Service goes by replicas.</summary>
internal sealed class ClusterShares(IClusters clusters)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Why clients that call the cluster itself are shared out by replicas.</summary>
    /// <returns>Such as <c>lab names no gateway</c>; null where a gateway shares by weight, and where the cluster cannot be asked.</returns>
    public async Task<string?> WhyByReplicasAsync(PlanSpec plan, CancellationToken cancellation)
    {
        try
        {
            var cluster = await clusters.GetAsync(plan.TargetId, cancellation);
            if (cluster.Settings.Gateway is null)
            {
                return $"{plan.Target} names no gateway";
            }

            await cluster.SeenAsync(cancellation).WaitAsync(Patience, cancellation);
            return !cluster.Watches(HttpRoute.KindName) ? $"{plan.Target} has no Gateway API that this dashboard may use"
                : plan.Kubernetes?.Hostname is null ? $"the plan names no host for the gateway of {plan.Target}"
                : null;
        }
        catch (Exception exception) when (exception is InvalidOperationException or TimeoutException)
        {
            // A cluster that does not answer says so itself, on the same pages.
            return null;
        }
    }

    /// <summary>Why the gateway does not do as the route of an endpoint says, as it was seen last.</summary>
    /// <returns>A sentence; null where it does, where there is no route, and where the cluster cannot be asked.</returns>
    public async Task<string?> WhyNotRoutedAsync(PlanSpec plan, CancellationToken cancellation)
    {
        try
        {
            var cluster = await clusters.GetAsync(plan.TargetId, cancellation);
            var route = cluster.Problem is null ? HttpRoute.Find(cluster, new(plan.EndpointId, plan.Endpoint, plan.TargetId)) : null;
            return route is null || ObjectLabels.EndpointOf(route.Metadata) != plan.EndpointId ? null : RouteAcceptance.ProblemOf(route) is { } problem ? $"{char.ToUpperInvariant(problem[0])}{problem[1..]}." : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
