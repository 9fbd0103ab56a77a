using System.Text.Json;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Explain;

/// <summary>Reads from the log of the init step how far it is. Pure.</summary>
internal static class FetchLines
{
    // Events of the runtime, see its FetchingLog: it begins, and it is so far.
    private const int Begins = 1013;
    private const int Progress = 1014;

    /// <summary>How many bytes are there and how many there have to be, as the last line that tells it says; null when none does.</summary>
    /// <param name="lines">The last lines of the log, oldest first. Whatever is no line of ours is passed over.</param>
    public static (long Fetched, long Total)? Read(IReadOnlyList<string> lines) => lines.Reverse().Select(Read).FirstOrDefault(r => r is not null);

    private static (long Fetched, long Total)? Read(string text)
    {
        Line? line;
        try
        {
            line = JsonSerializer.Deserialize<Line>(text);
        }
        catch (JsonException)
        {
            return null;
        }

        return line switch
        {
            { EventId: Begins, State: { } said } => (0, said.Bytes),
            { EventId: Progress, State: { } said } => (said.Bytes, said.Total),
            _ => null,
        };
    }

    private sealed record Line(int EventId, State? State);

    private sealed record State(long Bytes, long Total);
}
