using Ops.Data;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets.Local;

/// <summary>The moments at which a kill must do no harm.</summary>
internal enum ReplicaStep
{
    /// <summary>The record of a replica, or of its next process, was not written yet.</summary>
    BeforeRecord,

    /// <summary>The record names a process that was not started yet.</summary>
    RecordWritten,

    /// <summary>The process was started and has reported nothing.</summary>
    ProcessStarted,

    /// <summary>The process has reported where it listens.</summary>
    ProcessReported,

    /// <summary>The record says that the replica is to go; the process does not know yet.</summary>
    BeforeStopSignal,

    /// <summary>The process was told.</summary>
    StopSignalSent,

    /// <summary>The process has ended; its folder is there.</summary>
    BeforeFolderRemoved,
}

/// <summary>What the parts of the local target share.</summary>
internal sealed class LocalTargetContext
{
    /// <summary>How replicas run.</summary>
    public required LocalTargetOptions Options { get; init; }

    /// <summary>The folder of all replicas.</summary>
    public required string ReplicasRoot { get; init; }

    /// <summary>The folder of verified model files.</summary>
    public required string CacheFolder { get; init; }

    /// <summary>The name of this machine.</summary>
    public required string NodeName { get; init; }

    /// <summary>What the GPUs of this machine are.</summary>
    public Func<IReadOnlyList<string>> ReadGpus { get; init; } = static () => [];

    /// <summary>The clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Starts and finds processes.</summary>
    public required IReplicaProcesses Processes { get; init; }

    /// <summary>Asks replicas whether they are ready.</summary>
    public required ReplicaProbe Probe { get; init; }

    /// <summary>Where the files of a plan are to be had.</summary>
    public required Func<PlanSpec, CancellationToken, Task<Result<VersionSource>>> Resolve { get; init; }

    /// <summary>Whether the registry knows a replica that was left behind.</summary>
    public required Func<ReplicaRecord, CancellationToken, Task<bool>> Knows { get; init; }

    /// <summary>Takes observations.</summary>
    public required ObservedEndpoints Observed { get; init; }

    /// <summary>Takes events.</summary>
    public required ITargetEvents Events { get; init; }

    /// <summary>Takes log messages.</summary>
    public required ILogger Log { get; init; }

    /// <summary>Called at each step; tests end the world here.</summary>
    public Func<ReplicaStep, Task> AtStep { get; init; } = static _ => Task.CompletedTask;
}
