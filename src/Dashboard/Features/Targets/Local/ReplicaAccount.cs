using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets.Local;

/// <summary>What is known of a replica: what stands on the disk, what others see of it, and what is told about it.</summary>
internal sealed class ReplicaAccount
{
    private readonly LocalTargetContext context;
    private readonly ReplicaFolder folder;
    private readonly Action changed;
    private readonly CancellationToken stop;
    private readonly Lock gate = new();
    private ReplicaRecord record;
    private ReplicaObservation observation;

    /// <summary>Opens the account of a replica whose record is on the disk.</summary>
    /// <param name="context">What all replicas share.</param>
    /// <param name="folder">Its folder.</param>
    /// <param name="record">What is in it.</param>
    /// <param name="changed">Called after each change of <see cref="Observation"/>.</param>
    /// <param name="stop">Cancelled once the replica is told to stop.</param>
    public ReplicaAccount(LocalTargetContext context, ReplicaFolder folder, ReplicaRecord record, Action changed, CancellationToken stop)
    {
        (this.context, this.folder, this.record, this.changed, this.stop) = (context, folder, record, changed, stop);
        observation = new()
        {
            Id = record.Id,
            PlanId = record.PlanId,
            Node = context.NodeName,
            Phase = record.Wanted ? ReplicaPhase.Pending : ReplicaPhase.Stopping,
            Restarts = record.Restarts,
            Gpus = record.Spec.Resources.Gpus is > 0 and var gpus ? GpuWords.Of(gpus, gpus == 1 ? "GPU" : "GPUs", context.ReadGpus()) : null,
        };
    }

    /// <summary>What stands on the disk, or is about to.</summary>
    public ReplicaRecord Record => Volatile.Read(ref record);

    /// <summary>What is seen of it now.</summary>
    public ReplicaObservation Observation => Volatile.Read(ref observation);

    /// <summary>Notes that it is not wanted any more; on the disk with the next <see cref="Update"/>.</summary>
    /// <returns>False when that was known.</returns>
    public bool TryGiveUp()
    {
        lock (gate)
        {
            if (!record.Wanted)
            {
                return false;
            }

            record = record with { Wanted = false };
            return true;
        }
    }

    /// <summary>Changes what stands on the disk.</summary>
    public void Update(Func<ReplicaRecord, ReplicaRecord> change)
    {
        lock (gate)
        {
            record = change(record);
            folder.Write(record);
        }
    }

    /// <summary>Changes what others see.</summary>
    public void Show(Func<ReplicaObservation, ReplicaObservation> change)
    {
        lock (gate)
        {
            var next = change(observation);

            // Once told to stop it never looks like anything else: a router must not come back to it.
            next = stop.IsCancellationRequested ? next with { Phase = ReplicaPhase.Stopping } : next;
            if (next == observation)
            {
                return;
            }

            Volatile.Write(ref observation, next);
        }

        changed();
    }

    /// <summary>Adds a line to the history of its endpoint.</summary>
    public void Report(RolloutEventLevel level, string kind, string message) => context.Events.Report(new()
    {
        EndpointId = record.EndpointId,
        EndpointName = record.EndpointName,
        PlanId = record.PlanId,
        ReplicaId = record.Id,
        At = context.Time.GetUtcNow(),
        Level = level,
        Kind = kind,
        Message = message,
    });
}
