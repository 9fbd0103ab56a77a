namespace Ops.Dashboard.Components.Controls;

/// <summary>One clock for every relative time on every page: it runs only while somebody listens.</summary>
public sealed class Ticker(TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);
    private readonly Lock gate = new();
    private readonly HashSet<Subscription> subscriptions = [];
    private ITimer? timer;

    /// <summary>How many listen now.</summary>
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

    /// <summary>Calls <paramref name="tick"/> every five seconds, on no particular thread, until the result is disposed.</summary>
    public IDisposable Subscribe(Action tick)
    {
        ArgumentNullException.ThrowIfNull(tick);
        var subscription = new Subscription(this, tick);
        lock (gate)
        {
            subscriptions.Add(subscription);
            timer ??= time.CreateTimer(_ => TickAll(), null, Period, Period);
        }

        return subscription;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            subscriptions.Clear();
            timer?.Dispose();
            timer = null;
        }
    }

    private void TickAll()
    {
        Subscription[] all;
        lock (gate)
        {
            all = [.. subscriptions];
        }

        foreach (var subscription in all)
        {
            subscription.Tick();
        }
    }

    private void Remove(Subscription subscription)
    {
        lock (gate)
        {
            if (subscriptions.Remove(subscription) && subscriptions.Count == 0)
            {
                timer?.Dispose();
                timer = null;
            }
        }
    }

    private sealed class Subscription(Ticker owner, Action tick) : IDisposable
    {
        public void Tick() => tick();

        public void Dispose() => owner.Remove(this);
    }
}
