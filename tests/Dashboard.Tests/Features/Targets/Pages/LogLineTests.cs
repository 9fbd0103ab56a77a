using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Targets.Pages;

namespace Ops.Dashboard.Tests.Features.Targets.Pages;

public sealed class LogLineTests
{
    [Theory]
    [InlineData("""{"Timestamp":"2026-11-22T10:16:00.890Z","EventId":1001,"LogLevel":"Information","Message":"Loaded digits"}""", "10:16:00.890", "Information", State.Neutral, "Loaded digits")]
    [InlineData("""{"Timestamp":"2026-11-22T12:00:01.5+02:00","LogLevel":"Error","Message":"It broke","Exception":"why"}""", "10:00:01.500", "Error", State.Critical, "It broke\nwhy")]
    [InlineData("""{"LogLevel":"Critical","Message":"No","Exception":""}""", null, "Critical", State.Critical, "No")]
    [InlineData("""{"LogLevel":"Warning","Message":"Slow"}""", null, "Warning", State.Warning, "Slow")]
    [InlineData("""{"Timestamp":7,"LogLevel":7,"Message":"only this"}""", null, null, State.Neutral, "only this")]
    [InlineData("""{"Message":42}""", null, null, State.Neutral, """{"Message":42}""")]
    [InlineData("""{"other":1}""", null, null, State.Neutral, """{"other":1}""")]
    [InlineData("""{"Message":"cut o""", null, null, State.Neutral, """{"Message":"cut o""")]
    [InlineData("Unhandled exception.", null, null, State.Neutral, "Unhandled exception.")]
    [InlineData("", null, null, State.Neutral, "")]
    public void Parse_AnyLine_SentenceOrTheLineAsItIs(string line, string? time, string? level, State state, string text)
    {
        var read = LogLine.Parse(line);
        Assert.Equal(new LogLine(time, level, text), read);
        Assert.Equal(state, read.State);
    }
}
