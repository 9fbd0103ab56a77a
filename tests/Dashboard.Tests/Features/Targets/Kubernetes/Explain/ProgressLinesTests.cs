using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Kubernetes.Explain;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Explain;

public sealed class ProgressLinesTests
{
    private const string Begins = """{"Timestamp":"2026-01-01T00:00:00.000Z","EventId":1013,"LogLevel":"Information","State":{"Files":2,"Digest":"abc","Bytes":400}}""";

    [Fact]
    public void Read_LastLineThatTells_Counts() => Assert.Equal(new(LoadStep.Download, 300, 400), ProgressLines.Read([Begins, Progress(100), Progress(300), "not ours", """{"EventId":1002,"State":{"Bytes":7}}"""]));

    [Fact]
    public void Read_OnlyTheBeginning_IsNothingOfAll() => Assert.Equal(new(LoadStep.Download, 0, 400), ProgressLines.Read([Begins]));

    [Theory]
    [InlineData("files", 100, 400, "Files verified", true)]
    [InlineData("session", 0, 0, "The engine reads and optimizes the model", false)]
    [InlineData("warm-up", 0, 3, "Warm-up, run 1 of 3", false)]
    [InlineData("warm-up", 2, 3, "Warm-up, run 3 of 3", false)]
    [InlineData("threads", 0, 0, "Measuring on how many threads it is fastest", false)]
    [InlineData("of a newer runtime", 7, 9, "Loading", false)]
    public void Read_ServerThatLoads_SaysWhichStep(string step, long done, long total, string words, bool isBytes)
    {
        var read = ProgressLines.Read([Begins, $$$"""{"EventId":1029,"State":{"Model":"digits","Version":"2","Step":"{{{step}}}","Done":{{{done}}},"Total":{{{total}}}}}""", "the engine warns"]);

        Assert.Equal(new(step, done, total), read);
        Assert.Equal((words, isBytes), (read!.Words, read.IsBytes));
    }

    [Theory]
    [InlineData("{\"EventId\":1029,\"State\":{\"Done\":1,\"Total\":2}}")]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[1]")]
    [InlineData("{\"EventId\":1014}")]
    [InlineData("{\"EventId\":1014,\"State\":{\"Bytes\":\"many\"}}")]
    public void Read_NoLineOfOurs_IsNull(string line) => Assert.Null(ProgressLines.Read([line]));

    private static string Progress(long bytes) => $$$"""{"EventId":1014,"State":{"Message":"x","Bytes":{{{bytes}}},"Total":400,"BytesPerSecond":5}}""";
}
