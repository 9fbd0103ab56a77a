using Ops.Runtime.Configuration;
using Ops.Runtime.Models;

namespace Ops.Runtime.Fetching;

/// <summary>What the files of a version have to be like before anything is fetched.</summary>
internal static class FileRules
{
    /// <summary>Everything that is wrong with them, each with its key.</summary>
    public static IEnumerable<(string Key, string Reason)> Failures(IReadOnlyList<ModelFileOptions> files)
    {
        if (files.Count == 0)
        {
            yield return ("Files", "must name at least one file.");
        }

        // Case-insensitive, since the folder may lie on a file system that is.
        var all = files.Select(f => f.Path).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var paths = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < files.Count; i++)
        {
            var file = files[i];
            if (ModelFilePath.Refuse(file.Path) is { } reason)
            {
                yield return ($"Files:{i}:Path", reason);
            }
            else if (!paths.Add(file.Path))
            {
                yield return ($"Files:{i}:Path", "repeats the path of another file.");
            }
            else if (Folders(file.Path).Any(all.Contains))
            {
                yield return ($"Files:{i}:Path", "needs a folder where another file is.");
            }

            if (!Uri.TryCreate(file.Source, UriKind.Absolute, out var source) || source.Scheme is not ("file" or "http" or "https"))
            {
                yield return ($"Files:{i}:Source", "must be a file, http or https address.");
            }

            if (!IsSha256(file.Sha256))
            {
                yield return ($"Files:{i}:Sha256", "must be 64 hexadecimal digits.");
            }

            if (file.Size < 0)
            {
                yield return ($"Files:{i}:Size", "must be the length of the file in bytes.");
            }
        }
    }

    /// <summary>Whether a text is a SHA-256.</summary>
    public static bool IsSha256(string value) => value.Length == 64 && value.All(char.IsAsciiHexDigit);

    private static IEnumerable<string> Folders(string path)
    {
        for (var at = path.IndexOf('/', StringComparison.Ordinal); at > 0; at = path.IndexOf('/', at + 1))
        {
            yield return path[..at];
        }
    }
}
