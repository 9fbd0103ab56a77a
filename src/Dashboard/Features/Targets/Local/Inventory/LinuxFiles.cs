using System.Globalization;

namespace Ops.Dashboard.Features.Targets.Local.Inventory;

/// <summary>Reads the files in which Linux describes itself. A file that is not there is an answer, not an error.</summary>
/// <param name="root">The root folder; tests give a folder of their own.</param>
internal sealed class LinuxFiles(string root)
{
    /// <summary>The content without surrounding white space; null when it cannot be read.</summary>
    public string? Text(string path)
    {
        try
        {
            return File.ReadAllText(Full(path)).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Several files of /sys answer with an error instead of a value, such as the speed of a card that is down.
            return null;
        }
    }

    /// <summary>The lines; none when the file cannot be read.</summary>
    public IReadOnlyList<string> Lines(string path) => Text(path)?.Split('\n') ?? [];

    /// <summary>The whole number in a file; null when there is none.</summary>
    public long? Number(string path) => Number(Text(path).AsSpan());

    /// <summary>The value of a line such as <c>MemTotal: 123 kB</c> or <c>inactive_file 123</c>; null when there is none.</summary>
    public long? Number(string path, string key)
    {
        foreach (var line in Lines(path))
        {
            if (line.StartsWith(key, StringComparison.Ordinal) && line.Length > key.Length && line[key.Length] is ':' or ' ' or '\t')
            {
                var value = line.AsSpan(key.Length + 1).Trim();
                var unit = value.IndexOf(' ');
                var number = Number(unit < 0 ? value : value[..unit]);
                return unit >= 0 && value[unit..].Trim() is "kB" ? number * 1024 : number;
            }
        }

        return null;
    }

    /// <summary>The names of the folders (or links to folders) in a folder, in order.</summary>
    public IReadOnlyList<string> Folders(string path)
    {
        try
        {
            return [.. Directory.EnumerateDirectories(Full(path)).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>True when the folder (or link to one) is there.</summary>
    public bool HasFolder(string path) => Directory.Exists(Full(path));

    private static long? Number(ReadOnlySpan<char> text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    private string Full(string path) => Path.Join(root, path);
}
