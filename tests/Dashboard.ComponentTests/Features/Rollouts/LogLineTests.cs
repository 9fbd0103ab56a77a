using Ops.Dashboard.Features.Rollouts.Pages;

namespace Ops.Dashboard.ComponentTests.Features.Rollouts;

public sealed class LogLineTests
{
    [Theory]
    [InlineData("""{"Timestamp":"2026-11-22T10:16:00.890Z","EventId":1001,"LogLevel":"Information","Message":"Loaded digits"}""", "10:16:00.890 Information Loaded digits")]
    [InlineData("""{"LogLevel":"Error","Message":"No","Exception":"It broke"}""", "Error       No\n  It broke")]
    [InlineData("""{"Message":"only this"}""", "only this")]
    [InlineData("""{"Message":42}""", """{"Message":42}""")]
    [InlineData("""{"Message":"cut o""", """{"Message":"cut o""")]
    [InlineData("Unhandled exception.", "Unhandled exception.")]
    [InlineData("", "")]
    public void Of_AnyLine_IsReadable(string line, string readable) => Assert.Equal(readable, LogLine.Of(line));
}
