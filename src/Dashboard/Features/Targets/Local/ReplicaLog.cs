using System.Text;
using System.Text.Json;

namespace Ops.Dashboard.Features.Targets.Local;

/// <summary>The log of a replica: a file that the process appends to by itself, and one older piece.</summary>
/// <param name="Current">The file the process writes.</param>
/// <param name="Older">What was in it before it was cut.</param>
internal sealed record ReplicaLog(string Current, string Older)
{
    private const int MostTailBytes = 512 * 1024;
    private const int MostReasonLength = 300;

    /// <summary>Cuts the file when it is larger than allowed. The process has it open for appending and goes on at its new end.</summary>
    public void Bound(long bytes)
    {
        var file = new FileInfo(Current);
        if (!file.Exists || file.Length <= bytes)
        {
            return;
        }

        File.Copy(Current, Older, overwrite: true);
        using var stream = new FileStream(Current, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        stream.SetLength(0);
    }

    /// <summary>The last lines, oldest first.</summary>
    public IReadOnlyList<string> Tail(int lines)
    {
        var current = TailOf(Current, lines);
        return current.Count >= lines ? current : [.. TailOf(Older, lines - current.Count), .. current];
    }

    /// <summary>The last thing the process said that helps to understand its end, in one line; null when it said nothing.</summary>
    public string? LastWords()
    {
        var lines = TailOf(Current, 20);
        var line = lines.LastOrDefault(IsTrouble) ?? lines.LastOrDefault(l => !string.IsNullOrWhiteSpace(l));
        var text = line is null ? null : MessageOf(line) ?? line.Trim();
        return text is { Length: > MostReasonLength } ? text[..MostReasonLength] + "…" : text;
    }

    private static List<string> TailOf(string path, int lines)
    {
        if (lines <= 0 || !File.Exists(path))
        {
            return [];
        }

        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var skipped = stream.Length > MostTailBytes;
        stream.Seek(skipped ? -MostTailBytes : 0, skipped ? SeekOrigin.End : SeekOrigin.Begin);
        var buffer = new byte[MostTailBytes];
        var length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        var all = Encoding.UTF8.GetString(buffer, 0, length).Split('\n');
        var whole = all.Skip(skipped ? 1 : 0).Select(l => l.TrimEnd('\r')).ToList();
        if (whole is [.., ""])
        {
            whole.RemoveAt(whole.Count - 1);
        }

        return whole.Count > lines ? whole.GetRange(whole.Count - lines, lines) : whole;
    }

    private static bool IsTrouble(string line) =>
        line.Contains("\"LogLevel\":\"Error\"", StringComparison.Ordinal)
        || line.Contains("\"LogLevel\":\"Critical\"", StringComparison.Ordinal)
        || line.StartsWith("Unhandled exception", StringComparison.Ordinal);

    // The runtime logs JSON lines; people want the sentence in them.
    private static string? MessageOf(string line)
    {
        if (!line.StartsWith('{'))
        {
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(line);
            return json.RootElement.TryGetProperty("Message", out var message) ? message.GetString() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
