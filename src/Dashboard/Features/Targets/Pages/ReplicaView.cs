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

    /// <summary>Its GPUs in a few words, such as <c>2 × nvidia.com/gpu (NVIDIA-A100-SXM4-40GB)</c>; null where it has none.</summary>
    public string? Gpus { get; init; }

    /// <summary>When its process started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Its process.</summary>
    public int? ProcessId { get; init; }

    /// <summary>What it does now, while it loads; null when nobody knows.</summary>
    public LoadStep? Step { get; init; }

    /// <summary>Since when it loads.</summary>
    public DateTimeOffset? LoadingSince { get; init; }

    /// <summary>The end of its key, which is enough to tell replicas of one endpoint apart.</summary>
    public string ShortId => Short(Id);

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
        Gpus = seen.Gpus,
        Step = seen.Phase == ReplicaPhase.Loading ? seen.Step ?? (seen.Progress is (var fetched, > 0 and var total) ? new(LoadStep.Files, fetched, total) : null) : null,
        LoadingSince = seen.Phase == ReplicaPhase.Loading ? seen.LoadingSince : null,
    };

    /// <summary>The end of a replica's id: ids of one revision begin alike.</summary>
    public static string Short(string id) => id.Length > 12 ? id[^12..] : id;
}
