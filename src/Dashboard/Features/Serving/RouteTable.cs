using System.Collections.Concurrent;

namespace Ops.Dashboard.Features.Serving;

/// <summary>How requests to an endpoint are routed now.</summary>
/// <param name="EndpointId">The endpoint.</param>
/// <param name="Name">Its name in <c>/serve/{name}</c>.</param>
/// <param name="RequiresToken">Whether clients must send a token.</param>
/// <param name="ServingPlans">The revisions that may get traffic; a ready replica of another revision gets none.</param>
internal sealed record EndpointRoute(Guid EndpointId, string Name, bool RequiresToken, IReadOnlySet<Guid> ServingPlans)
{
    /// <summary>The share of requests that each revision gets, in relation to the others'; empty to send them wherever the fewest are.</summary>
    public IReadOnlyDictionary<Guid, int> Weights { get; init; } = new Dictionary<Guid, int>();

    /// <summary>A revision that gets a copy of a share of the requests, in percent; nobody gets its answers.</summary>
    public (Guid PlanId, int Percent)? Shadow { get; init; }

    /// <summary>The revision that answers at <c>/serve/{name}/preview/...</c>, or null.</summary>
    public Guid? Preview { get; init; }

    /// <summary>All revisions that may be sent anything.</summary>
    public bool IsReachable(Guid planId) => ServingPlans.Contains(planId) || Shadow?.PlanId == planId || Preview == planId;
}

/// <summary>The routes of all endpoints, by name. The reconciler publishes, the router reads on each request.</summary>
internal sealed class RouteTable
{
    private readonly ConcurrentDictionary<string, EndpointRoute> routes = new(StringComparer.Ordinal);

    /// <summary>The route of an endpoint, or null when there is none: no such endpoint, or not yet.</summary>
    public EndpointRoute? Find(string name) => routes.GetValueOrDefault(name);

    /// <summary>All routes.</summary>
    public IReadOnlyCollection<EndpointRoute> All => [.. routes.Values];

    /// <summary>Adds or replaces a route.</summary>
    public void Publish(EndpointRoute route) => routes[route.Name] = route;

    /// <summary>Removes a route; requests are refused from now on.</summary>
    public void Remove(string name) => routes.TryRemove(name, out _);
}
