using Ops.Dashboard.Features.Rollouts.Queries;

namespace Ops.Dashboard.Features.Monitoring.Pages;

/// <summary>Which plans an endpoint can go back to. Pure.</summary>
internal static class RollbackChoices
{
    /// <summary>
    /// The plans that ran well here before, each once, the latest first; the first is the one to suggest. While a rollout is
    /// replacing what ran well last, that is the very thing to go back to and comes first.
    /// </summary>
    /// <param name="history">The rollouts of the endpoint, newest first.</param>
    /// <param name="stablePlanId">The plan that ran well last.</param>
    public static IReadOnlyList<RolloutItem> Of(IEnumerable<EndpointHistoryItem> history, Guid? stablePlanId) =>
        [.. history.Where(h => h.CanReturn).Select(h => h.Item).DistinctBy(r => r.PlanId).OrderByDescending(r => r.PlanId == stablePlanId)];
}
