using Ops.Runtime.Inference;
using Ops.Runtime.OnnxRuntime;
using Ops.Runtime.Scheduling;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Scheduling;

/// <summary>Admission, order, patience and ends.</summary>
public sealed class ModelSchedulerTests
{
    [Fact]
    public async Task RunAsync_IdleModelOfShortRuns_RunsBeforeItReturns()
    {
        using var bench = new SchedulerBench();
        bench.BeQuick();
        var task = bench.Enter(FakeEngine.Request([3]));
        Assert.True(task.IsCompleted);
        using var result = await task;
        Assert.Equal([6f], result.Outputs[0].Data<float>().ToArray());
        Assert.Equal(1, bench.Metrics.Runs);
    }

    [Fact]
    public async Task RunAsync_LengthOfRunsUnknown_LeavesTheCallersThread()
    {
        using var bench = new SchedulerBench();
        // On this thread: it would block here until the run is let go.
        var task = bench.Enter(FakeEngine.Request([FakeEngine.Block]));
        await Eventually.TrueAsync(() => bench.Engine.Blocked == 1, "the run to begin");
        bench.Engine.Release();
        (await task).Dispose();
        Assert.Equal(0, bench.Metrics.Waiting);
    }

    [Fact]
    public async Task RunAsync_OthersOnTheirWay_RunsTogetherWithThem()
    {
        using var bench = new SchedulerBench();
        bench.BeQuick();
        bench.Metrics.Enter();
        bench.Metrics.Enter();
        var running = await bench.OccupyAsync();
        var tasks = Enumerable.Range(1, 8).Select(i => bench.Enter(FakeEngine.Request([i]))).ToList();
        bench.Engine.Release();
        (await running).Dispose();
        Assert.All(await Task.WhenAll(tasks), r => r.Dispose());
        Assert.Equal(2, bench.Engine.Runs.Count);
        var alone = bench.Enter(FakeEngine.Request([9]));
        (await alone).Dispose();
    }

    [Fact]
    public async Task RunAsync_AsManyAsFreeRunsAndTheQueueHold_NoneIsRefused()
    {
        using var bench = new SchedulerBench(SchedulerBench.Alone, instances: 3, queueLimit: 2);
        for (var round = 0; round < 20; round++)
        {
            var tasks = Enumerable.Range(0, 5).Select(i => bench.Enter(FakeEngine.Request([i]))).ToList();
            Assert.All(await Task.WhenAll(tasks), r => r.Dispose());
            await Eventually.TrueAsync(() => bench.Scheduler.Idle == 3, "the runs to end");
        }
    }

    [Fact]
    public async Task RunAsync_AsManyAsInstances_RunAtTheSameTime()
    {
        using var bench = new SchedulerBench(instances: 3);
        var running = new List<Task<InferResult>>();
        for (var i = 0; i < 3; i++)
        {
            running.Add(await bench.OccupyAsync());
        }

        var fourth = bench.Enter(FakeEngine.Request([1]));
        Assert.Equal(1, bench.Scheduler.Waiting);
        bench.Engine.Release();
        using var result = await fourth;
        bench.Engine.Release();
        bench.Engine.Release();
        Assert.All(await Task.WhenAll(running), r => r.Dispose());
    }

    [Fact]
    public async Task RunAsync_QueueFull_IsRefusedExactlyAtTheLimit()
    {
        using var bench = new SchedulerBench(queueLimit: 3);
        var running = await bench.OccupyAsync();
        var waiting = new List<Task<InferResult>>();
        for (var i = 0; i < 3; i++)
        {
            Assert.False(bench.Scheduler.IsFull);
            waiting.Add(bench.Enter(FakeEngine.Request([i])));
        }

        Assert.True(bench.Scheduler.IsFull);
        Assert.Equal(3, bench.Metrics.Waiting);
        var refusal = await Assert.ThrowsAsync<ProtocolException>(() => bench.Enter(FakeEngine.Request([9])));
        Assert.Equal(503, refusal.Status);
        bench.Engine.Release();
        Assert.All(await Task.WhenAll(waiting), r => r.Dispose());
        Assert.Equal(0, bench.Metrics.Waiting);
        (await running).Dispose();
    }

