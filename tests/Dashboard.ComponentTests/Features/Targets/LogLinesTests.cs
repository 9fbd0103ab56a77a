using Bunit;
using Ops.Dashboard.ComponentTests.Components;
using Ops.Dashboard.Features.Targets.Pages;

namespace Ops.Dashboard.ComponentTests.Features.Targets;

public sealed class LogLinesTests
{
    [Fact]
    public void Lines_Problems_AreMarkedByAWordToo()
    {
        using var context = new ControlsContext();

        var log = context.Render<LogLines>(p => p.Add(l => l.Lines, [
            """{"Timestamp":"2026-11-22T10:16:00.890Z","LogLevel":"Information","Message":"Loaded digits"}""",
            """{"LogLevel":"Error","Message":"<b>No</b>","Exception":"It broke"}""",
            "Unhandled exception."]));

        Assert.Equal(["10:16:00.890Loaded digits", "Error<b>No</b>\nIt broke", "Unhandled exception."], log.FindAll("li").Select(l => l.TextContent));
        Assert.Equal("state-critical", log.FindAll("li")[1].ClassName);
    }

    [Fact]
    public void Lines_ReadAgain_AreTheNewOnes()
    {
        using var context = new ControlsContext();
        var log = context.Render<LogLines>(p => p.Add(l => l.Lines, ["one"]));

        log.Render(p => p.Add(l => l.Lines, ["one", "two"]));

        Assert.Equal(["one", "two"], log.FindAll("li").Select(l => l.TextContent));
    }
}
