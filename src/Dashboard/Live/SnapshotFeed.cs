namespace Ops.Dashboard.Live;

/// <summary>
/// The present state of a set of keyed items, and its changes from then on, for any number of subscribers. A subscription begins
/// with a snapshot taken in the same moment as it is registered, so no change is missed and none is seen twice. Changes that a
/// subscriber has not taken yet are joined per key, so what waits for it is bounded however long it stalls, and nothing runs on
/// its behalf meanwhile. Publishing never waits for a subscriber.
/// </summary>
/// <typeparam name="T">The items; treat them as immutable, all subscribers see the same instances.</typeparam>
public sealed class SnapshotFeed<T>
{
    private readonly Lock gate = new();
    private readonly Func<T, string> key;
    private readonly SnapshotFeedOptions<T> options;
    private readonly Dictionary<string, T> items = new(StringComparer.Ordinal);
    private readonly HashSet<FeedSubscription<T>> subscriptions = [];

    /// <param name="key">The identity of an item.</param>
    /// <param name="time">The clock that the pauses between batches go by.</param>
    /// <param name="options">Pace and bounds; the defaults where null.</param>
    /// <exception cref="ArgumentOutOfRangeException">A negative interval, or no room for a single change.</exception>
    public SnapshotFeed(Func<T, string> key, TimeProvider time, SnapshotFeedOptions<T>? options = null)
    {
        this.key = key;
        this.options = options ?? new SnapshotFeedOptions<T>();
        ArgumentOutOfRangeException.ThrowIfLessThan(this.options.Interval, TimeSpan.Zero, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(this.options.MostPending, 1, nameof(options));
        Time = time;
    }

    /// <summary>How many subscriptions are open.</summary>
    public int SubscriberCount
    {
        get
        {
            lock (gate)
            {
                return subscriptions.Count;
            }
        }
    }

    internal TimeProvider Time { get; }

    internal TimeSpan Interval => options.Interval;

    /// <summary>All items now.</summary>
    public IReadOnlyList<T> Snapshot()
    {
        lock (gate)
        {
            return [.. items.Values];
        }
    }

    /// <summary>Adds an item or replaces the one with its key.</summary>
    public void Publish(T item) => PublishAll([item]);

    /// <summary>Adds or replaces items that belong together: a subscriber gets all of them in one batch, or those it has not taken yet.</summary>
    public void PublishAll(IReadOnlyCollection<T> together)
    {
        ArgumentNullException.ThrowIfNull(together);
        lock (gate)
        {
            foreach (var item in together)
            {
                var name = key(item);
                items[name] = item;
                foreach (var subscription in subscriptions)
                {
                    subscription.AddLocked(name, item, options);
                }
            }
        }
    }

    /// <summary>Takes an item away; nothing happens where there is none of that key.</summary>
    public void Remove(string name)
    {
        lock (gate)
        {
            if (!items.Remove(name))
            {
                return;
            }

            foreach (var subscription in subscriptions)
            {
                subscription.RemoveLocked(name, options);
            }
        }
    }

    /// <summary>Makes the given items all there is; subscribers get a fresh snapshot.</summary>
    public void Reset(IEnumerable<T> all)
    {
        ArgumentNullException.ThrowIfNull(all);
        var next = all.ToDictionary(key, StringComparer.Ordinal);
        lock (gate)
        {
            items.Clear();
            foreach (var (name, item) in next)
            {
                items[name] = item;
            }

            foreach (var subscription in subscriptions)
            {
                subscription.ResyncLocked();
            }
        }
    }

    /// <summary>Registers a subscriber at once; what it reads first is the state of this moment or a later one. Dispose it to end it.</summary>
    public FeedSubscription<T> Subscribe()
    {
        var subscription = new FeedSubscription<T>(this);
        lock (gate)
        {
            subscriptions.Add(subscription);
            subscription.ResyncLocked();
        }

        return subscription;
    }

    internal FeedBatch<T>? Take(FeedSubscription<T> subscription)
    {
        lock (gate)
        {
            return subscription.TakeLocked(items);
        }
    }

    internal int Pending(FeedSubscription<T> subscription)
    {
        lock (gate)
        {
            return subscription.PendingLocked;
        }
    }

    internal void End(FeedSubscription<T> subscription)
    {
        lock (gate)
        {
            subscriptions.Remove(subscription);
        }
    }
}