    [Fact]
    public async Task RunAsync_Priorities_TheMostUrgentAndThenTheOldestGoFirst()
    {
        using var bench = new SchedulerBench(SchedulerBench.Alone, queue: new QueueOptions { PriorityLevels = 3, DefaultPriority = 2 });
        var running = await bench.OccupyAsync();
        // 0 and 9 are no levels, so they take the default.
        var waiting = new (float Value, uint Priority)[] { (1, 3), (2, 0), (3, 1), (4, 2), (5, 9), (6, 1), (7, 3) }
            .Select(r => bench.Enter(FakeEngine.Request([r.Value], priority: r.Priority))).ToList();
        bench.Engine.Release();
        Assert.All(await Task.WhenAll(waiting), r => r.Dispose());
        Assert.Equal([3f, 6, 2, 4, 5, 1, 7], bench.Engine.Runs.Skip(1).Select(r => r[0]));
        (await running).Dispose();
    }

    [Theory]
    [InlineData(50, 0, 0, 50)]
    [InlineData(null, 40, 0, 40)]
    [InlineData(50, 40, 0, 50)]
    [InlineData(5000, 40, 60, 60)]
    [InlineData(null, 0, 60, 60)]
    [InlineData(0, 40, 60, 40)]
    public async Task RunAsync_NoRunInTime_Is503AtThatMoment(int? asked, int byDefault, int most, int expected)
    {
        using var bench = new SchedulerBench(queue: new QueueOptions { DefaultTimeoutMilliseconds = byDefault, MaxTimeoutMilliseconds = most });
        var running = await bench.OccupyAsync();
        var impatient = bench.Enter(FakeEngine.Request([1], timeout: asked is { } ms ? TimeSpan.FromMilliseconds(ms) : null));
        bench.Time.Advance(TimeSpan.FromMilliseconds(expected - 1));
        Assert.False(impatient.IsCompleted);
        Assert.Equal(1, bench.Scheduler.Waiting);
        bench.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(0, bench.Scheduler.Waiting);
        var refusal = await Assert.ThrowsAsync<ProtocolException>(() => impatient);
        Assert.Equal(503, refusal.Status);
        Assert.StartsWith("Request timeout expired", refusal.Message, StringComparison.Ordinal);
        bench.Engine.Release();
        (await running).Dispose();
        Assert.Single(bench.Engine.Runs);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(long.MaxValue)]
    public async Task RunAsync_NoTimeout_WaitsForAsLongAsItTakes(long? ticks)
    {
        using var bench = new SchedulerBench();
        var running = await bench.OccupyAsync();
        var patient = bench.Enter(FakeEngine.Request([1], timeout: ticks is { } t ? TimeSpan.FromTicks(t) : null));
        bench.Time.Advance(TimeSpan.FromDays(40));
        Assert.False(patient.IsCompleted);
        bench.Engine.Release();
        (await patient).Dispose();
        (await running).Dispose();
    }

    [Fact]
    public async Task RunAsync_TimeoutWhileRunning_IsAnswered()
    {
        using var bench = new SchedulerBench();
        var running = await bench.OccupyAsync();
        var second = bench.Enter(FakeEngine.Request([FakeEngine.Block], timeout: TimeSpan.FromMilliseconds(50)));
        bench.Engine.Release();
        (await running).Dispose();
        await Eventually.TrueAsync(() => bench.Engine.Runs.Count == 2 && bench.Engine.Blocked == 1, "the second run to begin");
        bench.Time.Advance(TimeSpan.FromSeconds(10));
        bench.Engine.Release();
        (await second).Dispose();
    }

