using System.Net;
using System.Text.Json;

namespace Ops.Dashboard.Features.Targets.Local;

/// <summary>What a runtime process says about itself in its run folder.</summary>
/// <param name="Pid">Its process id.</param>
/// <param name="StartedAt">When it started.</param>
/// <param name="Url">Where it listens, once it does.</param>
/// <param name="State">starting, loading, ready, failed or draining.</param>
/// <param name="Error">Why it failed.</param>
/// <param name="BytesFetched">Bytes of the version verified so far.</param>
/// <param name="BytesTotal">Bytes of the version.</param>
internal sealed record ProcessReport(int Pid, DateTimeOffset? StartedAt, Uri? Url, string State, string? Error, long BytesFetched, long BytesTotal)
{
    /// <summary>What it does now while it loads.</summary>
    public LoadStep? Step { get; init; }

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Reads a report; null when it is of another process than the one named, or no report at all.</summary>
    /// <param name="bytes">The file's content.</param>
    /// <param name="instance">Names the process.</param>
    public static ProcessReport? Parse(ReadOnlySpan<byte> bytes, string instance)
    {
        try
        {
            var file = JsonSerializer.Deserialize<Shape>(bytes, Json);
            return file?.Instance == instance && file.Pid > 0
                ? new(file.Pid, file.StartedAt, Loopback(file.Url), file.State ?? "", file.Error, file.Progress?.BytesFetched ?? 0, file.Progress?.BytesTotal ?? 0) { Step = file.Step?.Name is { } step ? new(step, file.Step.Done, file.Step.Total) : null }
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // Requests with people's data go to this address, so it must be one of this machine.
    private static Uri? Loopback(string? url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttp && IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address)
            ? uri
            : null;

    private sealed record Shape(int Pid, DateTimeOffset? StartedAt, string? Url, string? Instance, string? State, string? Error, ProgressShape? Progress, StepShape? Step);

    private sealed record ProgressShape(long BytesFetched, long BytesTotal);

    private sealed record StepShape(string? Name, long Done, long Total);
}
