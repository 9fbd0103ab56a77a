using Ops.Dashboard.Features.Rollouts.Strategies;
using Ops.Dashboard.Features.Targets;

namespace Ops.Dashboard.Tests.Features.Rollouts.Strategies;

/// <summary>Replicas without processes: does what a step says the way drivers do, and what fate says.</summary>
internal sealed class SimulatedMachine
{
    private readonly List<ReplicaObservation> replicas = [];
    private int created;

    public IReadOnlyList<ReplicaObservation> Replicas => replicas;

    public int Ready => replicas.Count(r => r.Phase == ReplicaPhase.Ready);

    public void Add(Guid planId, ReplicaPhase phase, int count)
    {
        for (var i = 0; i < count; i++)
        {
            replicas.Add(new() { Id = $"r{created++}", PlanId = planId, Node = "node", Phase = phase });
        }
    }

    /// <summary>Takes surplus down, those that are not ready first, and starts what is missing.</summary>
    public void Apply(Step step)
    {
        foreach (var group in replicas.Where(r => r.Phase != ReplicaPhase.Stopping).GroupBy(r => r.PlanId).ToList())
        {
            foreach (var surplus in group.OrderBy(r => r.Phase == ReplicaPhase.Ready).Take(Math.Max(0, group.Count() - step.Of(group.Key))).ToList())
            {
                Set(surplus, ReplicaPhase.Stopping);
            }
        }

        foreach (var (planId, wanted) in step.Replicas)
        {
            Add(planId, ReplicaPhase.Pending, Math.Max(0, wanted - replicas.Count(r => r.PlanId == planId && r.Phase != ReplicaPhase.Stopping)));
        }
    }

    /// <summary>Lets something happen to one replica.</summary>
    /// <param name="which">Chooses the replica.</param>
    /// <param name="fate">Less than 2: a ready one dies, if deaths are allowed; else it gets further.</param>
    /// <param name="deaths">Whether replicas may die.</param>
    public void Happen(int which, int fate, bool deaths)
    {
        if (replicas.Count == 0)
        {
            return;
        }

        var replica = replicas[which % replicas.Count];
        if (deaths && fate < 2 && replica.Phase is ReplicaPhase.Ready or ReplicaPhase.Loading)
        {
            Set(replica with { Restarts = replica.Restarts + 1 }, fate == 0 ? ReplicaPhase.Unready : ReplicaPhase.Failed);
            return;
        }

        GetFurther(replica);
    }

    /// <summary>Lets every replica get one phase further.</summary>
    public void AllGetFurther()
    {
        foreach (var replica in replicas.ToList())
        {
            GetFurther(replica);
        }
    }

    private void GetFurther(ReplicaObservation replica)
    {
        switch (replica.Phase)
        {
            case ReplicaPhase.Stopping:
                replicas.RemoveAll(r => r.Id == replica.Id);
                break;
            case ReplicaPhase.Pending:
                Set(replica, ReplicaPhase.Loading);
                break;
            default:
                Set(replica, ReplicaPhase.Ready);
                break;
        }
    }

    private void Set(ReplicaObservation replica, ReplicaPhase phase) => replicas[replicas.FindIndex(r => r.Id == replica.Id)] = replica with { Phase = phase };
}
