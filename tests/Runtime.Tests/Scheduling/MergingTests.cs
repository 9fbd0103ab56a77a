using Ops.Runtime.Inference;
using Ops.Runtime.OnnxRuntime;
using Ops.Runtime.Scheduling;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Scheduling;

/// <summary>What runs together.</summary>
public sealed class MergingTests
{
    [Fact]
    public async Task RunAsync_Waiting_RunTogetherAndEachGetsItsRows()
    {
        using var bench = new SchedulerBench();
        var results = await RunBehindAsync(bench, FakeEngine.Request([1, 2], width: 3), FakeEngine.Request([3], width: 3), FakeEngine.Request([4, 5], width: 3));
        Assert.Equal([1f, 2, 3, 4, 5], bench.Engine.Runs.Last());
        Assert.Equal([2f, 2, 2, 4, 4, 4], results[0].Outputs[0].Data<float>().ToArray());
        Assert.Equal([6f, 6, 6], results[1].Outputs[0].Data<float>().ToArray());
        Assert.Equal([8f, 8, 8, 10, 10, 10], results[2].Outputs[0].Data<float>().ToArray());
        Assert.Equal([2, 3], results[2].Outputs[0].Shape);
        // The one that kept the run busy counts too.
        Assert.Equal(2, bench.Metrics.Runs);
        Assert.Equal(6, bench.Metrics.Rows);
        Assert.True(bench.Metrics.MergeDuration > TimeSpan.Zero);
        results.ForEach(r => r.Dispose());
    }

    [Fact]
    public async Task RunAsync_OtherShapes_AreNotMixed()
    {
        using var bench = new SchedulerBench();
        var results = await RunBehindAsync(
            bench, FakeEngine.Request([1], width: 2), FakeEngine.Request([2], width: 3), FakeEngine.Request([3], width: 2), FakeEngine.Request([4], width: 3));
        Assert.Equal([[1f, 3], [2, 4]], bench.Engine.Runs.Skip(1));
        Assert.Equal([6f, 6], results[2].Outputs[0].Data<float>().ToArray());
        results.ForEach(r => r.Dispose());
    }

    [Fact]
    public async Task RunAsync_MoreThanTheLargestBatch_IsSplitInOrder()
    {
        using var bench = new SchedulerBench(SchedulerBench.Merging(4));
        var results = await RunBehindAsync(
            bench, FakeEngine.Request([1, 2]), FakeEngine.Request([3]), FakeEngine.Request([4, 5]), FakeEngine.Request([6]), FakeEngine.Request([10, 11, 12, 13, 14]), FakeEngine.Request([7]));
        // [4,5] does not fit into the first run, and [6] may not overtake it. What is larger than the limit runs alone.
        Assert.Equal([[1f, 2, 3], [4, 5, 6], [10, 11, 12, 13, 14], [7]], bench.Engine.Runs.Skip(1));
        results.ForEach(r => r.Dispose());
    }

    [Fact]
    public async Task RunAsync_NoRowsAtAll_RunsAlone()
    {
        using var bench = new SchedulerBench();
        var results = await RunBehindAsync(bench, FakeEngine.Request([]), FakeEngine.Request([1]), FakeEngine.Request([2]));
        Assert.Equal([[], [1f, 2]], bench.Engine.Runs.Skip(1));
        Assert.Equal([0, 1], results[0].Outputs[0].Shape);
        results.ForEach(r => r.Dispose());
    }

    [Fact]
    public async Task RunAsync_OtherOutputs_EachGetsItsOwn()
    {
        using var bench = new SchedulerBench();
        var results = await RunBehindAsync(bench, FakeEngine.Request([1], outputs: 1), FakeEngine.Request([2], outputs: [0, 1]), FakeEngine.Request([3], outputs: 0));
        Assert.Equal([1, 0], bench.Engine.Computed.Last());
        Assert.Equal([-1f], Assert.Single(results[0].Outputs).Data<float>().ToArray());
        Assert.Equal([4f], results[1].Outputs[0].Data<float>().ToArray());
        Assert.Equal([-2f], results[1].Outputs[1].Data<float>().ToArray());
        Assert.Equal([6f], Assert.Single(results[2].Outputs).Data<float>().ToArray());
        results.ForEach(r => r.Dispose());
    }

    [Fact]
    public async Task RunAsync_Preferred_TakesTheLargestThatCanBeFilled()
    {
        using var bench = new SchedulerBench(SchedulerBench.Merging(8, 0, 2, 4));
        var results = await RunBehindAsync(bench, [.. Enumerable.Range(1, 7).Select(v => FakeEngine.Request([v]))]);
        Assert.Equal([[1f, 2, 3, 4], [5, 6], [7]], bench.Engine.Runs.Skip(1));
        results.ForEach(r => r.Dispose());
    }

    [Fact]
    public async Task RunAsync_OneOfTheMergedFails_TheOthersAreAnswered()
    {
        using var bench = new SchedulerBench();
        var running = await bench.OccupyAsync();
        var good = bench.Enter(FakeEngine.Request([1]));
        var bad = bench.Enter(FakeEngine.Request([FakeEngine.Poison]));
        var alsoGood = bench.Enter(FakeEngine.Request([2]));
        bench.Engine.Release();
        using var result = await good;
        using var other = await alsoGood;
        await Assert.ThrowsAsync<OrtException>(() => bad);
        Assert.Equal([2f], result.Outputs[0].Data<float>().ToArray());
        Assert.Equal([4f], other.Outputs[0].Data<float>().ToArray());
        Assert.Equal([[1f, FakeEngine.Poison, 2], [1], [FakeEngine.Poison], [2]], bench.Engine.Runs.Skip(1));
        (await running).Dispose();
    }

