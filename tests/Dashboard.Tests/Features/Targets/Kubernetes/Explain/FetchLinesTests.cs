using Ops.Dashboard.Features.Targets.Kubernetes.Explain;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Explain;

public sealed class FetchLinesTests
{
    private const string Begins = """{"Timestamp":"2026-01-01T00:00:00.000Z","EventId":1013,"LogLevel":"Information","State":{"Files":2,"Digest":"abc","Bytes":400}}""";

    [Fact]
    public void Read_LastLineThatTells_Counts() => Assert.Equal((300, 400), FetchLines.Read([Begins, Progress(100), Progress(300), "not ours", """{"EventId":1002,"State":{"Bytes":7}}"""]));

    [Fact]
    public void Read_OnlyTheBeginning_IsNothingOfAll() => Assert.Equal((0, 400), FetchLines.Read([Begins]));

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[1]")]
    [InlineData("{\"EventId\":1014}")]
    [InlineData("{\"EventId\":1014,\"State\":{\"Bytes\":\"many\"}}")]
    public void Read_NoLineOfOurs_IsNull(string line) => Assert.Null(FetchLines.Read([line]));

    private static string Progress(long bytes) => $$$"""{"EventId":1014,"State":{"Message":"x","Bytes":{{{bytes}}},"Total":400,"BytesPerSecond":5}}""";
}
