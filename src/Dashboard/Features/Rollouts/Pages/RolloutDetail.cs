using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Rollouts.Pages;

/// <summary>Another rollout of the same endpoint.</summary>
public sealed record RolloutLink(Guid Id, int Number);

/// <summary>Everything the registry says about one rollout, for its page and for those who decide.</summary>
public sealed record RolloutDetail
{
    /// <summary>The rollout with its decisions.</summary>
    public required Rollout Rollout { get; init; }

    /// <summary>The endpoint's name.</summary>
    public required string Endpoint { get; init; }

    /// <summary>The endpoint's target.</summary>
    public required Target Target { get; init; }

    /// <summary>What is asked for.</summary>
    public required PlanSpec Plan { get; init; }

    /// <summary>What ran when it was asked for or, while it waits, what runs now; null for nothing.</summary>
    public PlanSpec? Previous { get; init; }

    /// <summary>What ran well last, as it stands now, or null.</summary>
    public PlanSpec? Stable { get; init; }

    /// <summary>The key of <see cref="Stable"/>.</summary>
    public Guid? StablePlanId { get; init; }

    /// <summary>Whether the endpoint was stopped for good.</summary>
    public bool IsRetired { get; init; }

    /// <summary>Whether a rollout is active on the endpoint, this one or another.</summary>
    public bool EndpointIsBusy { get; init; }

    /// <summary>Who uploaded the version.</summary>
    public string UploadedBy { get; init; } = "";

    /// <summary>Such as <c>onnx</c>.</summary>
    public string Format { get; init; } = "";

    /// <summary>Why plan or version are no longer what was sealed, or null.</summary>
    public string? Damage { get; init; }

    /// <summary>The rollout that a rollback undoes.</summary>
    public RolloutLink? Undoes { get; init; }

    /// <summary>The newest rollout of the endpoint, when that is another one.</summary>
    public RolloutLink? Newer { get; init; }

    /// <summary>What happened, newest first.</summary>
    public IReadOnlyList<RolloutEvent> Events { get; init; } = [];

    /// <summary>What runs well now, in words, or null.</summary>
    public string? StableName => Stable is null ? null : NameOf(Stable);

    /// <summary>Such as <c>digits 2</c>.</summary>
    public static string NameOf(PlanSpec plan) => $"{plan.Model} {plan.Version}";
}
