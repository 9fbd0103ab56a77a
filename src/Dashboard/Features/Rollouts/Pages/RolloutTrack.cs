using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Targets;
using Ops.Data.Approvals;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Pages;

/// <summary>One stop on the way of a rollout.</summary>
/// <param name="Text">What it is called.</param>
/// <param name="State">Whether it is reached.</param>
/// <param name="At">When it was.</param>
/// <param name="Note">What else to say of it.</param>
public sealed record TrackStop(string Text, StepState State, DateTimeOffset? At = null, string? Note = null);

/// <summary>The way of a rollout from the request to its end. Pure: the same rollout and events always give the same stops.</summary>
internal static class RolloutTrack
{
    /// <summary>The five stops: requested, approved, started, replicas, end. An end that came early stands where it came; what follows is never reached.</summary>
    /// <param name="rollout">The rollout with its decisions.</param>
    /// <param name="wanted">How many replicas of the plan there are to be.</param>
    /// <param name="ready">How many of them answer now; null when nobody knows.</param>
    /// <param name="events">Its history in any order.</param>
    public static IReadOnlyList<TrackStop> Of(Rollout rollout, int wanted, int? ready, IReadOnlyList<RolloutEvent> events)
    {
        var approvedAt = ApprovedAt(rollout, events);
        return
        [
            new("Requested", StepState.Done, rollout.RequestedAt, $"by {rollout.RequestedByName}"),
            Approval(rollout, approvedAt),
            Start(rollout, approvedAt),
            Replicas(rollout, wanted, ready, events),
            End(rollout),
        ];
    }

    private static DateTimeOffset? ApprovedAt(Rollout rollout, IReadOnlyList<RolloutEvent> events)
    {
        var told = events.Where(e => e.Kind == RolloutEventKinds.Approved).Select(e => (DateTimeOffset?)e.At).Min();
        var isPast = rollout.StartedAt is not null || rollout.State is RolloutState.Approved or RolloutState.Failed;
        return told ?? (isPast ? rollout.Decisions.Where(d => d.Verdict == Verdict.Approve).Select(d => (DateTimeOffset?)d.At).Max() ?? rollout.RequestedAt : null);
    }

    private static TrackStop Approval(Rollout rollout, DateTimeOffset? approvedAt)
    {
        if (approvedAt is not null)
        {
            var by = rollout.Decisions.Where(d => d.Verdict == Verdict.Approve).Select(d => d.PersonName).Distinct().ToList();
            return new("Approved", StepState.Done, approvedAt, by.Count == 0 ? "none needed" : $"by {string.Join(", ", by)}");
        }

        return rollout.State == RolloutState.PendingApproval
            ? new("Approval", StepState.Current, null, $"{rollout.Decisions.Count(d => d.Verdict == Verdict.Approve)} of {rollout.RequiredApprovals}")
            : new(EndedEarly(rollout), StepState.Error, rollout.FinishedAt);
    }

    private static TrackStop Start(Rollout rollout, DateTimeOffset? approvedAt) => rollout switch
    {
        { StartedAt: { } at } => new("Started", StepState.Done, at),
        { State: RolloutState.Approved } => new("Start", StepState.Current),
        { IsFinal: true } when approvedAt is not null => new(EndedEarly(rollout), StepState.Error, rollout.FinishedAt),
        _ => new("Start", StepState.Waiting),
    };

    private static TrackStop Replicas(Rollout rollout, int wanted, int? ready, IReadOnlyList<RolloutEvent> events)
    {
        var all = wanted == 1 ? "1 replica" : $"{wanted} replicas";
        if (rollout.StartedAt is null)
        {
            return new(all, StepState.Waiting);
        }

        var lastReady = events.Where(e => e.Kind == TargetEventKinds.Ready && (rollout.FinishedAt is null || e.At <= rollout.FinishedAt)).Select(e => (DateTimeOffset?)e.At).Max();
        return rollout.State switch
        {
            RolloutState.Succeeded or RolloutState.RolledBack => new($"{wanted} of {all}", StepState.Done, lastReady ?? rollout.FinishedAt),
            RolloutState.Running or RolloutState.Paused => new($"{Math.Min(ready ?? 0, wanted)} of {all}", StepState.Current, lastReady),
            _ => new(all, StepState.Error, lastReady, "not reached"),
        };
    }

    private static TrackStop End(Rollout rollout) => rollout switch
    {
        { IsFinal: false } or { StartedAt: null } => new("Done", StepState.Waiting),
        { State: RolloutState.Succeeded } => new("Done", StepState.Done, rollout.FinishedAt),
        { State: RolloutState.RolledBack } => new("Done", StepState.Done, rollout.FinishedAt, "rolled back later"),
        _ => new(EndedEarly(rollout), StepState.Error, rollout.FinishedAt),
    };

    private static string EndedEarly(Rollout rollout) =>
        rollout.State == RolloutState.Aborted && rollout.StartedAt is null && rollout.Status.StartsWith("Withdrawn", StringComparison.Ordinal) ? "Withdrawn" : RolloutText.WordOf(rollout.State);
}
