using System.Globalization;
using System.Text;
using System.Text.Json;
using Ops.Dashboard.Components.Controls;

namespace Ops.Dashboard.Features.Monitoring.Pages;

/// <summary>One line of a replica's log: the runtime writes JSON, people read the sentence in it.</summary>
internal sealed record LogLine(string? Time, State State, string Text)
{
    /// <summary>Reads a line; what is no JSON of ours is shown as it is.</summary>
    public static LogLine Parse(string line)
    {
        if (!line.StartsWith('{'))
        {
            return new(null, State.Neutral, line);
        }

        try
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            if (!root.TryGetProperty("Message", out var message) || message.ValueKind != JsonValueKind.String)
            {
                return new(null, State.Neutral, line);
            }

            var text = new StringBuilder(message.GetString());
            if (root.TryGetProperty("Exception", out var exception) && exception.ValueKind == JsonValueKind.String)
            {
                text.Append('\n').Append(exception.GetString());
            }

            return new(Clock(root), Level(root), text.ToString());
        }
        catch (JsonException)
        {
            // A line that was cut while it was being written.
            return new(null, State.Neutral, line);
        }
    }

    private static string? Clock(JsonElement root) =>
        root.TryGetProperty("Timestamp", out var stamp) && stamp.ValueKind == JsonValueKind.String
        && DateTimeOffset.TryParse(stamp.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? at.UtcDateTime.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture)
            : null;

    private static State Level(JsonElement root) => root.TryGetProperty("LogLevel", out var level) && level.ValueKind == JsonValueKind.String
        ? level.GetString() switch
        {
            "Error" or "Critical" => State.Critical,
            "Warning" => State.Warning,
            _ => State.Neutral,
        }
        : State.Neutral;
}
