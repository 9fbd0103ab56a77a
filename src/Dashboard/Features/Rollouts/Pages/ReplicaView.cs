using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Targets;

namespace Ops.Dashboard.Features.Rollouts.Pages;

/// <summary>A replica as it is shown.</summary>
public sealed record ReplicaView
{
    /// <summary>Its key.</summary>
    public required string Id { get; init; }

    /// <summary>The plan it belongs to.</summary>
    public required Guid PlanId { get; init; }

    /// <summary>The word for its phase.</summary>
    public required string Phase { get; init; }

    /// <summary>What the phase means.</summary>
    public required State Look { get; init; }

    /// <summary>Whether it answers.</summary>
    public required bool IsReady { get; init; }

    /// <summary>Its machine.</summary>
    public required string Node { get; init; }

    /// <summary>How often it died and came back.</summary>
    public required int Restarts { get; init; }

    /// <summary>Why it is not ready, or how it last ended.</summary>
    public string? Reason { get; init; }

    /// <summary>Where it answers.</summary>
    public string? Address { get; init; }

    /// <summary>When its process started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Its process.</summary>
    public int? ProcessId { get; init; }

    /// <summary>The share of the version that is fetched while it loads, 0 to 1.</summary>
    public double? Fetched { get; init; }

    /// <summary>From what the target shows.</summary>
    internal static ReplicaView Of(ReplicaObservation seen) => new()
    {
        Id = seen.Id,
        PlanId = seen.PlanId,
        Phase = seen.Phase.ToString(),
        Look = seen.Phase switch
        {
            ReplicaPhase.Ready => State.Ok,
            ReplicaPhase.Loading => State.Progress,
            ReplicaPhase.Unready => State.Warning,
            ReplicaPhase.Failed => State.Critical,
            _ => State.Neutral,
        },
        IsReady = seen.Phase == ReplicaPhase.Ready,
        Node = seen.Node,
        Restarts = seen.Restarts,
        Reason = string.IsNullOrWhiteSpace(seen.Reason) ? null : seen.Reason,
        Address = seen.Address?.ToString(),
        StartedAt = seen.StartedAt,
        ProcessId = seen.ProcessId,
        Fetched = seen.Progress is { Total: > 0 } progress ? (double)progress.Fetched / progress.Total : null,
    };
}
