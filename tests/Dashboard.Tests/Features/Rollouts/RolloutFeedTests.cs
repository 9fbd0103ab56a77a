using Ops.Dashboard.Features.Rollouts;
using Ops.Dashboard.Features.Targets;
using Ops.Testing;

namespace Ops.Dashboard.Tests.Features.Rollouts;

public sealed class RolloutFeedTests
{
    private readonly RolloutFeed feed = new(new ManualTime());
    private readonly EndpointActivity activity = new()
    {
        EndpointId = Guid.NewGuid(),
        Name = "digits",
        Replicas = [new() { Id = "r0", PlanId = Guid.NewGuid(), Node = "node", Phase = ReplicaPhase.Loading }],
    };

    [Fact]
    public async Task Publish_TheSameAgain_ReachesNobodyASecondTime()
    {
        feed.Publish(activity);
        using var subscription = feed.Subscribe();
        await using var batches = subscription.ReadAsync(default).GetAsyncEnumerator();
        Assert.True(await batches.MoveNextAsync());
        Assert.True(batches.Current.IsSnapshot);

        // Another look makes equal replicas, not the same list.
        feed.Publish(activity with { Replicas = [activity.Replicas[0] with { }] });
        Assert.Equal(0, subscription.Pending);
        feed.Publish(activity with { Replicas = [activity.Replicas[0] with { Phase = ReplicaPhase.Ready }] });
        Assert.Equal(1, subscription.Pending);
    }

    [Fact]
    public void See_WhileAPassIsUnderWay_IsToldAtOnceAndNotTakenBackByThePass()
    {
        IReadOnlyList<ReplicaObservation> ready = [activity.Replicas[0] with { Phase = ReplicaPhase.Ready }];
        feed.See(activity.EndpointId, ready);
        Assert.Empty(feed.Snapshot());

        feed.See(activity.EndpointId, activity.Replicas);
        feed.Publish(activity with { Status = "waits" });
        feed.See(activity.EndpointId, ready);
        Assert.Equal(("waits", 1, ready), feed.Snapshot().Select(a => (a.Status, a.Ready, a.Replicas)).Single());

        // The pass began before.
        feed.Publish(activity with { Status = "waits on" });
        Assert.Equal(("waits on", 1, ready), feed.Snapshot().Select(a => (a.Status, a.Ready, a.Replicas)).Single());
    }

    [Fact]
    public void Subscribe_Disposed_LeavesNoSubscriber()
    {
        var subscription = feed.Subscribe();
        Assert.Equal(1, feed.SubscriberCount);
        subscription.Dispose();
        Assert.Equal(0, feed.SubscriberCount);
    }

    [Fact]
    public void Remove_ThenTheSameAgain_IsShownAgain()
    {
        feed.Publish(activity);
        feed.Remove(activity.EndpointId);
        Assert.Empty(feed.Snapshot());
        feed.Publish(activity);
        Assert.Single(feed.Snapshot());
    }
}
