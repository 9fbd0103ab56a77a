using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Components.Layout;

namespace Ops.Dashboard.Components.Palette;

/// <summary>The pages of the rail and the most frequent thing to start.</summary>
internal sealed class PageCommands : ICommandSource
{
    private static readonly CommandItem[] Items =
    [
        new("Upload a model", "Start", IconName.Upload, "/models/upload"),
        new("Import a model from elsewhere", "Start", IconName.Download, "/models/import"),
        .. NavigationPages.All.Select(page => new CommandItem(page.Title, "Page", page.Icon, page.Href)),
    ];

    public string Name => "Go to";

    public int Order => 100;

    public Task<IReadOnlyList<CommandItem>> SearchAsync(string query, CancellationToken cancellationToken)
    {
        var words = query.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return Task.FromResult<IReadOnlyList<CommandItem>>(
            [.. Items.Where(item => words.All(word => item.Title.Contains(word, StringComparison.OrdinalIgnoreCase)))]);
    }
}
