namespace Ops.Dashboard.Features.Monitoring.Fleet;

/// <summary>Everything a tile or a row shows about an endpoint. Figures are rounded to what is seen, so that equal tiles look equal.</summary>
public sealed record EndpointTile
{
    /// <summary>What the registry says.</summary>
    public required EndpointFacts Facts { get; init; }

    /// <summary>How it is.</summary>
    public required Health Health { get; init; }

    /// <summary>Why it is not healthy.</summary>
    public string? Why { get; init; }

    /// <summary>Replicas that should run.</summary>
    public int Wanted { get; init; }

    /// <summary>Replicas that answer.</summary>
    public int Ready { get; init; }

    /// <summary>Requests per second over the last ten seconds; NaN when nothing is known.</summary>
    public double Rate { get; init; } = double.NaN;

    /// <summary>Failed requests of the last minute, 0 to 1; NaN without requests.</summary>
    public double ErrorShare { get; init; } = double.NaN;

    /// <summary>95th percentile of the duration in seconds; NaN without requests.</summary>
    public double P95 { get; init; } = double.NaN;

    /// <summary>Requests under way.</summary>
    public double InFlight { get; init; } = double.NaN;

    /// <summary>The 95th percentile over the last five minutes, one value every ten seconds; null is a gap.</summary>
    public IReadOnlyList<double?> Spark { get; init; } = [];

    /// <summary>Since when figures are missing, or null while they are fresh.</summary>
    public DateTimeOffset? StaleSince { get; init; }

    /// <summary>Whether a rollout is at it.</summary>
    public bool IsRolling => Facts.Rollout is not null;

    /// <summary>Whether it was stopped for good.</summary>
    public bool IsRetired => Facts.RetiredAt is not null;
}
