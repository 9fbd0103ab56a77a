using Ops.Data.Access;

namespace Ops.Data.Rollouts;

/// <summary>What <see cref="Rollout.Request"/> needs beside the plan.</summary>
public sealed record NewRollout
{
    /// <summary>The next number of the endpoint.</summary>
    public required int Number { get; init; }

    /// <summary>The endpoint's stable plan now.</summary>
    public Guid? PreviousPlanId { get; init; }

    /// <summary>The rollout a rollback undoes; null for a deploy.</summary>
    public Guid? UndoesRolloutId { get; init; }

    /// <summary>Who asks.</summary>
    public required Guid RequestedById { get; init; }

    /// <summary>That person's name.</summary>
    public required string RequestedByName { get; init; }

    /// <summary>Who uploaded the version.</summary>
    public required Guid VersionUploadedById { get; init; }

    /// <summary>Why.</summary>
    public required string Reason { get; init; }

    /// <summary>From the policy of the environment.</summary>
    public required int RequiredApprovals { get; init; }

    /// <summary>From the policy of the environment.</summary>
    public required Roles ApproverRole { get; init; }

    /// <summary>How long it waits for decisions.</summary>
    public required TimeSpan Lifetime { get; init; }

    /// <summary>The time.</summary>
    public required DateTimeOffset Now { get; init; }
}
