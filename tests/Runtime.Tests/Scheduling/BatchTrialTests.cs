using Ops.Runtime.OnnxRuntime;
using Ops.Runtime.Scheduling;
using Ops.Testing;

namespace Ops.Runtime.Tests.Scheduling;

public sealed class BatchTrialTests
{
    private static readonly BatchingOptions On = new() { Enabled = BatchingMode.On, MaxBatchSize = 6, PreferredBatchSizes = [4, 2, 4, 9], MaxQueueDelayMicroseconds = 1500 };

    private readonly ManualTime time = new();

    [Fact]
    public void Decide_RowByRowAndOn_TakesWhatTheConfigurationSays()
    {
        var policy = Decide(Double, On);
        Assert.True(policy.IsOn);
        Assert.True(policy.HasRows);
        Assert.Equal(6, policy.MaxBatchSize);
        Assert.Equal([2, 4], policy.PreferredBatchSizes);
        Assert.Equal(TimeSpan.FromMilliseconds(2), policy.MaxQueueDelay);
    }

    [Fact]
    public void Decide_OnWithoutASize_MeasuresOne()
    {
        var policy = Decide(Taking(rows => rows), new BatchingOptions { Enabled = BatchingMode.On });
        Assert.InRange(policy.MaxBatchSize, 2, 32);
        Assert.Equal(TimeSpan.Zero, policy.MaxQueueDelay);
    }

