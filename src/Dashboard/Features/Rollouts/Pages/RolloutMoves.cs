using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Pages;

/// <summary>A button: what it says, and why it cannot be used now, or null.</summary>
internal sealed record RolloutMove(string Label, string? Why)
{
    /// <summary>Whether it can be used.</summary>
    public bool IsOpen => Why is null;
}

/// <summary>What can be done with a rollout at the moment. Pure: pages draw it, commands check again.</summary>
internal static class RolloutMoves
{
    /// <summary>On to the next step at once, whatever is left of this one's pause.</summary>
    public static RolloutMove Promote(RolloutDetail detail) => detail switch
    {
        { Plan.Strategy.Steps.Count: 0 } => new("Promote", "This strategy has no steps: it goes on by itself."),
        { Rollout.State: not RolloutState.Running } => new("Promote", detail.Rollout.State == RolloutState.Paused ? "Resume it first." : "Only a rollout that is under way can be promoted."),
        _ when detail.Rollout.StepIndex >= detail.Plan.Strategy.Steps.Count => new("Promote", "It is at no step that could be left."),
        _ => new("Promote", null),
    };

    /// <summary>Pause or resume.</summary>
    public static RolloutMove Hold(Rollout rollout) => rollout.State switch
    {
        RolloutState.Paused => new("Resume", null),
        RolloutState.Running => new("Pause", null),
        _ => new("Pause", "Only a rollout that is under way can be paused."),
    };

    /// <summary>Abort, or withdraw while it waits for decisions.</summary>
    public static RolloutMove Stop(Rollout rollout, Guid? person) => rollout switch
    {
        { State: RolloutState.PendingApproval } => new("Withdraw", rollout.RequestedById == person ? null : $"Only {rollout.RequestedByName}, who asked for it, can withdraw it."),
        { IsActive: true } => new("Abort", null),
        _ => new("Abort", "It is over."),
    };

    /// <summary>The same plan once more.</summary>
    public static RolloutMove Retry(RolloutDetail detail)
    {
        const string Label = "Retry";
        return detail.Rollout.State is not (RolloutState.Failed or RolloutState.Aborted) ? new(Label, "Only a rollout that failed or was aborted can be tried again.")
            : detail.IsRetired ? new(Label, $"{detail.Endpoint} is retired.")
            : detail.Damage is { } damage ? new(Label, damage)
            : !detail.EndpointIsBusy && detail.StablePlanId == detail.Rollout.PlanId ? new(Label, $"{detail.Endpoint} runs exactly this already.")
            : new(Label, null);
    }

    /// <summary>Back to what ran before this one, or, from an older one that ran well, back to this.</summary>
    /// <param name="detail">The rollout.</param>
    /// <param name="planId">The plan to go back to.</param>
    public static RolloutMove RollBack(RolloutDetail detail, out Guid planId)
    {
        var rollout = detail.Rollout;
        var isStable = detail.StablePlanId == rollout.PlanId;
        planId = isStable ? rollout.PreviousPlanId ?? Guid.Empty : rollout.PlanId;
        var label = isStable || rollout.State is not (RolloutState.Succeeded or RolloutState.RolledBack) ? "Roll back" : "Go back to this";
        return rollout switch
        {
            { IsActive: true } => new(label, "Abort it: the endpoint then goes back to what ran before."),
            { State: not (RolloutState.Succeeded or RolloutState.RolledBack) } => new(label, "It changed nothing that would have to be taken back."),
            _ when detail.IsRetired => new(label, $"{detail.Endpoint} is retired."),
            _ when detail.EndpointIsBusy => new(label, "Another rollout is at this endpoint. Abort that one first."),
            _ when planId == Guid.Empty || planId == detail.StablePlanId => new(label, "Nothing else ran here before."),
            _ => new(label, null),
        };
    }
}
