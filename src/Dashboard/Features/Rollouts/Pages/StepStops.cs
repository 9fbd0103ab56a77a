using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Pages;

/// <summary>One step of a strategy as the rollout's page shows it.</summary>
/// <param name="Title">Such as <c>10 %</c>.</param>
/// <param name="State">Whether it is reached.</param>
/// <param name="Note">What is to happen in it, or what it waits for.</param>
public sealed record StepStop(string Title, StepState State, string Note)
{
    /// <summary>When its share was reached; null while it is not.</summary>
    public DateTimeOffset? ReachedAt { get; init; }

    /// <summary>How long it lasts at least; null for one without a pause.</summary>
    public TimeSpan? Pause { get; init; }

    /// <summary>Whether its pause is running.</summary>
    public bool IsCounting { get; init; }
}

/// <summary>The steps of a strategy with where the rollout is on them. Pure.</summary>
internal static class StepStops
{
    /// <summary>The stops of a plan's steps and the last one, at which the new version has everything; none for a strategy without steps.</summary>
    /// <param name="strategy">The plan's.</param>
    /// <param name="rollout">How far the rollout is.</param>
    /// <param name="at">The step it is at, from 0; as many as there are steps once the last one is behind it; null before the first.</param>
    /// <param name="reachedAt">When that step's share was reached; null while it is not.</param>
    public static IReadOnlyList<StepStop> Of(PlanStrategy strategy, RolloutState rollout, int? at, DateTimeOffset? reachedAt)
    {
        var isStopped = rollout is RolloutState.Failed or RolloutState.Aborted or RolloutState.Superseded;
        var isDone = rollout is RolloutState.Succeeded or RolloutState.RolledBack;
        List<StepStop> stops = [];
        for (var index = 0; index < strategy.Steps.Count; index++)
        {
            var step = strategy.Steps[index];
            var state = isDone || index < at ? StepState.Done : index == at ? isStopped ? StepState.Error : StepState.Current : StepState.Waiting;
            var reached = index == at ? reachedAt : null;
            stops.Add(new(Title(strategy.Name, step), state, Note(step, state, reached, rollout))
            {
                ReachedAt = reached,
                Pause = step.PauseSeconds > 0 ? TimeSpan.FromSeconds(step.PauseSeconds) : null,
                IsCounting = state == StepState.Current && reached is not null && rollout == RolloutState.Running,
            });
        }

        if (stops.Count > 0)
        {
            var last = isDone ? StepState.Done : at >= stops.Count ? isStopped ? StepState.Error : StepState.Current : StepState.Waiting;
            stops.Add(new("100 %", last, last == StepState.Done ? "everything" : strategy.Name == "blue-green" && strategy.KeepOldSeconds > 0 ? $"old stay {GateWords.Seconds(strategy.KeepOldSeconds)}" : "everything"));
        }

        return stops;
    }

    private static string Title(string strategy, PlanStep step) => strategy switch
    {
        "blue-green" => "Preview",
        "shadow" => $"Copy of {step.Weight} %",
        _ => $"{step.Weight} %",
    };

    private static string Note(PlanStep step, StepState state, DateTimeOffset? reached, RolloutState rollout) => state switch
    {
        StepState.Error => "stopped here",
        StepState.Current when rollout == RolloutState.Paused => "paused",
        StepState.Current when reached is null => "starts its replicas",
        _ => (step.PauseSeconds, step.WaitsForPerson) switch
        {
            (0, false) => "no pause",
            (0, true) => "until a person says go",
            (var seconds, false) => GateWords.Seconds(seconds),
            (var seconds, true) => $"{GateWords.Seconds(seconds)}, then a person",
        },
    };
}
