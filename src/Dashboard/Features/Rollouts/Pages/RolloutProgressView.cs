using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Pages;

/// <summary>Where a rollout is on the steps of its strategy, as its page shows it.</summary>
/// <param name="Step">The step it is at, from 0; as many as there are steps once all are behind it; null before the first.</param>
/// <param name="ReachedAt">When that step's share was reached; null while it is not.</param>
/// <param name="Gates">The plan's gates with their last verdicts.</param>
public sealed record RolloutProgressView(int? Step, DateTimeOffset? ReachedAt, IReadOnlyList<GateView> Gates)
{
    /// <summary>Whether a person has to say that it goes on, and everything else is done.</summary>
    public bool WaitsForPerson { get; init; }

    /// <summary>Where the new version alone answers, before anybody else is sent to it; null where there is no such address.</summary>
    public string? PreviewPath { get; init; }
}
