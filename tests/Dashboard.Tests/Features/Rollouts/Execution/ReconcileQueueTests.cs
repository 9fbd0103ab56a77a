using Ops.Dashboard.Features.Rollouts.Execution;
using Ops.Testing;

namespace Ops.Dashboard.Tests.Features.Rollouts.Execution;

public sealed class ReconcileQueueTests
{
    private readonly ManualTime time = new();
    private readonly Guid id = Guid.NewGuid();

    [Fact]
    public async Task Enqueue_ManyTimes_WaitsOnce()
    {
        using ReconcileQueue queue = new(time);
        for (var i = 0; i < 100; i++)
        {
            queue.Enqueue(id);
        }

        Assert.Equal(1, queue.Waiting);
        Assert.Equal(id, await queue.NextAsync(default));
        queue.Enqueue(id);
        Assert.Equal(1, queue.Waiting);
        queue.Begin(id);
        Assert.Equal(0, queue.Waiting);
    }

    [Fact]
    public async Task Enqueue_WhileInWork_ComesAgainOnlyAfterwards()
    {
        using ReconcileQueue queue = new(time);
        queue.Enqueue(id);
        queue.Begin(await queue.NextAsync(default));
        queue.Enqueue(id);
        queue.Enqueue(id);

        Assert.Equal(0, queue.Waiting);
        queue.Finish(id);
        Assert.Equal(1, queue.Waiting);
        queue.Begin(await queue.NextAsync(default));
        queue.Finish(id);
        Assert.Equal(0, queue.Waiting);
    }

    [Fact]
    public void EnqueueAfter_TwoTimes_TheEarlierCounts()
    {
        using ReconcileQueue queue = new(time);
        queue.EnqueueAfter(id, TimeSpan.FromSeconds(5));
        queue.EnqueueAfter(id, TimeSpan.FromSeconds(2));
        queue.EnqueueAfter(id, TimeSpan.FromSeconds(9));
        Assert.Equal(1, time.ActiveTimers);

        time.Advance(TimeSpan.FromSeconds(1.9));
        Assert.Equal(0, queue.Waiting);
        time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(1, queue.Waiting);
    }

    [Fact]
    public void Enqueue_BeforeTheTimer_MakesTheTimerSuperfluous()
    {
        using ReconcileQueue queue = new(time);
        queue.EnqueueAfter(id, TimeSpan.FromSeconds(5));
        queue.Enqueue(id);

        Assert.Equal(0, time.ActiveTimers);
        Assert.Equal(1, queue.Waiting);
    }

    [Fact]
    public void Dispose_WithTimers_LeavesNone()
    {
        ReconcileQueue queue = new(time);
        queue.EnqueueAfter(id, TimeSpan.FromSeconds(5));
        queue.Dispose();
        queue.Enqueue(id);

        Assert.Equal((0, 0), (time.ActiveTimers, queue.Waiting));
    }
}
