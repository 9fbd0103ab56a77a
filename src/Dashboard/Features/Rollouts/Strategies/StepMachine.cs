using Ops.Dashboard.Features.Rollouts.Gates;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Strategies;

/// <summary>Whether a step is over: what all strategies with steps share. Pure.</summary>
/// <param name="IsOver">Whether the next step begins.</param>
/// <param name="Failure">Why the rollout must not go on, or null.</param>
/// <param name="Waits">What it waits for, as the end of a sentence.</param>
internal sealed record StepMachine(bool IsOver, string? Failure, string Waits)
{
    /// <summary>What it waits for when everything but a person's word is there.</summary>
    public const string ForAPerson = "waits for a person to promote it";

    /// <summary>How much longer than its pause a step waits for figures that do not come.</summary>
    public static readonly TimeSpan LeastPatience = TimeSpan.FromSeconds(30);

    /// <summary>Looks at the step that an input is at; its share is reached.</summary>
    public static StepMachine Look(StrategyInput input)
    {
        var step = input.Strategy.Steps[input.StepIndex];
        var gates = input.Strategy.Gates;
        var time = input.TimeInStep ?? TimeSpan.Zero;
        var failing = input.Gates.FirstOrDefault(v => v.Answer == GateAnswer.Fails && IsJudged(gates, v, time));
        if (failing is not null)
        {
            return new(false, $"A gate failed: {failing.Why}", "");
        }

        if (input.IsPaused)
        {
            return new(false, null, "");
        }

        if (input.IsPromoted)
        {
            // A person's word counts for what nobody measured, never for what was measured and is wrong.
            var wrong = input.Gates.FirstOrDefault(v => v.Answer == GateAnswer.Fails);
            return wrong is null ? new(true, null, "") : new(false, null, $"promoted, but a gate fails now: {NameOf(gates, wrong)}");
        }

        var pause = TimeSpan.FromSeconds(step.PauseSeconds);
        var longest = TimeSpan.FromSeconds(gates.Select(g => g.WindowSeconds).DefaultIfEmpty().Max());
        var whole = pause > longest ? pause : longest;
        if (time < whole)
        {
            // No countdown: each new sentence is a line of history, and pages count by themselves.
            return new(false, null, $"lasts {GateWords.Seconds((int)Math.Ceiling(whole.TotalSeconds))}");
        }

        // A gate of which there is no verdict at all holds as little as one without a figure.
        var unheld = gates.Select((_, index) => input.Gates.FirstOrDefault(v => v.Gate == index) ?? Unmeasured).FirstOrDefault(v => v.Answer != GateAnswer.Holds);
        if (unheld is not null)
        {
            // A process that has just begun to look has measured nothing yet: that costs a window, not the rollout.
            var patience = longest > LeastPatience ? longest : LeastPatience;
            var isPatient = time < whole + patience || input.TimeWatched < longest + patience;
            return isPatient ? new(false, null, $"a gate has no figure yet: {NameOf(gates, unheld)}") : new(false, $"A gate has no figure: {unheld.Why}", "");
        }

        return step.WaitsForPerson ? new(false, null, ForAPerson) : new(true, null, "");
    }

    private static readonly GateVerdict Unmeasured = new(-1, GateAnswer.Missing, "It was not measured.", null, null, default);

    private static string NameOf(IReadOnlyList<PlanGate> gates, GateVerdict verdict) =>
        verdict.Gate >= 0 && verdict.Gate < gates.Count ? GateWords.Name(gates[verdict.Gate].Metric) : "not measured";

    // Earlier, its window would reach back before the step.
    private static bool IsJudged(IReadOnlyList<PlanGate> gates, GateVerdict verdict, TimeSpan time) =>
        verdict.Gate >= 0 && verdict.Gate < gates.Count && (gates[verdict.Gate].Metric == GateMetrics.Ready ? time >= LeastPatience : time >= TimeSpan.FromSeconds(gates[verdict.Gate].WindowSeconds));
}
