using Ops.Dashboard.Live;
using Ops.Testing;

namespace Ops.Dashboard.Tests.Live;

public sealed class SnapshotFeedTests
{
    private static readonly SnapshotFeedOptions<Item> NoPause = new() { Interval = TimeSpan.Zero };

    private sealed record Item(string Key, int Value);

    private static SnapshotFeed<Item> Feed(SnapshotFeedOptions<Item>? options = null, TimeProvider? time = null) =>
        new(item => item.Key, time ?? TimeProvider.System, options ?? NoPause);

    [Fact]
    public async Task Subscribe_WithItems_BeginsWithSnapshotThenChanges()
    {
        var feed = Feed();
        feed.Publish(new("a", 1));
        using var subscription = feed.Subscribe();
        await using var reader = subscription.ReadAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator();

        Assert.True(await reader.MoveNextAsync());
        Assert.True(reader.Current.IsSnapshot);
        Assert.Equal([new Item("a", 1)], reader.Current.Items);

        feed.Publish(new("b", 2));
        feed.Remove("a");
        Assert.True(await reader.MoveNextAsync());
        Assert.False(reader.Current.IsSnapshot);
        Assert.Equal([new Item("b", 2)], reader.Current.Items);
        Assert.Equal(["a"], reader.Current.Removed);
    }

    [Fact]
    public async Task Subscribe_WhileOthersPublish_MissesNothingAndEndsEqual()
    {
        var feed = Feed();
        const int writers = 4, perWriter = 5_000;
        var writing = Enumerable.Range(0, writers).Select(writer => Task.Run(() =>
        {
            for (var value = 1; value <= perWriter; value++)
            {
                feed.Publish(new($"{writer}-{value % 50}", value));
                if (value % 7 == 0)
                {
                    feed.Remove($"{writer}-{value % 50}");
                }
            }

            feed.Publish(new($"{writer}-last", perWriter));
        })).ToArray();

        var readers = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            var state = new Dictionary<string, Item>();
            using var subscription = feed.Subscribe();
            var first = true;
            await foreach (var batch in subscription.ReadAsync(TestContext.Current.CancellationToken))
            {
                Assert.Equal(first, batch.IsSnapshot);
                first = false;
                foreach (var item in batch.Items)
                {
                    // A change older than what the snapshot held would be a change seen twice or out of order.
                    Assert.True(!state.TryGetValue(item.Key, out var known) || known.Value <= item.Value);
                    state[item.Key] = item;
                }

                foreach (var key in batch.Removed)
                {
                    state.Remove(key);
                }

                if (Enumerable.Range(0, writers).All(writer => state.ContainsKey($"{writer}-last")))
                {
                    break;
                }
            }

            return state;
        })).ToArray();

        await Task.WhenAll(writing);
        foreach (var state in await Task.WhenAll(readers))
        {
            Assert.Equal(feed.Snapshot().OrderBy(item => item.Key), state.Values.OrderBy(item => item.Key));
        }

        Assert.Equal(0, feed.SubscriberCount);
    }

    [Fact]
    public async Task Publish_ToStalledSubscriber_KeepsOnlyTheLatestOfEachKey()
    {
        var feed = Feed();
        using var subscription = feed.Subscribe();
        await using var reader = subscription.ReadAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator();
        await reader.MoveNextAsync();

        for (var value = 0; value < 100_000; value++)
        {
            feed.Publish(new(value % 2 == 0 ? "even" : "odd", value));
        }

        Assert.Equal(2, subscription.Pending);
        Assert.True(await reader.MoveNextAsync());
        Assert.Equal([99_998, 99_999], reader.Current.Items.Select(item => item.Value).Order());
    }

    [Fact]
    public async Task Publish_MoreKeysThanMayWait_GivesAFreshSnapshotInstead()
    {
        var feed = Feed(new() { Interval = TimeSpan.Zero, MostPending = 10 });
        using var subscription = feed.Subscribe();
        await using var reader = subscription.ReadAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator();
        await reader.MoveNextAsync();

        for (var value = 0; value < 500; value++)
        {
            feed.Publish(new($"key-{value}", value));
            Assert.InRange(subscription.Pending, 0, 10);
        }

        Assert.True(await reader.MoveNextAsync());
        Assert.True(reader.Current.IsSnapshot);
        Assert.Equal(500, reader.Current.Items.Count);
    }

    [Fact]
    public async Task Publish_WithMerge_JoinsWhatWaits()
    {
        var feed = Feed(new() { Interval = TimeSpan.Zero, Merge = (earlier, later) => later with { Value = earlier.Value + later.Value } });
        using var subscription = feed.Subscribe();
        await using var reader = subscription.ReadAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator();
        await reader.MoveNextAsync();

        feed.Publish(new("a", 1));
        feed.Publish(new("a", 2));
        feed.Publish(new("a", 3));

        await reader.MoveNextAsync();
        Assert.Equal(6, Assert.Single(reader.Current.Items).Value);
    }

    [Fact]
    public async Task ReadAsync_WithinTheInterval_WaitsForItsEnd()
    {
        var time = new ManualTime();
        var feed = Feed(new() { Interval = TimeSpan.FromSeconds(1) }, time);
        using var subscription = feed.Subscribe();
        await using var reader = subscription.ReadAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator();
        await reader.MoveNextAsync();

        feed.Publish(new("a", 1));
        var next = reader.MoveNextAsync().AsTask();
        time.Advance(TimeSpan.FromMilliseconds(900));
        await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.False(next.IsCompleted);

        feed.Publish(new("a", 2));
        time.Advance(TimeSpan.FromMilliseconds(200));
        Assert.True(await next.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));
        Assert.Equal([new Item("a", 2)], reader.Current.Items);
    }

    [Fact]
    public async Task Reset_GivesEverySubscriberTheNewWhole()
    {
        var feed = Feed();
        feed.Publish(new("old", 1));
        using var subscription = feed.Subscribe();
        await using var reader = subscription.ReadAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator();
        await reader.MoveNextAsync();

        feed.Reset([new("new", 2)]);

        await reader.MoveNextAsync();
        Assert.True(reader.Current.IsSnapshot);
        Assert.Equal([new Item("new", 2)], reader.Current.Items);
    }

    [Fact]
    public async Task Dispose_WhileReading_EndsTheReadAndTheSubscription()
    {
        var feed = Feed();
        var subscription = feed.Subscribe();
        Assert.Equal(1, feed.SubscriberCount);
        var reading = Task.Run(async () =>
        {
            var batches = 0;
            await foreach (var batch in subscription.ReadAsync(TestContext.Current.CancellationToken))
            {
                batches++;
            }

            return batches;
        });

        while (subscription.Pending > 0)
        {
            await Task.Yield();
        }

        subscription.Dispose();
        Assert.InRange(await reading.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken), 0, 1);
        Assert.Equal(0, feed.SubscriberCount);
        feed.Publish(new("after", 1));
        Assert.Equal(0, subscription.Pending);
    }

    [Fact]
    public void Constructor_WithoutRoom_Throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Feed(new() { MostPending = 0 }));
}
