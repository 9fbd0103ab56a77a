namespace Ops.Data.Approvals;

/// <summary>What an approver said.</summary>
public enum Verdict
{
    /// <summary>Yes.</summary>
    Approve,

    /// <summary>No, with a reason.</summary>
    Reject,
}

/// <summary>One person's word on one rollout. It is about the plan hash and the version digest that the person saw, never about an id alone.</summary>
public sealed class Decision
{
    /// <summary>The key.</summary>
    public Guid Id { get; init; }

    /// <summary>The rollout. A person decides on it once.</summary>
    public Guid RolloutId { get; init; }

    /// <summary>Who decided.</summary>
    public Guid PersonId { get; init; }

    /// <summary>That person's name at the time.</summary>
    public required string PersonName { get; init; }

    /// <summary>How that person was signed in.</summary>
    public required string SignedInHow { get; init; }

    /// <summary>Yes or no.</summary>
    public Verdict Verdict { get; init; }

    /// <summary>Why; required with <see cref="Verdict.Reject"/>.</summary>
    public string? Reason { get; init; }

    /// <summary>The hash of the plan that was shown.</summary>
    public required string PlanHash { get; init; }

    /// <summary>The digest of the version that was shown.</summary>
    public required string VersionDigest { get; init; }

    /// <summary>When.</summary>
    public DateTimeOffset At { get; init; }
}
