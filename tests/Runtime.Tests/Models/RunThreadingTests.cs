using Ops.Runtime.Configuration;
using Ops.Runtime.Models;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Models;

public sealed class RunThreadingTests : IDisposable
{
    private readonly TestFolder folder = new();

    [Theory]
    [InlineData(20, 22, 40_000, 20_000, "One")]
    [InlineData(20, 22, 22_000, 20_000, "One")]
    [InlineData(20, 22, 21_000, 20_000, "Shared")]
    [InlineData(20, 15, 10_000, 20_000, "Shared")]
    [InlineData(1500, 1700, 2_000, 1_000, "One")]
    [InlineData(1500, 1701, 2_000, 1_000, "Adaptive")]
    [InlineData(1500, 1701, 899, 1_000, "Shared")]
    [InlineData(2001, 1, 900, 1_000, "Adaptive")]
    [InlineData(125_000, 1, 11, 10, "Adaptive")]
    public void Decide_Measured_TakesOneThreadEachWhereAllTogetherGainAndNoneLosesMuch(int shared, int one, int perSecondOne, int perSecondShared, string expected)
    {
        var threading = RunThreading.Decide(new Measured(shared, one, perSecondOne, perSecondShared), threads: 2);
        Assert.Equal(expected, threading.Use.ToString());
        Assert.NotEmpty(threading.Reason);
    }

    [Fact]
    public void Decide_RunsThatDelayTheStart_MeasuresNothingMore()
    {
        var measured = new Measured(125_001, 1, 2, 1);
        Assert.Equal(RunThreadUse.Shared, RunThreading.Decide(measured, threads: 2).Use);
        Assert.Equal(1, measured.Calls);
    }

    [Fact]
    public void Kept_SameKey_IsReadAgainAndOtherwiseNot()
    {
        Directory.CreateDirectory(folder.File(".optimized"));
        Kept("key").Write(new RunThreading(RunThreadUse.Adaptive, "because"));
        Assert.Equal(new RunThreading(RunThreadUse.Adaptive, "because"), Kept("key").Read());
        Assert.Null(Kept("other").Read());
        Assert.Null(Kept(null).Read());
        Assert.Null(Kept("key", threads: 4).Read());
        Assert.Null(Kept("key", instances: 4).Read());
        Assert.Null(Kept("key", shape: [8]).Read());
        Kept("key").Write(RunThreading.Shared("changed"));
        Assert.Equal(RunThreading.Shared("changed"), Kept("key").Read());
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("yes")]
    public void Kept_NotWrittenByUs_IsIgnored(string content)
    {
        Directory.CreateDirectory(folder.File(".optimized"));
        Kept("key").Write(new RunThreading(RunThreadUse.Adaptive, "because"));
        File.WriteAllText(Assert.Single(Directory.GetFiles(folder.File(".optimized"))), content);
        Assert.Null(Kept("key").Read());
    }

    [Fact]
    public void Kept_FolderMissingOrALink_KeepsNothing()
    {
        Kept("key").Write(new RunThreading(RunThreadUse.Adaptive, "because"));
        Assert.Null(Kept("key").Read());
        Directory.CreateDirectory(folder.File("elsewhere"));
        Directory.CreateSymbolicLink(folder.File(".optimized"), folder.File("elsewhere"));
        Kept("key").Write(new RunThreading(RunThreadUse.Adaptive, "because"));
        Assert.Empty(Directory.GetFiles(folder.File("elsewhere")));
    }

    [Theory]
    [InlineData("one", 1)]
    [InlineData("shared", 2)]
    [InlineData("adaptive", 2)]
    public async Task Load_ConfigurationSaysTheThreads_TakesThoseAndAnswersTheSame(string threads, int expected)
    {
        await using var server = await TestServer.StartAsync([TestModels.Digits()], ("Execution:RunThreads", threads));
        var parameters = (await server.GetAsync("/v2/models/digits")).Body.GetProperty("parameters");
        Assert.Equal(expected, parameters.GetProperty("threads_per_run").GetInt32());
        Assert.Equal("The configuration says so.", parameters.GetProperty("threads_per_run_reason").GetString());
        Assert.Contains($"ops_runtime_model_run_threads{{model=\"digits\",version=\"3\"}} {expected}\n", await server.Http.GetStringAsync("/metrics"), StringComparison.Ordinal);
        Assert.Equal(200, (await server.PostAsync("/v2/models/digits/infer", $"{{\"inputs\":[{{\"name\":\"input\",\"datatype\":\"FP32\",\"shape\":[1,1,8,8],\"data\":[{string.Join(',', Enumerable.Repeat('0', 64))}]}}]}}")).Status);
    }

    [Fact]
    public async Task Load_NothingSaid_MeasuresAndKeepsTheChoice()
    {
        await using var server = await TestServer.StartAsync([TestModels.Digits()]);
        var parameters = (await server.GetAsync("/v2/models/digits")).Body.GetProperty("parameters");
        var reason = parameters.GetProperty("threads_per_run_reason").GetString()!;
        var kept = Assert.Single(Directory.GetFiles(server.CacheFolder, "*.threads", SearchOption.AllDirectories));
        var text = File.ReadAllText(kept);
        Assert.Equal(reason, text[1..]);
        Assert.Contains(text[0], parameters.GetProperty("threads_per_run").GetInt32() == 1 ? "1" : "na");
    }

    public void Dispose() => folder.Dispose();

    private KeptChoice Kept(string? key, int threads = 2, int instances = 2, params long[] shape)
    {
        var options = new RuntimeOptions();
        if (shape.Length > 0)
        {
            options.Execution.WarmUpShapes["x"] = shape;
        }

        return new KeptChoice(folder.Path, key, ExecutionSettings.Of(options, new ModelOptions()), threads, instances);
    }

    /// <summary>Microseconds and runs a second.</summary>
    private sealed class Measured(int shared, int one, double perSecondOne, double perSecondShared) : RunThreading.IMeasurer
    {
        public int Calls { get; private set; }

        public TimeSpan RunAlone(bool oneThread)
        {
            Calls++;
            return TimeSpan.FromMicroseconds(oneThread ? one : shared);
        }

        public (double OneThread, double Shared) Throughput()
        {
            Calls++;
            return (perSecondOne, perSecondShared);
        }
    }
}
