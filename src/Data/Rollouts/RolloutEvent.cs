namespace Ops.Data.Rollouts;

/// <summary>How loud an event is.</summary>
public enum RolloutEventLevel
{
    /// <summary>The usual course.</summary>
    Info,

    /// <summary>Worth a look.</summary>
    Warning,

    /// <summary>It went wrong.</summary>
    Error,
}

/// <summary>One line of a rollout's or an endpoint's history.</summary>
public sealed class RolloutEvent
{
    /// <summary>The key; ordered by time.</summary>
    public Guid Id { get; init; }

    /// <summary>The endpoint.</summary>
    public Guid EndpointId { get; init; }

    /// <summary>The rollout, or null for what happens between rollouts (a replica died and came back).</summary>
    public Guid? RolloutId { get; init; }

    /// <summary>When.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>How loud.</summary>
    public RolloutEventLevel Level { get; init; }

    /// <summary>A word for programs, such as <c>replica.ready</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>A plain sentence.</summary>
    public required string Message { get; init; }

    /// <summary>Who, when a person did it.</summary>
    public string? PersonName { get; init; }
}

/// <summary>Says which process may act; only the holder before <see cref="ExpiresAt"/> may.</summary>
public sealed class Lease
{
    /// <summary>What it is about.</summary>
    public required string Name { get; init; }

    /// <summary>The process that holds it.</summary>
    public required string Holder { get; set; }

    /// <summary>Until when.</summary>
    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>Optimistic concurrency token, so that two takers cannot both win.</summary>
    public int Revision { get; set; }
}