    [Fact]
    public async Task RunAsync_OutputsWithoutTheirRows_EndTheMerging()
    {
        using var bench = new SchedulerBench();
        bench.Engine.MissingRows = 1;
        var results = await RunBehindAsync(bench, FakeEngine.Request([1, 2]), FakeEngine.Request([3, 4]));
        Assert.Equal([[1f, 2, 3, 4], [1, 2], [3, 4]], bench.Engine.Runs.Skip(1));
        Assert.Equal([2f], results[0].Outputs[0].Data<float>().ToArray());
        Assert.False(bench.Scheduler.Policy.IsOn);
        Assert.Contains("row per row", bench.Scheduler.Policy.Reason, StringComparison.Ordinal);
        results.ForEach(r => r.Dispose());
    }

    [Fact]
    public async Task RunAsync_OneClientOfAMergedRunLeaves_TheRunGoesOn()
    {
        using var bench = new SchedulerBench();
        using var abort = new CancellationTokenSource();
        var (leaver, stayer) = await BeginMergedAsync(bench, abort.Token, default);
        await abort.CancelAsync();
        bench.Engine.Release();
        using var result = await stayer;
        Assert.Equal([4f], result.Outputs[0].Data<float>().ToArray());
        (await leaver).Dispose();
        Assert.Equal(2, bench.Engine.Runs.Count);
    }

    [Fact]
    public async Task RunAsync_AllClientsOfAMergedRunLeave_TheRunEnds()
    {
        using var bench = new SchedulerBench();
        using var abort = new CancellationTokenSource();
        var (one, other) = await BeginMergedAsync(bench, abort.Token, abort.Token);
        await abort.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => other);
        Assert.Equal(2, bench.Engine.Runs.Count);
    }

    [Fact]
    public async Task Cut_MergedRun_EndsWith503()
    {
        using var bench = new SchedulerBench();
        var (one, other) = await BeginMergedAsync(bench, default, default);
        await bench.CutAsync();
        Assert.Equal(503, (await Assert.ThrowsAsync<ProtocolException>(() => one)).Status);
        Assert.Equal(503, (await Assert.ThrowsAsync<ProtocolException>(() => other)).Status);
        Assert.Equal(2, bench.Engine.Runs.Count);
    }

    [Fact]
    public async Task RunAsync_Delay_WaitsForCompanyUntilItIsOver()
    {
        using var bench = new SchedulerBench(SchedulerBench.Merging(4, delayMilliseconds: 5));
        var first = bench.Enter(FakeEngine.Request([1]));
        bench.Time.Advance(TimeSpan.FromMilliseconds(3));
        var second = bench.Enter(FakeEngine.Request([2]));
        Assert.Empty(bench.Engine.Runs);
        bench.Time.Advance(TimeSpan.FromMilliseconds(2));
        (await first).Dispose();
        (await second).Dispose();
        Assert.Equal([[1f, 2]], bench.Engine.Runs);
    }

    [Theory]
    [InlineData(new int[0], 4)]
    [InlineData(new[] { 2, 4 }, 2)]
    public async Task RunAsync_DelayAndEnoughRows_StartsWithoutWaiting(int[] preferred, int enough)
    {
        using var bench = new SchedulerBench(SchedulerBench.Merging(4, 1000, preferred));
        var waiting = Enumerable.Range(1, enough).Select(v => bench.Enter(FakeEngine.Request([v]))).ToList();
        Assert.All(await Task.WhenAll(waiting), r => r.Dispose());
        Assert.Equal(enough, Assert.Single(bench.Engine.Runs).Length);
    }

    [Fact]
    public async Task RunAsync_DelayAndAFullQueue_StartsWithoutWaiting()
    {
        using var bench = new SchedulerBench(SchedulerBench.Merging(8, 1000), queueLimit: 2);
        var waiting = new[] { bench.Enter(FakeEngine.Request([1])), bench.Enter(FakeEngine.Request([2])) };
        Assert.All(await Task.WhenAll(waiting), r => r.Dispose());
    }

    [Fact]
    public async Task RunAsync_DelayAndABatchOfItsOwn_RunsAtOnce()
    {
        using var bench = new SchedulerBench(SchedulerBench.Merging(2, 1000));
        // The clock stands still, so a delay would never end.
        (await bench.Enter(FakeEngine.Request([1, 2]))).Dispose();
    }

    /// <summary>Lets requests wait behind a run, and then run.</summary>
    private static async Task<List<InferResult>> RunBehindAsync(SchedulerBench bench, params InferRequest[] requests)
    {
        var running = await bench.OccupyAsync();
        var waiting = requests.Select(r => bench.Enter(r)).ToList();
        Assert.Equal(requests.Length, bench.Scheduler.Waiting);
        bench.Engine.Release();
        (await running).Dispose();
        return [.. await Task.WhenAll(waiting)];
    }

    /// <summary>Brings two requests into one run that is kept.</summary>
    private static async Task<(Task<InferResult> One, Task<InferResult> Other)> BeginMergedAsync(SchedulerBench bench, CancellationToken ofOne, CancellationToken ofOther)
    {
        var running = await bench.OccupyAsync();
        var one = bench.Enter(FakeEngine.Request([FakeEngine.Block]), ofOne);
        var other = bench.Enter(FakeEngine.Request([2]), ofOther);
        bench.Engine.Release();
        (await running).Dispose();
        await Eventually.TrueAsync(() => bench.Engine.Runs.Count == 2 && bench.Engine.Blocked == 1, "the merged run to begin");
        return (one, other);
    }
}
