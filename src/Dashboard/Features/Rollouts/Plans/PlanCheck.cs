using Ops.Data;
using Ops.Data.Registry;
using Ops.Data.Rollouts;
using Ops.Data.Targets;
using Endpoint = Ops.Data.Rollouts.Endpoint;

namespace Ops.Dashboard.Features.Rollouts.Plans;

/// <summary>What <see cref="PlanBuilder"/> made of a draft.</summary>
internal sealed record PlanCheck
{
    /// <summary>Everything wrong with it, each with the name of its field; empty when it can be sealed.</summary>
    public required IReadOnlyList<Failure> Failures { get; init; }

    /// <summary>What to know although it can be sealed.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The plan, or null when something is wrong. For a new endpoint its key is empty until somebody asks for the rollout.</summary>
    public PlanSpec? Spec { get; init; }

    /// <summary>The endpoint, or null when it is going to be made.</summary>
    public Endpoint? Endpoint { get; init; }

    /// <summary>The target, when there is such a one.</summary>
    public Target? Target { get; init; }

    /// <summary>The version, when there is such a one.</summary>
    public ModelVersion? Version { get; init; }

    /// <summary>What runs on the endpoint when nothing is being rolled out.</summary>
    public Plan? Stable { get; init; }
}
