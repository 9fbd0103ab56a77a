using System.Collections.Concurrent;

namespace Ops.Dashboard.Features.Rollouts.Execution;

/// <summary>
/// How long the active rollout of each endpoint has got no further, as far as this process saw. Counted on the steady clock and from the first
/// look: neither a clock that jumps nor the time during which nobody looked makes a rollout fail.
/// </summary>
internal sealed class ProgressWatch(TimeProvider time)
{
    private readonly ConcurrentDictionary<Guid, Mark> marks = new();

    /// <summary>Takes a look into account.</summary>
    /// <param name="rolloutId">The rollout.</param>
    /// <param name="ready">Replicas of its plan that are ready.</param>
    /// <param name="others">Replicas of other plans that are there still.</param>
    /// <param name="fetched">Bytes its replicas have fetched, all together.</param>
    /// <returns>Whether it got further than ever before, and for how long it has not.</returns>
    public (bool Progressed, TimeSpan Idle) Look(Guid rolloutId, int ready, int others, long fetched)
    {
        if (!marks.TryGetValue(rolloutId, out var mark))
        {
            marks[rolloutId] = new(ready, others, fetched, time.GetTimestamp());
            return (false, TimeSpan.Zero);
        }

        // Only beyond the best so far: a replica that becomes ready and dies again and again gets nowhere.
        if (ready <= mark.Ready && others >= mark.Others && fetched <= mark.Fetched)
        {
            return (false, time.GetElapsedTime(mark.At));
        }

        marks[rolloutId] = new(Math.Max(ready, mark.Ready), Math.Min(others, mark.Others), Math.Max(fetched, mark.Fetched), time.GetTimestamp());
        return (true, TimeSpan.Zero);
    }

    /// <summary>Starts the count afresh: a person held it, or the target did not answer.</summary>
    public void Hold(Guid rolloutId)
    {
        if (marks.TryGetValue(rolloutId, out var mark))
        {
            marks[rolloutId] = mark with { At = time.GetTimestamp() };
        }
    }

    /// <summary>Forgets a rollout that ended.</summary>
    public void Forget(Guid rolloutId) => marks.TryRemove(rolloutId, out _);

    private sealed record Mark(int Ready, int Others, long Fetched, long At);
}
