using Ops.Dashboard.Components.Controls;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Pages;

/// <summary>The words and colours of rollouts, the same on every page.</summary>
internal static class RolloutText
{
    /// <summary>What a state is called.</summary>
    public static string WordOf(RolloutState state) => state switch
    {
        RolloutState.PendingApproval => "Waiting for approval",
        RolloutState.Running => "Rolling out",
        RolloutState.RolledBack => "Rolled back",
        _ => state.ToString(),
    };

    /// <summary>What a state means.</summary>
    public static State LookOf(RolloutState state) => state switch
    {
        RolloutState.PendingApproval or RolloutState.Paused or RolloutState.Aborted or RolloutState.Expired => State.Warning,
        RolloutState.Approved => State.Info,
        RolloutState.Running => State.Progress,
        RolloutState.Succeeded => State.Ok,
        RolloutState.Failed or RolloutState.Rejected => State.Critical,
        _ => State.Neutral,
    };

    /// <summary>What an event means.</summary>
    public static State LookOf(RolloutEvent happened) => happened.Level switch
    {
        RolloutEventLevel.Error => State.Critical,
        RolloutEventLevel.Warning => State.Warning,
        _ => happened.Kind is "rollout.succeeded" or "rollout.approved" or "replica.ready" ? State.Ok : State.Neutral,
    };

    /// <summary>How long it took or takes, from its start, or from its request while it waits.</summary>
    public static TimeSpan ElapsedOf(Rollout rollout, DateTimeOffset now)
    {
        var elapsed = (rollout.FinishedAt ?? now) - (rollout.StartedAt ?? rollout.RequestedAt);
        return elapsed < TimeSpan.Zero ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Floor(elapsed.TotalSeconds));
    }
}
