using Bunit;
using Ops.Dashboard.ComponentTests.Components;
using Ops.Dashboard.Features.ModelStore.Retention;

namespace Ops.Dashboard.ComponentTests.Features.Registry;

public sealed class RetentionPreviewTests
{
    [Fact]
    public void Render_Preview_SaysWhatGoesFirstAndWhyTheRestStays()
    {
        using var context = new ControlsContext();
        RetentionVerdict Verdict(int number, params string[] kept) =>
            new(new() { Id = Guid.NewGuid(), Number = number, CreatedAt = context.Time.GetUtcNow(), SizeBytes = 1024 }, kept);

        var panel = context.Render<RetentionPreviewPanel>(p => p
            .Add(v => v.Previews, [new RetentionPreview("digits", [Verdict(3, "the newest"), Verdict(2), Verdict(1, "serves on digits", "carries champion")])])
            .Add(v => v.OfOneModel, true));

        Assert.Equal("1 version, 1 KiB", panel.Find(".panel-header span").TextContent);
        Assert.Equal(
            ["Deleted", "Stays: the newest", "Stays: serves on digits, carries champion"],
            panel.FindAll("tbody tr td:last-child").Select(cell => cell.TextContent.Trim()));
    }

    [Fact]
    public void Render_NothingGoes_SaysSo()
    {
        using var context = new ControlsContext();

        Assert.Equal("nothing", context.Render<RetentionPreviewPanel>(p => p.Add(v => v.Previews, [])).Find(".panel-header span").TextContent);
    }
}
