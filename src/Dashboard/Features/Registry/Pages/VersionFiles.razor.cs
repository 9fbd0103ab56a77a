using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Registry.Queries;

namespace Ops.Dashboard.Features.Registry.Pages;

public sealed partial class VersionFiles
{
    private const int Step = 100;
    private readonly HashSet<string> open = new(StringComparer.Ordinal);
    private IReadOnlyList<FileView>? arranged;
    private IReadOnlyList<FileTreeRow> rows = [];
    private int shown = Step;

    /// <summary>All files.</summary>
    [Parameter, EditorRequired]
    public IReadOnlyList<FileView> Files { get; set; } = [];

    /// <summary>What they weigh together.</summary>
    [Parameter, EditorRequired]
    public long TotalBytes { get; set; }

    /// <summary>The model's name, for addresses.</summary>
    [Parameter]
    public string Model { get; set; } = "";

    /// <summary>The version's number, for addresses.</summary>
    [Parameter]
    public int Number { get; set; }

    /// <summary>Whether the files can be had; not those of a version that is damaged or deleted.</summary>
    [Parameter]
    public bool CanDownload { get; set; }

    /// <inheritdoc/>
    protected override void OnParametersSet()
    {
        if (ReferenceEquals(arranged, Files))
        {
            return;
        }

        // A few files are all shown at once; of many, the folders.
        if (arranged is null && Files.Count <= Step)
        {
            foreach (var path in Files.Select(f => f.Path))
            {
                for (var slash = path.IndexOf('/', StringComparison.Ordinal); slash > 0; slash = path.IndexOf('/', slash + 1))
                {
                    open.Add(path[..slash]);
                }
            }
        }

        arranged = Files;
        rows = FileTree.Rows(Files, open.Contains);
    }

    private static string Counted(int files) => files == 1 ? "1 file" : $"{Format.Count(files)} files";

    private void Toggle(string folder)
    {
        if (!open.Remove(folder))
        {
            open.Add(folder);
        }

        rows = FileTree.Rows(Files, open.Contains);
    }
}
