using System.Globalization;
using System.Text.Json;
using Ops.Dashboard.Components.Controls;

namespace Ops.Dashboard.Features.Targets.Pages;

/// <summary>One line of a replica's log: the runtime writes JSON, people read the sentence in it.</summary>
/// <param name="Time">When, as <c>HH:mm:ss.fff</c> in UTC, or null where the line does not tell.</param>
/// <param name="Level">Such as <c>Warning</c>, or null where the line does not tell.</param>
/// <param name="Text">The sentence and, below it, the exception.</param>
internal sealed record LogLine(string? Time, string? Level, string Text)
{
    /// <summary>What the level means.</summary>
    public State State => Level switch
    {
        "Error" or "Critical" => State.Critical,
        "Warning" => State.Warning,
        _ => State.Neutral,
    };

    /// <summary>Reads a line; what is no JSON of ours is shown as it is.</summary>
    public static LogLine Parse(string line)
    {
        if (!line.StartsWith('{'))
        {
            return new(null, null, line);
        }

        try
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            if (Word(root, "Message") is not { } message)
            {
                return new(null, null, line);
            }

            return new(Clock(root), Word(root, "LogLevel"), Word(root, "Exception") is { Length: > 0 } exception ? $"{message}\n{exception}" : message);
        }
        catch (JsonException)
        {
            // A line that was cut while it was being written.
            return new(null, null, line);
        }
    }

    private static string? Clock(JsonElement root) =>
        DateTimeOffset.TryParse(Word(root, "Timestamp"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? at.UtcDateTime.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture)
            : null;

    private static string? Word(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
