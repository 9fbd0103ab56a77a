using Ops.Dashboard.Components.Controls;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Monitoring.Pages;

/// <summary>The state of a rollout as a word and a meaning.</summary>
internal static class RolloutLook
{
    /// <summary>What it means to whoever is on call.</summary>
    public static State Look(this RolloutState state) => state switch
    {
        RolloutState.Succeeded => State.Ok,
        RolloutState.Failed => State.Critical,
        RolloutState.Paused or RolloutState.Aborted => State.Warning,
        RolloutState.Approved or RolloutState.Running => State.Progress,
        RolloutState.PendingApproval => State.Info,
        _ => State.Neutral,
    };

    /// <summary>The word.</summary>
    public static string Word(this RolloutState state) => state switch
    {
        RolloutState.PendingApproval => "Waiting for approval",
        RolloutState.RolledBack => "Rolled back",
        _ => state.ToString(),
    };
}
