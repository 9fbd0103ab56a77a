namespace Ops.Dashboard.Features.Serving;

/// <summary>Which revision a request goes to. Made anew with each change of route or replicas, so that a request only draws a number.</summary>
internal sealed class RevisionChoice
{
    private readonly PooledReplica[][] sets;
    private readonly int[] bounds;

    /// <param name="route">The route with its weights.</param>
    /// <param name="replicas">The ready replicas of every revision that may be sent anything.</param>
    public RevisionChoice(EndpointRoute route, PooledReplica[] replicas)
    {
        All = replicas;
        Serving = [.. replicas.Where(r => route.ServingPlans.Contains(r.PlanId))];
        var weighted = route.Weights
            .Where(pair => pair.Value > 0 && route.ServingPlans.Contains(pair.Key))
            .Select(pair => (pair.Value, Replicas: Serving.Where(r => r.PlanId == pair.Key).ToArray()))
            .Where(pair => pair.Replicas.Length > 0)
            .ToList();
        IsWeighted = route.Weights.Count > 0;
        sets = [.. weighted.Select(pair => pair.Replicas)];
        bounds = new int[sets.Length];
        var sum = 0;
        for (var i = 0; i < bounds.Length; i++)
        {
            bounds[i] = sum += weighted[i].Value;
        }
    }

    /// <summary>Nobody.</summary>
    public static RevisionChoice None { get; } = new(new(Guid.Empty, "", false, new HashSet<Guid>()), []);

    /// <summary>Every replica that may be sent anything.</summary>
    public PooledReplica[] All { get; }

    /// <summary>The replicas that answer clients.</summary>
    public PooledReplica[] Serving { get; }

    /// <summary>Whether shares are planned.</summary>
    public bool IsWeighted { get; }

    /// <summary>The replicas of one revision.</summary>
    public PooledReplica[] Of(Guid planId) => [.. All.Where(r => r.PlanId == planId)];

    /// <summary>The replicas among which the next request goes, drawn by weight.</summary>
    public PooledReplica[] Pick()
    {
        if (sets.Length <= 1)
        {
            return sets.Length == 1 ? sets[0] : IsWeighted ? [] : Serving;
        }

        var drawn = Random.Shared.Next(bounds[^1]);
        for (var i = 0; ; i++)
        {
            if (drawn < bounds[i])
            {
                return sets[i];
            }
        }
    }
}
