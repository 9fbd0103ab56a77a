using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Pages;

/// <summary>States of rollouts as people look for them.</summary>
internal static class RolloutGroups
{
    /// <summary>The groups for a choice: the word in the address and the text.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> All { get; } =
        [new("active", "Rolling out"), new("waiting", "Waiting for approval"), new("finished", "Finished")];

    /// <summary>The states of a group; none for all, also for a word that is no group.</summary>
    public static IReadOnlyCollection<RolloutState> StatesOf(string? group) => group switch
    {
        "active" => [RolloutState.Approved, RolloutState.Running, RolloutState.Paused],
        "waiting" => [RolloutState.PendingApproval],
        "finished" =>
        [
            RolloutState.Succeeded, RolloutState.Failed, RolloutState.RolledBack, RolloutState.Aborted, RolloutState.Rejected, RolloutState.Expired, RolloutState.Superseded,
        ],
        _ => [],
    };
}
