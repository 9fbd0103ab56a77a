using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Plans;

/// <summary>A strategy in plain words, the same in the wizard's summary, the difference and the rollout's page. Pure.</summary>
internal static class StrategyWords
{
    /// <summary>Such as <c>canary 10 % → 50 % → 100 %, checked by 2 gates, back by itself when one fails</c>.</summary>
    public static string Of(PlanStrategy strategy) => strategy.Name switch
    {
        "rolling" => strategy.MaxSurge == 1 ? "rolling, one at a time" : $"rolling, {strategy.MaxSurge} at a time",
        "recreate" => "recreate: the old replicas stop before the new ones start",
        "canary" => $"canary {Shares(strategy.Steps)}{Gates(strategy)}",
        "blue-green" => $"blue-green: {Preview(strategy)}, then a switch; {Keep(strategy)}{Gates(strategy)}",
        "shadow" => $"shadow: {Copy(strategy)}{Gates(strategy)}",
        _ => strategy.Name,
    };

    /// <summary>The steps of a canary, such as <c>10 % → 50 % → 100 %</c>.</summary>
    public static string Shares(IReadOnlyList<PlanStep> steps) =>
        string.Join(" → ", steps.Select(s => s.Weight).Where(w => w < 100).Append(100).Select(w => $"{w} %"));

    /// <summary>One step with how long it lasts, such as <c>10 % for 1 min, then a person says go</c>.</summary>
    /// <param name="name">The strategy's name.</param>
    /// <param name="step">The step.</param>
    public static string Step(string name, PlanStep step)
    {
        var what = name switch { "blue-green" => "Preview", "shadow" => $"Copy of {step.Weight} %", _ => $"{step.Weight} %" };
        var pause = step.PauseSeconds > 0 ? $" for {GateWords.Seconds(step.PauseSeconds)}" : "";
        return step.WaitsForPerson ? $"{what}{pause}{(pause.Length > 0 ? "," : "")} then a person says go" : $"{what}{pause}";
    }

    private static string Preview(PlanStrategy strategy) => strategy.Steps switch
    {
        [{ WaitsForPerson: true }, ..] => "a preview until a person says go",
        [{ PauseSeconds: > 0 and var seconds }, ..] => $"a preview for {GateWords.Seconds(seconds)}",
        _ => "no preview",
    };

    private static string Keep(PlanStrategy strategy) =>
        strategy.KeepOldSeconds > 0 ? $"the old replicas stay for {GateWords.Seconds(strategy.KeepOldSeconds)}" : "the old replicas stop at once";

    private static string Copy(PlanStrategy strategy) => strategy.Steps is [var step, ..]
        ? $"a copy of {step.Weight} % of the requests for {GateWords.Seconds(step.PauseSeconds)}, whose answers nobody gets{(step.WaitsForPerson ? ", until a person says go" : "")}"
        : "a copy of the requests, whose answers nobody gets";

    private static string Gates(PlanStrategy strategy) => (strategy.Gates.Count, strategy.RollBackOnFailure) switch
    {
        (0, false) => "",
        (0, true) => ", back by itself when it makes no progress",
        (var count, var back) => $", checked by {count} {(count == 1 ? "gate" : "gates")}{(back ? ", back by itself when one fails" : "")}",
    };
}
