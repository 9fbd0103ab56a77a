using System.Text.Json;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Explain;

/// <summary>Reads from the log of the init step, or of a server that loads, how far it is. Pure.</summary>
internal static class ProgressLines
{
    // Events of the runtime, see its FetchingLog and ModelsLog: a download begins, and is so far; loading is so far.
    private const int FetchBegins = 1013;
    private const int FetchProgress = 1014;
    private const int LoadGetsFurther = 1029;

    /// <summary>How far it is, as the last line that tells it says; null when none does.</summary>
    /// <param name="lines">The last lines of the log, oldest first. Whatever is no line of ours is passed over.</param>
    public static LoadStep? Read(IReadOnlyList<string> lines) => lines.Reverse().Select(Read).FirstOrDefault(r => r is not null);

    private static LoadStep? Read(string text)
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
            { EventId: FetchBegins, State: { } said } => new(LoadStep.Download, 0, said.Bytes),
            { EventId: FetchProgress, State: { } said } => new(LoadStep.Download, said.Bytes, said.Total),
            { EventId: LoadGetsFurther, State: { Step: { } step } said } => new(step, said.Done, said.Total),
            _ => null,
        };
    }

    private sealed record Line(int EventId, State? State);

    private sealed record State(long Bytes, long Total, string? Step, long Done);
}
