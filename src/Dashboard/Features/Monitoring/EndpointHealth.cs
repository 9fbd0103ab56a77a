namespace Ops.Dashboard.Features.Monitoring;

/// <summary>How an endpoint is, worst last.</summary>
public enum Health
{
    /// <summary>Nothing is meant to run.</summary>
    Idle,

    /// <summary>All is as it should be.</summary>
    Healthy,

    /// <summary>It answers, but not all is as it should be.</summary>
    Degraded,

    /// <summary>Clients suffer.</summary>
    Burning,
}

/// <summary>What health is judged by.</summary>
internal sealed record HealthFacts
{
    /// <summary>Replicas that should run.</summary>
    public required int Wanted { get; init; }

    /// <summary>Replicas that answer.</summary>
    public required int Ready { get; init; }

    /// <summary>Requests of the last minute.</summary>
    public required double Requests { get; init; }

    /// <summary>Of them, those that failed.</summary>
    public required double Failures { get; init; }

    /// <summary>Since when no ready replica could be scraped, or null while figures are fresh.</summary>
    public DateTimeOffset? StaleSince { get; init; }
}

/// <summary>Judges the health of an endpoint. Missing figures never count as healthy.</summary>
internal static class EndpointHealth
{
    /// <summary>More failed requests than this share burn: the 14.4-fold burn rate of a 99.9 % objective, rounded up to what a minute can show.</summary>
    public const double BurningShare = 0.05;

    /// <summary>More failed requests than this share degrade.</summary>
    public const double DegradedShare = 0.01;

    /// <summary>The health and, unless healthy, one plain sentence why.</summary>
    public static (Health Health, string? Why) Judge(HealthFacts facts)
    {
        if (facts.Wanted == 0)
        {
            return (Health.Idle, "Nothing is rolled out.");
        }

        if (facts.Ready == 0)
        {
            return (Health.Burning, "No replica is ready.");
        }

        var share = facts.Requests > 0 ? facts.Failures / facts.Requests : 0;
        if (share > BurningShare)
        {
            return (Health.Burning, $"{share:P1} of the requests of the last minute failed.");
        }

        if (facts.Ready < facts.Wanted)
        {
            return (Health.Degraded, $"{facts.Ready} of {facts.Wanted} replicas are ready.");
        }

        if (share > DegradedShare)
        {
            return (Health.Degraded, $"{share:P1} of the requests of the last minute failed.");
        }

        return facts.StaleSince is { } since
            ? (Health.Degraded, $"No figures since {since:HH:mm:ss} UTC.")
            : (Health.Healthy, null);
    }
}
