using Ops.Dashboard.Features.Rollouts.Strategies;
using Ops.Dashboard.Features.Targets;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Execution;

/// <summary>Keeps a step from being counted as reached, or as over, while its share of the requests is only asked for.</summary>
internal static class SharesInForce
{
    /// <summary>The step, held where it is while the target does not share requests out as it says. Its lack of progress then counts, so that it does not wait for ever.</summary>
    /// <param name="step">What the strategy says, as it was applied.</param>
    /// <param name="picture">The endpoint.</param>
    /// <param name="rollout">Its rollout.</param>
    /// <param name="driver">Of its target.</param>
    /// <param name="reference">The endpoint as the driver knows it.</param>
    public static Step Hold(Step step, EndpointPicture picture, Rollout rollout, ITargetDriver driver, EndpointRef reference)
    {
        var (isEntered, isLeft) = (rollout.StepReachedAt is not null, step.StepIndex > rollout.StepIndex);
        if (driver is not IShareSource shares || rollout.State != RolloutState.Running || step is not { IsReached: true, IsWaiting: true, Failure: null }
            || !step.Serving.Contains(rollout.PlanId) || (isEntered && !isLeft) || shares.WhyNotShared(reference, WantedRevisions.Of(step, picture)) is not { } why)
        {
            return step;
        }

        return step with { IsReached = isEntered, IsWaiting = false, StepIndex = rollout.StepIndex, Status = $"Its replicas are ready; it waits until requests are shared as planned: {why}." };
    }
}
