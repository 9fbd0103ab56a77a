using Ops.Dashboard.Components.Controls;

namespace Ops.Dashboard.Features.Targets.Pages;

/// <summary>A replica as pages show it.</summary>
public sealed record ReplicaView
{
    /// <summary>Its key.</summary>
    public required string Id { get; init; }

    /// <summary>The plan it belongs to.</summary>
    public required Guid PlanId { get; init; }

    /// <summary>The word for its phase.</summary>
    public required string Phase { get; init; }

    /// <summary>What the phase means.</summary>
    public required State State { get; init; }

    /// <summary>Whether it answers.</summary>
    public required bool IsReady { get; init; }

    /// <summary>Its machine.</summary>
    public required string Node { get; init; }

    /// <summary>How often it died and came back.</summary>
    public required int Restarts { get; init; }

    /// <summary>Why it is not ready, or how it last ended, and what happens next.</summary>
    public string? Note { get; init; }

    /// <summary>Where it answers.</summary>
    public string? Address { get; init; }

    /// <summary>Its GPUs in a few words, such as <c>1 × NVIDIA A100</c>; null where it has none.</summary>
    public string? Gpus { get; init; }

    /// <summary>When its process started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Its process.</summary>
    public int? ProcessId { get; init; }

    /// <summary>Bytes of the version that are fetched and how many there are, while it loads.</summary>
    public (long Fetched, long Total)? Progress { get; init; }

    /// <summary>The end of its key, which is enough to tell replicas of one endpoint apart.</summary>
    public string ShortId => Id.Length > 12 ? Id[^12..] : Id;

    /// <summary>From what the target shows.</summary>
    internal static ReplicaView Of(ReplicaObservation seen) => new()
    {
        Id = seen.Id,
        PlanId = seen.PlanId,
        Phase = seen.Phase.ToString(),
        State = seen.Phase.State(),
        IsReady = seen.Phase == ReplicaPhase.Ready,
        Node = seen.Node,
        Restarts = seen.Restarts,
        Note = seen.Note,
        Address = seen.Address?.ToString(),
        StartedAt = seen.StartedAt,
        ProcessId = seen.ProcessId,
        Progress = seen is { Phase: ReplicaPhase.Loading, Progress: { Total: > 0 } progress } ? progress : null,
    };
}
