using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Monitoring.Fleet;

/// <summary>What the registry says about an endpoint, as the watching screens need it.</summary>
public sealed record EndpointFacts
{
    /// <summary>The key.</summary>
    public required Guid Id { get; init; }

    /// <summary>The name in <c>/serve/{name}</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The target's key.</summary>
    public required Guid TargetId { get; init; }

    /// <summary>The target's name.</summary>
    public required string Target { get; init; }

    /// <summary>One of <see cref="TargetKinds"/>.</summary>
    public required string TargetKind { get; init; }

    /// <summary>The target's environment.</summary>
    public required TargetEnvironment Environment { get; init; }

    /// <summary>Who made the endpoint.</summary>
    public string OwnerName { get; init; } = "";

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was stopped for good, or null.</summary>
    public DateTimeOffset? RetiredAt { get; init; }

    /// <summary>What ran well last, or null.</summary>
    public PlanFacts? Stable { get; init; }

    /// <summary>The rollout that acts on it now, or null.</summary>
    public RolloutFacts? Rollout { get; init; }

    /// <summary>How many requests on it wait for decisions.</summary>
    public int Waiting { get; init; }

    /// <summary>What people let stay of changes on the target, as <see cref="AcceptedChange.Read"/> takes it; a text, so that facts compare by what they say.</summary>
    public string? AcceptedJson { get; init; }

    /// <summary>The environment as it stands in addresses: <c>dev</c>, <c>staging</c>, <c>production</c>.</summary>
    public string EnvironmentKey => Environment.ToString().ToLowerInvariant();
}

/// <summary>The part of a sealed plan that lists show.</summary>
public sealed record PlanFacts(Guid PlanId, Guid VersionId, string Model, int Version, int Replicas, int CpuThreads, int MemoryMiB, bool RequiresToken)
{
    /// <summary>Reads it off a plan.</summary>
    public static PlanFacts Of(Guid planId, PlanSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return new(planId, spec.VersionId, spec.Model, spec.Version, spec.Replicas, spec.Resources.CpuThreads, spec.Resources.MemoryMiB, spec.RequiresToken);
    }

    /// <summary>Such as <c>digits 2</c>.</summary>
    public string Name => $"{Model} {Version}";
}

/// <summary>A rollout at work.</summary>
public sealed record RolloutFacts(Guid Id, int Number, RolloutState State, string Status, PlanFacts? Plan);
