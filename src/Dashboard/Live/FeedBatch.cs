namespace Ops.Dashboard.Live;

/// <summary>What a subscriber of a <see cref="SnapshotFeed{T}"/> gets at once.</summary>
/// <param name="IsSnapshot">True: forget everything before; <paramref name="Items"/> is all there is. False: changes since the last batch.</param>
/// <param name="Items">Items that are new or changed, each in its latest form.</param>
/// <param name="Removed">Keys of items that are gone; empty in a snapshot.</param>
public sealed record FeedBatch<T>(bool IsSnapshot, IReadOnlyList<T> Items, IReadOnlyList<string> Removed);
