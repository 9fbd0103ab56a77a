using Ops.Dashboard.Features.Registry.Pages;
using Ops.Dashboard.Features.Registry.Queries;

namespace Ops.Dashboard.Tests.Features.Registry.Pages;

public sealed class FileTreeTests
{
    private static readonly FileView[] Files = [.. new[] { "model.pb", "variables/data", "variables/a/index", "assets/x", "variables.txt" }.Select(p => new FileView(p, 10, ""))];

    [Fact]
    public void Rows_AllClosed_ShowsFoldersFirstWithWhatIsInThem() => Assert.Equal(
        [("assets", 1, 10L), ("variables", 2, 20L), ("model.pb", 1, 10L), ("variables.txt", 1, 10L)],
        FileTree.Rows(Files, _ => false).Select(r => (r.Path, r.Files, r.SizeBytes)));

    [Fact]
    public void Rows_FolderOpen_ShowsWhatIsInIt() => Assert.Equal(
        [("assets", 0), ("variables", 0), ("variables/a", 1), ("variables/data", 1), ("model.pb", 0), ("variables.txt", 0)],
        FileTree.Rows(Files, path => path == "variables").Select(r => (r.Path, r.Depth)));
}
