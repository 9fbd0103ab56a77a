using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Dashboard.Features.Targets;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Rollouts.Pages.Wizard;

/// <summary>A version a person may choose.</summary>
public sealed record VersionChoice(Guid Id, string Model, int Number, string Format, long SizeBytes, DateTimeOffset CreatedAt, string UploadedBy, IReadOnlyList<string> Aliases);

/// <summary>An endpoint that is there already.</summary>
/// <param name="Name">Its name.</param>
/// <param name="TargetId">Where it is.</param>
/// <param name="Runs">Such as <c>digits 2</c>, or null.</param>
public sealed record EndpointChoice(string Name, Guid TargetId, string? Runs);

/// <summary>A target with its machines.</summary>
public sealed class TargetChoice
{
    internal TargetChoice(Guid id, string name, string kind, TargetEnvironment environment, TargetInventory inventory) =>
        (Id, Name, Kind, Environment, Inventory) = (id, name, kind, environment, inventory);

    /// <summary>The key.</summary>
    public Guid Id { get; }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>One of <see cref="TargetKinds"/>.</summary>
    public string Kind { get; }

    /// <summary>What it is for.</summary>
    public TargetEnvironment Environment { get; }

    /// <summary>Its machines.</summary>
    internal TargetInventory Inventory { get; }
}

/// <summary>What was found wrong or right with a draft, and how many must agree to it.</summary>
public sealed class PlanReview
{
    internal PlanReview(PlanCheck check, int requiredApprovals, string approvalRole) =>
        (Check, RequiredApprovals, ApprovalRole) = (check, requiredApprovals, approvalRole);

    /// <summary>What the command will say.</summary>
    internal PlanCheck Check { get; }

    /// <summary>How many must agree.</summary>
    public int RequiredApprovals { get; }

    /// <summary>The role they need.</summary>
    public string ApprovalRole { get; }
}
