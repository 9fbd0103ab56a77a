using Bunit;
using Ops.Dashboard.ComponentTests.Components;
using Ops.Dashboard.Features.Registry.Pages;
using Ops.Dashboard.Features.Registry.Queries;

namespace Ops.Dashboard.ComponentTests.Features.Registry;

public sealed class VersionFilesTests
{
    private static readonly FileView[] Files = [new("model.onnx", 10, new string('a', 64)), new("data/w 1.bin", 20, new string('b', 64))];

    [Fact]
    public void Render_FewFiles_ShowsTheTreeOpenWithLinks()
    {
        using var context = new ControlsContext();

        var files = Render(context, canDownload: true);

        Assert.Equal(
            ["/models/digits/versions/2/download", "/models/digits/versions/2/files/data/w%201.bin", "/models/digits/versions/2/files/model.onnx"],
            files.FindAll("a").Select(a => a.GetAttribute("href")));
        Assert.All(files.FindAll("a"), a => Assert.True(a.HasAttribute("download")));
        Assert.Equal("true", files.Find("button.registry-folder").GetAttribute("aria-expanded"));
    }

    [Fact]
    public void Toggle_Folder_HidesWhatIsInIt()
    {
        using var context = new ControlsContext();
        var files = Render(context, canDownload: true);

        files.Find("button.registry-folder").Click();

        Assert.Equal("false", files.Find("button.registry-folder").GetAttribute("aria-expanded"));
        Assert.DoesNotContain("w%201.bin", files.Markup, StringComparison.Ordinal);
        Assert.Contains("1 file", files.FindAll("tbody tr")[0].TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_Damaged_OffersNoDownload()
    {
        using var context = new ControlsContext();

        Assert.Empty(Render(context, canDownload: false).FindAll("a"));
    }

    private static IRenderedComponent<VersionFiles> Render(ControlsContext context, bool canDownload) => context.Render<VersionFiles>(p => p
        .Add(f => f.Files, Files)
        .Add(f => f.TotalBytes, 30)
        .Add(f => f.Model, "digits")
        .Add(f => f.Number, 2)
        .Add(f => f.CanDownload, canDownload));
}
