namespace Ops.Dashboard.Features.Monitoring.Fleet;

/// <summary>
/// Joins what is measured with what the registry says ought to be. The measuring alone takes an endpoint without replicas for one
/// that nothing was rolled out to; the registry knows better.
/// </summary>
internal static class EndpointStatus
{
    /// <summary>The health and, unless healthy, one plain sentence why.</summary>
    /// <param name="facts">What the registry says.</param>
    /// <param name="pulse">What is measured; null when nothing was seen of the endpoint yet.</param>
    public static (Health Health, string? Why) Judge(EndpointFacts facts, EndpointPulse? pulse)
    {
        if (facts.RetiredAt is not null)
        {
            return (Health.Idle, "Retired.");
        }

        if (facts.Stable is not { } stable)
        {
            return pulse is { Wanted: > 0 } ? (pulse.Health, pulse.Why) : (Health.Idle, Waits(facts));
        }

        if (pulse is null)
        {
            return (Health.Degraded, "Nothing has been seen of its replicas yet.");
        }

        if (pulse.Wanted == 0)
        {
            return (Health.Burning, facts.Rollout is { } rollout ? $"No replica runs while rollout {rollout.Number} is under way." : "No replica runs.");
        }

        // A replica that a rollout has just started is not a lack, as long as those that serve are as many as before or as planned.
        if (facts.Rollout is { } changing && pulse.JudgedBy is { } judged && judged.Ready >= Math.Min(stable.Replicas, changing.Plan?.Replicas ?? stable.Replicas))
        {
            return EndpointHealth.Judge(judged with { Wanted = judged.Ready });
        }

        // While a rollout is at it the number changes on purpose; otherwise fewer than planned is a lack, even when all that are there answer.
        if (facts.Rollout is null && pulse.Health == Health.Healthy && pulse.Ready < stable.Replicas)
        {
            return (Health.Degraded, $"{pulse.Ready} of {stable.Replicas} replicas are ready.");
        }

        return (pulse.Health, pulse.Why);
    }

    private static string Waits(EndpointFacts facts) => facts.Rollout is { } rollout
        ? $"Rollout {rollout.Number} is on its way."
        : facts.Waiting > 0 ? "Its first rollout waits for approval." : "Nothing is rolled out.";
}