    [Fact]
    public async Task RunAsync_ClientLeavesTheQueue_MakesRoomAtOnce()
    {
        using var bench = new SchedulerBench(queueLimit: 1);
        var running = await bench.OccupyAsync();
        using var abort = new CancellationTokenSource();
        var leaver = bench.Enter(FakeEngine.Request([1]), abort.Token);
        Assert.True(bench.Scheduler.IsFull);
        await abort.CancelAsync();
        Assert.Equal(0, bench.Scheduler.Waiting);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaver);
        var next = bench.Enter(FakeEngine.Request([2]));
        bench.Engine.Release();
        (await next).Dispose();
        (await running).Dispose();
        Assert.Equal([FakeEngine.Block, 2f], bench.Engine.Runs.Select(r => r[0]));
    }

    [Fact]
    public async Task RunAsync_ClientLeavesItsRun_EndsIt()
    {
        using var bench = new SchedulerBench();
        using var abort = new CancellationTokenSource();
        var running = await bench.OccupyAsync(abort.Token);
        await abort.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        // The next run in the same place must not be ended by what was meant for the last.
        (await bench.Enter(FakeEngine.Request([1]))).Dispose();
        Assert.Equal(1, bench.Metrics.Runs);
    }

    [Fact]
    public async Task RunAsync_ClientOfAQueuedRunLeaves_EndsIt()
    {
        using var bench = new SchedulerBench();
        using var abort = new CancellationTokenSource();
        var running = await bench.OccupyAsync();
        var queued = bench.Enter(FakeEngine.Request([FakeEngine.Block]), abort.Token);
        bench.Engine.Release();
        (await running).Dispose();
        await Eventually.TrueAsync(() => bench.Engine.Runs.Count == 2 && bench.Engine.Blocked == 1, "the queued run to begin");
        await abort.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => queued);
        await Eventually.TrueAsync(() => !bench.Scheduler.IsFull && bench.Engine.Blocked == 0, "the run to end");
        (await bench.Enter(FakeEngine.Request([1]))).Dispose();
    }

    [Fact]
    public async Task RunAsync_ClientGoneBefore_NeverRuns()
    {
        using var bench = new SchedulerBench();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bench.Enter(FakeEngine.Request([1]), new CancellationToken(canceled: true)));
        Assert.Empty(bench.Engine.Runs);
    }

    [Fact]
    public async Task Cut_RunningWaitingAndComing_AllGet503()
    {
        using var bench = new SchedulerBench();
        var running = await bench.OccupyAsync();
        var waiting = bench.Enter(FakeEngine.Request([1]));
        await bench.CutAsync();
        Assert.Equal(503, (await Assert.ThrowsAsync<ProtocolException>(() => running)).Status);
        Assert.Equal(503, (await Assert.ThrowsAsync<ProtocolException>(() => waiting)).Status);
        Assert.Equal(503, (await Assert.ThrowsAsync<ProtocolException>(() => bench.Enter(FakeEngine.Request([1])))).Status);
        Assert.Single(bench.Engine.Runs);
    }

    [Fact]
    public async Task Dispose_WaitingGets503_RunningIsAnswered()
    {
        using var bench = new SchedulerBench();
        var running = await bench.OccupyAsync();
        var waiting = bench.Enter(FakeEngine.Request([1]));
        bench.Scheduler.Stop("The model is no longer served.", endRuns: false);
        Assert.Equal(503, (await Assert.ThrowsAsync<ProtocolException>(() => waiting)).Status);
        bench.Engine.Release();
        (await running).Dispose();
    }

    [Fact]
    public async Task RunAsync_RunFails_TellsThatRequestOnly()
    {
        using var bench = new SchedulerBench();
        await Assert.ThrowsAsync<OrtException>(() => bench.Enter(FakeEngine.Request([FakeEngine.Poison])));
        (await bench.Enter(FakeEngine.Request([1]))).Dispose();
        Assert.Equal(1, bench.Metrics.Runs);
    }
}
