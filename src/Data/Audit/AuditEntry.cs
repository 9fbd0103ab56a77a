namespace Ops.Data.Audit;

/// <summary>How a command ended.</summary>
public enum AuditResult
{
    /// <summary>It was done.</summary>
    Done,

    /// <summary>The caller lacked the right.</summary>
    Refused,
}

/// <summary>Who did what, written in the transaction of the change itself. Never updated, never deleted (<see cref="RegistryDb"/> refuses).</summary>
public sealed class AuditEntry
{
    /// <summary>The key; ordered by time.</summary>
    public Guid Id { get; init; }

    /// <summary>When.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Who, or null for the system itself and for strangers.</summary>
    public Guid? PersonId { get; init; }

    /// <summary>The name at the time, <c>system</c>, or the name that a stranger gave.</summary>
    public required string PersonName { get; init; }

    /// <summary>How that person was signed in: <c>password</c>, <c>setup-link</c>, <c>system</c>, <c>none</c>.</summary>
    public required string SignedInHow { get; init; }

    /// <summary>What, such as <c>rollout.approve</c>.</summary>
    public required string Action { get; init; }

    /// <summary>The word for the thing, such as <c>rollout</c>.</summary>
    public required string SubjectKind { get; init; }

    /// <summary>The key of the thing, or empty.</summary>
    public string SubjectId { get; init; } = "";

    /// <summary>Its name at the time.</summary>
    public string SubjectName { get; init; } = "";

    /// <summary>The thing before, as JSON, or null.</summary>
    public string? BeforeJson { get; init; }

    /// <summary>The thing after, as JSON, or null.</summary>
    public string? AfterJson { get; init; }

    /// <summary>The reason that the person gave.</summary>
    public string? Reason { get; init; }

    /// <summary>Done or refused.</summary>
    public AuditResult Result { get; init; }

    /// <summary>Why it was refused.</summary>
    public string? Message { get; init; }

    /// <summary>Joins the entry with log lines.</summary>
    public string CorrelationId { get; init; } = "";
}
