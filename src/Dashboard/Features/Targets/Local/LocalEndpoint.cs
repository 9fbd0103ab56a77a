using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets.Local;

/// <summary>The replicas of one endpoint on this machine.</summary>
/// <param name="context">What all replicas share.</param>
/// <param name="endpoint">The endpoint.</param>
/// <param name="gone">Called when a replica is gone for good.</param>
internal sealed class LocalEndpoint(LocalTargetContext context, EndpointRef endpoint, Action gone) : IDisposable
{
    private readonly SemaphoreSlim oneAtATime = new(1, 1);
    private readonly Lock gate = new();
    private List<Replica> replicas = [];

    /// <summary>The replicas that are there, those on their way out included.</summary>
    public IReadOnlyList<Replica> Replicas => Volatile.Read(ref replicas);

    /// <summary>Takes charge of a replica that an earlier dashboard left behind.</summary>
    public void Adopt(ReplicaFolder folder, ReplicaRecord record) => Add(folder, record);

    /// <summary>Starts what is missing and gives up what is too much.</summary>
    public async Task ApplyAsync(IReadOnlyList<RevisionSpec> revisions, CancellationToken cancellation)
    {
        await oneAtATime.WaitAsync(cancellation);
        try
        {
            var wanted = revisions.ToDictionary(r => r.PlanId);
            foreach (var group in Replicas.Where(r => r.IsWanted).GroupBy(r => r.Observation.PlanId))
            {
                var keep = wanted.TryGetValue(group.Key, out var revision) ? revision.Replicas : 0;
                foreach (var surplus in Surplus([.. group], keep))
                {
                    surplus.GiveUp();
                }
            }

            foreach (var revision in revisions)
            {
                var missing = revision.Replicas - Replicas.Count(r => r.IsWanted && r.Observation.PlanId == revision.PlanId);
                for (var i = 0; i < missing; i++)
                {
                    await CreateAsync(revision);
                }
            }
        }
        finally
        {
            oneAtATime.Release();
        }

        Publish();
    }

    /// <summary>What is seen now.</summary>
    public EndpointObservation Observe()
    {
        lock (gate)
        {
            return new(endpoint, [.. replicas.OrderBy(r => r.CreatedAt).Select(r => r.Observation)], context.Time.GetUtcNow());
        }
    }

    /// <summary>Says what is seen now. Under the lock, so that an older observation cannot replace a newer one.</summary>
    public void Publish()
    {
        lock (gate)
        {
            context.Observed.Publish(Observe());
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var replica in Replicas.Where(r => r.Completion.IsCompleted))
        {
            replica.Dispose();
        }

        oneAtATime.Dispose();
    }

    /// <summary>Which replicas go first: those of no use yet, newest first; then the oldest.</summary>
    internal static IEnumerable<Replica> Surplus(IReadOnlyList<Replica> present, int keep)
    {
        var useless = present.Where(r => r.Observation.Phase != ReplicaPhase.Ready).OrderByDescending(r => r.CreatedAt);
        var useful = present.Where(r => r.Observation.Phase == ReplicaPhase.Ready).OrderBy(r => r.CreatedAt);
        return useless.Concat(useful).Take(Math.Max(0, present.Count - keep));
    }

    private async Task CreateAsync(RevisionSpec revision)
    {
        await context.AtStep(ReplicaStep.BeforeRecord);
        var record = ReplicaRecord.Create(endpoint, revision, context.Time.GetUtcNow());
        var folder = ReplicaFolder.Of(context.ReplicasRoot, record.Id);
        folder.Write(record);
        Add(folder, record);
    }

    private void Add(ReplicaFolder folder, ReplicaRecord record)
    {
        var replica = new Replica(context, folder, record, Publish);
        lock (gate)
        {
            replicas = [.. replicas, replica];
        }

        replica.Start();
        _ = ForgetAsync(replica);
    }

    private async Task ForgetAsync(Replica replica)
    {
        await replica.Completion;
        lock (gate)
        {
            replicas = [.. replicas.Where(r => r != replica)];
        }

        Publish();
        if (!replica.IsWanted)
        {
            gone();
        }
    }
}
