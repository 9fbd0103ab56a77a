namespace Ops.Dashboard.Live;

/// <summary>How a <see cref="SnapshotFeed{T}"/> treats its subscribers.</summary>
/// <typeparam name="T">What the feed carries.</typeparam>
public sealed record SnapshotFeedOptions<T>
{
    /// <summary>The shortest time between two batches to one subscriber; half a second by default.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How many changed keys wait for one subscriber at most. Beyond that it gets a fresh snapshot instead.</summary>
    public int MostPending { get; init; } = 1024;

    /// <summary>Joins a change that has not been delivered yet with a later one of the same key; by default the later one wins.</summary>
    public Func<T, T, T>? Merge { get; init; }
}
