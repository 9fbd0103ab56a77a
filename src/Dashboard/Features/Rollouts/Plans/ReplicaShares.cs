using Ops.Dashboard.Features.Rollouts.Strategies;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Plans;

/// <summary>What a step's share comes to where requests are spread over replicas alike.</summary>
/// <param name="Asked">The share that is planned, in percent.</param>
/// <param name="New">Replicas of the new version.</param>
/// <param name="All">Replicas of both.</param>
internal sealed record ReplicaShare(int Asked, int New, int All)
{
    /// <summary>The share that it comes to, in percent.</summary>
    public int Percent => (int)Math.Round(100.0 * New / All);

    /// <summary>Such as <c>10 % asked for: 1 of 4 replicas = 25 %</c>.</summary>
    public string Sentence => $"{Asked} % asked for: {New} of {All} replicas = {Percent} %";
}

/// <summary>The shares of a canary's steps by replicas. Pure.</summary>
internal static class ReplicaShares
{
    /// <summary>One for each step; none for other strategies and where nothing runs before.</summary>
    public static IReadOnlyList<ReplicaShare> Of(PlanSpec? before, PlanSpec after) =>
        before is null || after.Strategy.Name != "canary"
            ? []
            : [.. after.Strategy.Steps.Select(s => (s.Weight, New: CanaryStrategy.Replicas(after.Replicas, s.Weight))).Select(s => new ReplicaShare(s.Weight, s.New, s.New + before.Replicas))];
}
