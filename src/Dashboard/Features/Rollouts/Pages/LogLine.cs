using System.Text.Json;

namespace Ops.Dashboard.Features.Rollouts.Pages;

/// <summary>Makes a line of a replica's log readable. Pure.</summary>
internal static class LogLine
{
    /// <summary>A structured line as <c>10:16:00.890 Information  message</c>; any other line as it is.</summary>
    public static string Of(string line)
    {
        if (!line.StartsWith('{'))
        {
            return line;
        }

        try
        {
            using var parsed = JsonDocument.Parse(line);
            var time = Text(parsed.RootElement, "Timestamp") is { } at && DateTimeOffset.TryParse(at, out var moment) ? $"{moment.UtcDateTime:HH:mm:ss.fff} " : "";
            var level = Text(parsed.RootElement, "LogLevel") is { } word ? $"{word,-11} " : "";
            var exception = Text(parsed.RootElement, "Exception") is { Length: > 0 } thrown ? $"\n  {thrown}" : "";
            return Text(parsed.RootElement, "Message") is { } message ? $"{time}{level}{message}{exception}" : line;
        }
        catch (JsonException)
        {
            // Cut off, or not meant as JSON: shown as it was written.
            return line;
        }
    }

    private static string? Text(JsonElement line, string name) =>
        line.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
