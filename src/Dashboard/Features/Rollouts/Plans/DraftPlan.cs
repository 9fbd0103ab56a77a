using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Plans;

/// <summary>What a person fills in before a plan is checked and sealed. Anything may be wrong in it.</summary>
internal sealed record DraftPlan
{
    /// <summary>The endpoint's name; an endpoint of that name is made when there is none.</summary>
    public string Endpoint { get; init; } = "";

    /// <summary>The target.</summary>
    public Guid TargetId { get; init; }

    /// <summary>The version to serve.</summary>
    public Guid VersionId { get; init; }

    /// <summary>Names of the nodes it may run on; empty means any.</summary>
    public IReadOnlyList<string> Nodes { get; init; } = [];

    /// <summary>1 to 64.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>CPU threads of each replica, 1 to 256.</summary>
    public int CpuThreads { get; init; } = 1;

    /// <summary>Memory of each replica in MiB, 64 to what the greatest node has.</summary>
    public int MemoryMiB { get; init; } = 512;

    /// <summary>Whole GPUs of each replica, 0 to what the node with most has.</summary>
    public int Gpus { get; init; }

    /// <summary>Environment variables of each replica; the same name twice is refused.</summary>
    public IReadOnlyList<DraftVariable> EnvironmentVariables { get; init; } = [];

    /// <summary>The name of a strategy.</summary>
    public string Strategy { get; init; } = "rolling";

    /// <summary>1 to 64 replicas beyond the planned number.</summary>
    public int MaxSurge { get; init; } = 1;

    /// <summary>10 seconds to an hour.</summary>
    public int ProgressDeadlineSeconds { get; init; } = 120;

    /// <summary>As in <see cref="PlanStrategy.Steps"/>.</summary>
    public IReadOnlyList<PlanStep> Steps { get; init; } = [];

    /// <summary>As in <see cref="PlanStrategy.Gates"/>.</summary>
    public IReadOnlyList<PlanGate> Gates { get; init; } = [];

    /// <summary>As in <see cref="PlanStrategy.RollBackOnFailure"/>.</summary>
    public bool RollBackOnFailure { get; init; }

    /// <summary>As in <see cref="PlanStrategy.KeepOldSeconds"/>.</summary>
    public int KeepOldSeconds { get; init; }

    /// <summary>What only a Kubernetes cluster needs; its namespace and image are the target's to say and are replaced. Of no matter on other targets.</summary>
    public PlanKubernetes? Kubernetes { get; init; }

    /// <summary>Whether clients must send a token.</summary>
    public bool RequiresToken { get; init; }
}

/// <summary>One row of the environment variables.</summary>
internal sealed record DraftVariable(string Name, string Value);
