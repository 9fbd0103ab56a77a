using Ops.Data;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Plans;

/// <summary>Checks steps and gates of a draft. Pure.</summary>
internal static class StrategyChecks
{
    /// <summary>The most steps and the most gates.</summary>
    public const int Most = 20;

    private const int LongestSeconds = 24 * 60 * 60;
    private const int LongestWindow = 3600;

    /// <summary>What is wrong, every field once.</summary>
    public static IEnumerable<Failure> Check(DraftPlan draft)
    {
        if (Steps(draft) is { } steps)
        {
            yield return Failure.Invalid(steps, PlanFields.Steps);
        }

        if (draft.KeepOldSeconds is < 0 or > LongestSeconds || (draft.KeepOldSeconds > 0 && draft.Strategy != "blue-green"))
        {
            yield return Failure.Invalid(draft.Strategy == "blue-green" ? "0 to 86,400 seconds." : "Only blue-green keeps the old replicas.", PlanFields.KeepOld);
        }

        if (Gates(draft) is { } gates)
        {
            yield return Failure.Invalid(gates, PlanFields.Gates);
        }
    }

    /// <summary>How many replicas run beside the old ones at most.</summary>
    public static int Surge(DraftPlan draft) => draft.Strategy switch
    {
        "blue-green" or "shadow" or "canary" => Math.Max(draft.MaxSurge, draft.Replicas),
        _ => draft.MaxSurge,
    };

    private static string? Steps(DraftPlan draft)
    {
        var steps = draft.Steps;
        if (steps.Any(s => s.PauseSeconds is < 0 or > LongestSeconds))
        {
            return "A step lasts 0 to 86,400 seconds.";
        }

        return draft.Strategy switch
        {
            "canary" when steps.Count is < 1 or > Most => $"1 to {Most} steps.",
            "canary" when steps.Any(s => s.Weight is < 1 or > 100) => "Each step has 1 to 100 % of the requests.",
            "canary" when steps.Zip(steps.Skip(1)).Any(pair => pair.Second.Weight <= pair.First.Weight) => "Each step has more of the requests than the one before.",
            "blue-green" when steps.Count != 1 || steps[0].Weight != 0 => "Blue-green has one step, the preview.",
            "shadow" when steps.Count != 1 => "A shadow has one step.",
            "shadow" when steps[0].Weight is < 1 or > 100 => "Copy 1 to 100 % of the requests.",
            "shadow" when steps[0] is { PauseSeconds: 0, WaitsForPerson: false } && draft.Gates.Count == 0 => "Say how long requests are copied.",
            "canary" or "blue-green" or "shadow" => null,
            _ => steps.Count > 0 ? "This strategy has no steps." : null,
        };
    }

    private static string? Gates(DraftPlan draft)
    {
        if (draft.Gates.Count == 0)
        {
            return null;
        }

        if (draft.Steps.Count == 0)
        {
            return "Gates stand between steps, and this strategy has none.";
        }

        return draft.Gates.Count > Most ? $"At most {Most} gates." : draft.Gates.Select(gate => Gate(gate, draft.Strategy)).FirstOrDefault(wrong => wrong is not null);
    }

    private static string? Gate(PlanGate gate, string strategy) => gate switch
    {
        _ when !GateMetrics.All.Contains(gate.Metric) => $"There is no metric of that name. Choose one of: {string.Join(", ", GateMetrics.All)}.",
        { WindowSeconds: < 5 or > LongestWindow } => "A gate looks back 5 to 3,600 seconds.",
        { MinRequests: < 0 or > 1_000_000_000 } => "A gate needs 0 or more requests.",
        { Metric: GateMetrics.Ready, MaxRatio: not null } => "Readiness is not compared with the stable version.",
        { Metric: GateMetrics.Ready, Max: { } share } when !(share > 0 && share <= 1) => "Readiness is a share above 0 and up to 100 %.",
        { Metric: GateMetrics.Ready } => null,
        { Max: null, MaxRatio: null } => "A gate needs a limit.",
        { Metric: GateMetrics.ErrorRate, Max: { } share } when !(share >= 0 && share <= 1) => "The share of errors is 0 to 100 %.",
        { Max: { } max } when !(max >= 0 && max <= 3600) => "A limit is 0 to 3,600 seconds.",
        { MaxRatio: { } ratio } when !(ratio > 0 && ratio <= 1000) => "A multiple is more than 0 and at most 1,000.",
        { MaxRatio: not null } when strategy == "blue-green" => "In a preview the new version gets no requests of clients to compare. Give a fixed limit.",
        _ => null,
    };
}
