namespace Ops.Dashboard.Features.Rollouts.Pages;

/// <summary>Makes what the page shows of the steps from what the registry keeps. Pure.</summary>
internal static class RolloutProgressReader
{
    /// <summary>Where a rollout is.</summary>
    public static RolloutProgressView Of(RolloutDetail detail) => new(null, null, [.. detail.Plan.Strategy.Gates.Select(g => new GateView(g))]);
}
