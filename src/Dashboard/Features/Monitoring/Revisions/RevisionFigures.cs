using Ops.Dashboard.Features.Monitoring.Series;

namespace Ops.Dashboard.Features.Monitoring.Revisions;

/// <summary>What the replicas of one revision measured over a window, all together.</summary>
internal sealed record RevisionFigures
{
    /// <summary>Replicas that are ready.</summary>
    public int Ready { get; init; }

    /// <summary>Replicas that should be.</summary>
    public int Wanted { get; init; }

    /// <summary>Why the figures below cannot be told, in plain words; null when they can.</summary>
    public string? Trouble { get; init; }

    /// <summary>Requests answered in the window.</summary>
    public long Requests { get; init; }

    /// <summary>Of them, those that the server failed.</summary>
    public long Failures { get; init; }

    /// <summary>How long they took, in seconds.</summary>
    public Histogram Durations { get; init; } = Histogram.Empty;
}
