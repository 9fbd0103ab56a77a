using System.Collections.Concurrent;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Gates;

/// <summary>
/// How long a rollout has been in its step. The registry says when it began, by the wall clock; from the first look on this process counts
/// on the steady clock, so that a clock that jumps by an hour does not end a pause.
/// </summary>
internal sealed class StepClock(TimeProvider time)
{
    private readonly ConcurrentDictionary<Guid, Mark> marks = new();

    /// <summary>The time since the step's share was reached; null while it is not.</summary>
    public TimeSpan? TimeIn(Rollout rollout)
    {
        if (rollout.StepReachedAt is not { } reached)
        {
            return null;
        }

        var mark = marks.GetValueOrDefault(rollout.EndpointId);
        if (mark is null || mark.RolloutId != rollout.Id || mark.Reached != reached)
        {
            var already = time.GetUtcNow() - reached;
            mark = marks[rollout.EndpointId] = new(rollout.Id, reached, time.GetTimestamp(), already > TimeSpan.Zero ? already : TimeSpan.Zero);
        }

        return mark.Before + time.GetElapsedTime(mark.Seen);
    }

    /// <summary>For how long this process has looked at the step; null before it asked for <see cref="TimeIn"/>.</summary>
    public TimeSpan? TimeWatched(Rollout rollout) =>
        marks.TryGetValue(rollout.EndpointId, out var mark) && mark.RolloutId == rollout.Id && mark.Reached == rollout.StepReachedAt ? time.GetElapsedTime(mark.Seen) : null;

    /// <summary>Forgets what an endpoint's last rollout was at.</summary>
    public void Forget(Guid endpointId) => marks.TryRemove(endpointId, out _);

    private sealed record Mark(Guid RolloutId, DateTimeOffset Reached, long Seen, TimeSpan Before);
}
