using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Targets;

namespace Ops.Dashboard.Features.Monitoring.Pages;

/// <summary>A replica as a chip shows it.</summary>
public sealed record ReplicaView(string Id, string Node, string Phase, State State, int Restarts, string? Reason, int? ProcessId, DateTimeOffset? StartedAt, string? Progress)
{
    /// <summary>Whether it answers.</summary>
    public bool IsReady => State == State.Ok;

    internal static ReplicaView Of(ReplicaObservation seen) => new(
        seen.Id,
        seen.Node,
        seen.Phase.ToString(),
        seen.Phase switch
        {
            ReplicaPhase.Ready => State.Ok,
            ReplicaPhase.Unready => State.Warning,
            ReplicaPhase.Failed => State.Critical,
            ReplicaPhase.Stopping => State.Neutral,
            _ => State.Progress,
        },
        seen.Restarts,
        seen.Phase == ReplicaPhase.Ready ? null : seen.Reason,
        seen.ProcessId,
        seen.StartedAt,
        seen is { Phase: ReplicaPhase.Loading, Progress: { Total: > 0 } progress } ? $"{Format.Bytes(progress.Fetched)} of {Format.Bytes(progress.Total)}" : null);
}
