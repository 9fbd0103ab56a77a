using Ops.Dashboard.Components.Controls;

namespace Ops.Dashboard.Features.ModelStore.Downloads;

/// <summary>Where the relative links and pictures of a model card lead: to files of the same version, nowhere else.</summary>
public sealed class CardLinks(string model, int number, IReadOnlySet<string> files) : IMarkdownLinks
{
    /// <inheritdoc/>
    public string? Image(string url) => Find(url) is { } path && CardImages.IsImage(path) ? DownloadLinks.File(model, number, path) : null;

    /// <inheritdoc/>
    public string? Link(string url) => Find(url) is { } path ? DownloadLinks.File(model, number, path) : null;

    private string? Find(string url)
    {
        var end = url.IndexOfAny(['#', '?']);
        var path = Uri.UnescapeDataString(end < 0 ? url : url[..end]);
        path = path.StartsWith("./", StringComparison.Ordinal) ? path[2..] : path;
        return files.Contains(path) ? path : null;
    }
}
