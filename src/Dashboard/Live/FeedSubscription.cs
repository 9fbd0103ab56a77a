using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Ops.Dashboard.Live;

/// <summary>One subscriber's side of a <see cref="SnapshotFeed{T}"/>: what waits for it, and the reading of it.</summary>
/// <typeparam name="T">What the feed carries.</typeparam>
public sealed class FeedSubscription<T> : IDisposable
{
    private readonly SnapshotFeed<T> feed;
    private readonly Channel<bool> signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Dictionary<string, T> changed = new(StringComparer.Ordinal);
    private readonly HashSet<string> removed = new(StringComparer.Ordinal);
    private bool resync;

    internal FeedSubscription(SnapshotFeed<T> feed) => this.feed = feed;

    /// <summary>How many changed keys wait to be read.</summary>
    public int Pending => feed.Pending(this);

    internal int PendingLocked => changed.Count + removed.Count;

    /// <summary>
    /// The snapshot and then the changes, paced by the feed's interval, until the token is cancelled or the subscription disposed.
    /// For one reader at a time.
    /// </summary>
    public async IAsyncEnumerable<FeedBatch<T>> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await signal.Reader.WaitToReadAsync(cancellationToken))
        {
            signal.Reader.TryRead(out _);
            if (feed.Take(this) is not { } batch)
            {
                continue;
            }

            var taken = feed.Time.GetTimestamp();
            yield return batch;

            // The pause counts from the moment the batch was taken: a slow reader is not slowed down further.
            var rest = feed.Interval - feed.Time.GetElapsedTime(taken);
            if (rest > TimeSpan.Zero)
            {
                await Task.Delay(rest, feed.Time, cancellationToken);
            }
        }
    }

    /// <summary>Ends the subscription and every read of it.</summary>
    public void Dispose()
    {
        feed.End(this);
        signal.Writer.TryComplete();
    }

    internal void AddLocked(string name, T item, SnapshotFeedOptions<T> options)
    {
        if (resync)
        {
            return;
        }

        removed.Remove(name);
        changed[name] = options.Merge is { } merge && changed.TryGetValue(name, out var earlier) ? merge(earlier, item) : item;
        BoundLocked(options);
    }

    internal void RemoveLocked(string name, SnapshotFeedOptions<T> options)
    {
        if (resync)
        {
            return;
        }

        changed.Remove(name);
        removed.Add(name);
        BoundLocked(options);
    }

    internal void ResyncLocked()
    {
        changed.Clear();
        removed.Clear();
        resync = true;
        signal.Writer.TryWrite(true);
    }

    internal FeedBatch<T>? TakeLocked(Dictionary<string, T> items)
    {
        if (!resync && PendingLocked == 0)
        {
            return null;
        }

        var batch = resync ? new FeedBatch<T>(true, [.. items.Values], []) : new FeedBatch<T>(false, [.. changed.Values], [.. removed]);
        changed.Clear();
        removed.Clear();
        resync = false;
        return batch;
    }

    private void BoundLocked(SnapshotFeedOptions<T> options)
    {
        if (PendingLocked > options.MostPending)
        {
            ResyncLocked();
        }
        else
        {
            signal.Writer.TryWrite(true);
        }
    }
}
