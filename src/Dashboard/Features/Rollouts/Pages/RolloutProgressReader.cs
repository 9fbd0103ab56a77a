using Ops.Dashboard.Features.Rollouts.Gates;
using Ops.Dashboard.Features.Rollouts.Strategies;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Pages;

/// <summary>Makes what the page shows of the steps from what the registry keeps. Pure.</summary>
internal static class RolloutProgressReader
{
    /// <summary>Where a rollout is.</summary>
    public static RolloutProgressView Of(RolloutDetail detail)
    {
        var (rollout, strategy) = (detail.Rollout, detail.Plan.Strategy);
        var verdicts = GateVerdict.Read(rollout.GatesJson);
        var gates = strategy.Gates.Select((gate, index) => verdicts.FirstOrDefault(v => v.Gate == index) is { } verdict
            ? new GateView(gate, verdict.Answer switch { GateAnswer.Holds => true, GateAnswer.Fails => false, _ => null }, verdict.Value, verdict.Stable, verdict.Why, verdict.At)
            : new GateView(gate)).ToList();
        if (rollout.StartedAt is null)
        {
            return new(null, null, gates);
        }

        var isIn = rollout.StepIndex < strategy.Steps.Count && !rollout.IsFinal;
        return new(rollout.StepIndex, rollout.StepReachedAt, gates)
        {
            WaitsForPerson = isIn && rollout.State == RolloutState.Running && strategy.Steps[rollout.StepIndex].WaitsForPerson && rollout.StepReachedAt is not null && !rollout.IsPromoted
                && rollout.Status.Contains(StepMachine.ForAPerson, StringComparison.Ordinal),
            PreviewPath = isIn && strategy.Name == "blue-green" && rollout.StepReachedAt is not null ? $"serve/{detail.Endpoint}/preview/v2/models/{detail.Plan.Model}" : null,
        };
    }
}
