using Ops.Dashboard.Features.Registry.Queries;

namespace Ops.Dashboard.Features.Registry.Pages;

/// <summary>One line of the files of a version: a folder or a file.</summary>
/// <param name="Path">Its whole path, without a slash at the end.</param>
/// <param name="Name">Its own name.</param>
/// <param name="Depth">How many folders it lies in.</param>
/// <param name="File">The file, or null for a folder.</param>
/// <param name="Files">How many files are in the folder, however deep; 1 for a file.</param>
/// <param name="SizeBytes">What they weigh together.</param>
public sealed record FileTreeRow(string Path, string Name, int Depth, FileView? File, int Files, long SizeBytes);

/// <summary>Arranges paths as a tree: folders first, then files, each by name.</summary>
public static class FileTree
{
    /// <summary>The lines that are visible.</summary>
    /// <param name="files">All files.</param>
    /// <param name="isOpen">Whether the folder of that path shows what is in it.</param>
    public static IReadOnlyList<FileTreeRow> Rows(IReadOnlyList<FileView> files, Func<string, bool> isOpen)
    {
        List<FileTreeRow> rows = [];
        Add(rows, [.. files.OrderBy(f => f.Path, StringComparer.Ordinal)], "", 0, isOpen);
        return rows;
    }

    private static void Add(List<FileTreeRow> rows, IReadOnlyList<FileView> files, string prefix, int depth, Func<string, bool> isOpen)
    {
        var below = files.Where(f => f.Path.IndexOf('/', prefix.Length) >= 0).GroupBy(f => f.Path[prefix.Length..f.Path.IndexOf('/', prefix.Length)], StringComparer.Ordinal);
        foreach (var folder in below.OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            var path = prefix + folder.Key;
            List<FileView> inside = [.. folder];
            rows.Add(new(path, folder.Key, depth, null, inside.Count, inside.Sum(f => f.SizeBytes)));
            if (isOpen(path))
            {
                Add(rows, inside, path + "/", depth + 1, isOpen);
            }
        }

        rows.AddRange(files.Where(f => f.Path.IndexOf('/', prefix.Length) < 0).Select(f => new FileTreeRow(f.Path, f.Path[prefix.Length..], depth, f, 1, f.SizeBytes)));
    }
}
