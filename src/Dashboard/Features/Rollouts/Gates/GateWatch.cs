using Ops.Dashboard.Features.Monitoring.Revisions;
using Ops.Dashboard.Features.Rollouts.Execution;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Gates;

/// <summary>Measures the gates of the rollout that is under way at an endpoint.</summary>
internal sealed class GateWatch(RevisionReadings readings, StepClock clock, TimeProvider time)
{
    /// <summary>How long the rollout has been in its step; null while the step's share is not reached.</summary>
    public TimeSpan? TimeInStep(Rollout rollout) => clock.TimeIn(rollout);

    /// <summary>For how much of that this process has looked.</summary>
    public TimeSpan? TimeWatched(Rollout rollout) => clock.TimeWatched(rollout);

    /// <summary>What the gates say now. While a rollout is held, what they said last counts: nothing new is measured of a revision that gets no requests.</summary>
    public IReadOnlyList<GateVerdict> Judge(EndpointPicture picture, Rollout rollout, Plan to)
    {
        var gates = to.Spec.Strategy.Gates;
        if (gates.Count == 0)
        {
            return [];
        }

        readings.Watch(picture.Endpoint.Id);
        if (rollout.StepReachedAt is null || rollout.StepIndex >= to.Spec.Strategy.Steps.Count)
        {
            return [];
        }

        return rollout.State == RolloutState.Running
            ? [.. gates.Select((gate, index) => Judge(index, gate, picture, rollout, to))]
            : GateVerdict.Read(rollout.GatesJson);
    }

    /// <summary>Forgets an endpoint that has no rollout any more, however it ended.</summary>
    public void Forget(Guid endpointId)
    {
        readings.Forget(endpointId);
        clock.Forget(endpointId);
    }

    private GateVerdict Judge(int index, PlanGate gate, EndpointPicture picture, Rollout rollout, Plan to)
    {
        var window = TimeSpan.FromSeconds(gate.WindowSeconds);
        var strategy = to.Spec.Strategy;
        var whole = picture.ReplicasOf(to);
        var wanted = strategy.Name == "canary" ? Strategies.CanaryStrategy.Replicas(whole, strategy.Steps[rollout.StepIndex].Weight) : whole;
        var figures = readings.Figures(picture.Observation, to.Id, wanted, window);
        var stable = picture.Stable is { } before && before.Id != to.Id ? readings.Figures(picture.Observation, before.Id, picture.ReplicasOf(before), window) : null;
        return GateJudge.Judge(index, gate, figures, stable, time.GetUtcNow());
    }
}