    [Fact]
    public void Decide_AutoAndRunsAllTakeTheSame_Merges()
    {
        var policy = Decide(Taking(_ => 5), new BatchingOptions());
        Assert.Equal(32, policy.MaxBatchSize);
        Assert.Contains("32.0 times the rows", policy.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Decide_AutoAndTimeGrowsWithTheRows_DoesNotMerge()
    {
        var policy = Decide(Taking(rows => rows * 5), new BatchingOptions());
        Assert.False(policy.IsOn, policy.Reason);
        Assert.Contains("no more rows per second", policy.Reason, StringComparison.Ordinal);
        Assert.True(policy.HasRows);
    }

    [Fact]
    public void Decide_AutoAndRowsPayUpToAPoint_StopsThere()
    {
        // 4 rows take as long as 1; from there on each takes its time.
        var policy = Decide(Taking(rows => Math.Max(20, rows * 5)), new BatchingOptions());
        Assert.Equal(4, policy.MaxBatchSize);
        Assert.Equal(3, Decide(Taking(_ => 5), new BatchingOptions { MaxBatchSize = 3 }).MaxBatchSize);
    }

    [Fact]
    public void Decide_AnyModel_TakesAboutASecond()
    {
        foreach (var milliseconds in (int[])[1, 10, 50, 200, 400])
        {
            var start = time.GetTimestamp();
            Decide(Taking(rows => rows * milliseconds), new BatchingOptions());
            Assert.InRange(time.GetElapsedTime(start).TotalSeconds, 0.01, 2.5);
        }
    }

    [Fact]
    public void Decide_AutoAndAVeryLongRun_DoesNotDelayTheStart()
    {
        var runs = 0;
        var policy = Decide(
            (options, inputs, outputs) =>
            {
                Interlocked.Increment(ref runs);
                return Taking(_ => 600)(options, inputs, outputs);
            },
            new BatchingOptions());
        Assert.False(policy.IsOn);
        Assert.Contains("takes so long", policy.Reason, StringComparison.Ordinal);
        Assert.Equal(1, runs);
    }

    [Fact]
    public void Decide_RowsDependOnEachOther_IsOff()
    {
        var policy = Decide(
            (_, inputs, _) =>
            {
                var values = inputs[0].Data<float>().ToArray();
                return [FakeEngine.Filled(inputs[0].Shape, [.. values.Select(v => v - values.Average())])];
            },
            On);
        Assert.False(policy.IsOn);
        Assert.Contains("one by one", policy.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Decide_RunsDiffer_IsOff()
    {
        var runs = 0;
        Assert.False(Decide((_, inputs, _) => [FakeEngine.Filled(inputs[0].Shape, [.. Enumerable.Repeat(++runs, (int)inputs[0].ElementCount).Select(v => (float)v)])], On).IsOn);
    }

    [Fact]
    public void Decide_OutputDoesNotFollowTheRows_IsOff() =>
        Assert.Contains("one by one", Decide((_, _, _) => [FakeEngine.Filled([1, 2], [1, 2])], On).Reason, StringComparison.Ordinal);

    [Fact]
    public void Decide_RoundsOtherwise_IsOn()
    {
        var policy = Decide(
            (_, inputs, _) =>
            {
                var error = inputs[0].Shape[0] * 1e-5f;
                return [FakeEngine.Filled(inputs[0].Shape, [.. inputs[0].Data<float>().ToArray().Select(v => (v * 100) + error)])];
            },
            On);
        Assert.True(policy.IsOn, policy.Reason);
    }

    [Fact]
    public void Decide_NotANumberInBoth_IsOn() =>
        Assert.True(Decide((_, inputs, _) => [FakeEngine.Filled(inputs[0].Shape, [.. Enumerable.Repeat(float.NaN, (int)inputs[0].ElementCount)])], On).IsOn);

    [Fact]
    public void Decide_OnlySomeExtentsAccepted_FindsOne()
    {
        var seen = new HashSet<long>();
        var policy = Decide(
            (_, inputs, _) =>
            {
                seen.Add(inputs[0].Shape[1]);
                return inputs[0].Shape[1] >= 32 ? Double(null!, inputs, [0]) : throw new OrtException(OrtErrorCode.RuntimeException, "Too small.");
            },
            On,
            [-1, -1]);
        Assert.True(policy.IsOn, policy.Reason);
        Assert.Equal([8, 32], seen.Order());
    }

    [Fact]
    public void Like_ShapesOfTheWarmUp_AreTriedInsteadOfGuesses()
    {
        OrtTensorInfo[] inputs = [new("a", OrtElementType.Float32, [-1, -1, 3]), new("b", OrtElementType.Float32, [-1, -1]), new("c", OrtElementType.Float32, [4, -1])];
        var shapes = new Dictionary<string, long[]> { ["a"] = [2, 7, 3], ["b"] = [1], ["c"] = [4, 9] };
        Assert.Equal(["a: Float32[-1,7,3]", "b: Float32[-1,-1]", "c: Float32[4,-1]"], TrialInputs.Like(inputs, shapes).Select(i => i.ToString()));
    }

    [Fact]
    public void Decide_EveryRunFails_IsOff() =>
        Assert.Contains("No trial input", Decide((_, _, _) => throw new OrtException(OrtErrorCode.Fail, "No."), On).Reason, StringComparison.Ordinal);

    [Fact]
    public void Decide_LaterRunFails_IsOff() =>
        Assert.Contains("trial run failed", Decide((o, inputs, i) => inputs[0].Shape[0] == 1 ? Double(o, inputs, i) : throw new OrtException(OrtErrorCode.Fail, "No."), On).Reason, StringComparison.Ordinal);

    [Theory]
    [InlineData(new long[] { 4, 2 }, "Float32", "first dimension")]
    [InlineData(new long[0], "Float32", "first dimension")]
    [InlineData(new long[] { -1, 2 }, "String", "strings")]
    public void Decide_ShapeOrTypeThatCannotBeMerged_IsOffWithoutATrial(long[] shape, string typeName, string reason)
    {
        var type = Enum.Parse<OrtElementType>(typeName);
        EngineRun never = (_, _, _) => throw new InvalidOperationException();
        OrtTensorInfo odd = new("odd", type, shape), fine = new("fine", OrtElementType.Float32, [-1, 2]);
        Assert.Contains(reason, BatchTrial.Decide(never, [fine, odd], [fine], [0], On, 1, TimeProvider.System).Reason, StringComparison.Ordinal);
        Assert.Contains(reason, BatchTrial.Decide(never, [fine], [fine, odd], [0, 1], On, 1, TimeProvider.System).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Off", 0)]
    [InlineData("Auto", 1)]
    public void Decide_SwitchedOff_IsOffWithoutATrial(string mode, int size)
    {
        var policy = Decide((_, _, _) => throw new InvalidOperationException(), new BatchingOptions { Enabled = Enum.Parse<BatchingMode>(mode), MaxBatchSize = size });
        Assert.False(policy.IsOn);
        Assert.True(policy.HasRows);
    }

    [Theory]
    [InlineData("Float16")]
    [InlineData("BFloat16")]
    [InlineData("Float64")]
    [InlineData("Int64")]
    [InlineData("UInt8")]
    [InlineData("Bool")]
    public void Decide_AnyType_TriesDifferentRows(string typeName)
    {
        var type = Enum.Parse<OrtElementType>(typeName);
        var rows = new HashSet<string>();
        var info = new OrtTensorInfo("x", type, [-1, 64]);
        var policy = BatchTrial.Decide(
            (_, inputs, _) =>
            {
                var output = OrtTensor.Allocate(type, inputs[0].Shape);
                inputs[0].Data<byte>().CopyTo(output.Data<byte>());
                if (inputs[0].Shape[0] == 1)
                {
                    rows.Add(Convert.ToHexString(inputs[0].Data<byte>()));
                }

                return [output];
            },
            [info],
            [info],
            [0],
            On,
            1,
            TimeProvider.System);
        Assert.True(policy.IsOn, policy.Reason);
        Assert.Equal(3, rows.Count);
    }

    private BatchPolicy Decide(EngineRun run, BatchingOptions options, long[]? shape = null)
    {
        var info = new OrtTensorInfo("x", OrtElementType.Float32, shape ?? [-1, 2]);
        return BatchTrial.Decide(run, [info], [info], [0], options, 1, time);
    }

    private static OrtTensor[] Double(OrtRunOptions options, ReadOnlySpan<OrtTensor> inputs, ReadOnlySpan<int> outputs) =>
        [FakeEngine.Filled(inputs[0].Shape, [.. inputs[0].Data<float>().ToArray().Select(v => v * 2)])];

    /// <summary>Takes a time that depends on the rows.</summary>
    private EngineRun Taking(Func<long, double> milliseconds) => (options, inputs, outputs) =>
    {
        time.Advance(TimeSpan.FromMilliseconds(milliseconds(inputs[0].Shape[0])));
        return Double(options, inputs, outputs);
    };
}
