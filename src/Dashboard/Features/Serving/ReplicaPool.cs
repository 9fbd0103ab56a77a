using Ops.Dashboard.Features.Targets;

namespace Ops.Dashboard.Features.Serving;

/// <summary>The replicas of one endpoint that may get a request now, and how many requests each has.</summary>
internal sealed class ReplicaPool
{
    private static readonly TimeSpan SuspicionTime = TimeSpan.FromSeconds(1);
    private readonly Lock gate = new();
    private readonly Dictionary<string, PooledReplica> replicas = new(StringComparer.Ordinal);
    private readonly TimeProvider time;
    private readonly ReplicaSender sender;
    private EndpointObservation? seen;
    private EndpointRoute? route;
    private RevisionChoice choice = RevisionChoice.None;
    private TaskCompletionSource changed = NewSignal();
    private uint turn;
    private int waiting;

    /// <summary>Makes an empty pool.</summary>
    public ReplicaPool(TimeProvider time, ReplicaSender sender) => (this.time, this.sender) = (time, sender);

    /// <summary>Whether some of them are reached through something else.</summary>
    public bool IsCarried => Volatile.Read(ref choice).All.Any(r => r.Through is not null);

    /// <summary>Takes over a newer observation or route; cheap when neither changed.</summary>
    public void Update(EndpointObservation? observation, EndpointRoute newRoute)
    {
        if (ReferenceEquals(observation, Volatile.Read(ref seen)) && ReferenceEquals(newRoute, Volatile.Read(ref route)))
        {
            return;
        }

        lock (gate)
        {
            seen = observation;
            route = newRoute;
            var ready = observation?.Replicas
                .Where(r => r.Phase == ReplicaPhase.Ready && newRoute.IsReachable(r.PlanId))
                .Select(r => sender.Find(observation.Endpoint, r))
                .OfType<PooledReplica>()
                .ToArray() ?? [];
            var keep = ready.Select(r => r.Id).ToHashSet(StringComparer.Ordinal);
            foreach (var gone in replicas.Keys.Where(id => !keep.Contains(id)).ToArray())
            {
                replicas.Remove(gone);
            }

            foreach (var replica in ready)
            {
                // A replica that was started anew answers elsewhere, so what was suspected of the old process is forgotten.
                if (!replicas.TryGetValue(replica.Id, out var known) || known.Address != replica.Address)
                {
                    replicas[replica.Id] = replica;
                }
            }

            choice = new(newRoute, [.. replicas.Values]);
            changed.TrySetResult();
            changed = NewSignal();
        }
    }

    /// <summary>Takes the replica with the fewest requests in flight, in turn among equals, of the revision whose turn it is by the weights; null when none may get one.</summary>
    /// <param name="except">A replica that just refused the connection.</param>
    /// <param name="only">The one revision that is meant, or null: whatever serves.</param>
    public PooledReplica? Take(PooledReplica? except, Guid? only = null)
    {
        var now = time.GetTimestamp();
        var start = Interlocked.Increment(ref turn);
        var from = Volatile.Read(ref choice);
        if (only is { } planId)
        {
            return Take(from.Of(planId), except, now, start);
        }

        // Whoever's share has nobody to answer it goes to those who do.
        return Take(from.Pick(), except, now, start) ?? (from.IsWeighted ? Take(from.Serving, except, now, start) : null);
    }

    private static PooledReplica? Take(PooledReplica[] among, PooledReplica? except, long now, uint start)
    {
        PooledReplica? best = null;
        for (var i = 0; i < among.Length; i++)
        {
            var candidate = among[(int)((start + (uint)i) % (uint)among.Length)];
            if (candidate != except && !candidate.IsSuspected(now) && (best is null || candidate.InFlight < best.InFlight))
            {
                best = candidate;
            }
        }

        best?.Enter();
        return best;
    }

    /// <summary>Keeps requests away from a replica for a moment, until the driver has looked at it.</summary>
    public void Suspect(PooledReplica replica) =>
        replica.SuspectUntil(time.GetTimestamp() + (long)(SuspicionTime.TotalSeconds * time.TimestampFrequency));

    /// <summary>Requests in flight by replica id.</summary>
    public IReadOnlyDictionary<string, int> InFlight() => Volatile.Read(ref choice).All.ToDictionary(c => c.Id, c => c.InFlight, StringComparer.Ordinal);

    /// <summary>Counts a request that waits for a replica; false when too many wait already.</summary>
    public bool TryWait(int limit)
    {
        if (Interlocked.Increment(ref waiting) <= limit)
        {
            return true;
        }

        Interlocked.Decrement(ref waiting);
        return false;
    }

    /// <summary>Ends what <see cref="TryWait"/> began.</summary>
    public void EndWait() => Interlocked.Decrement(ref waiting);

    /// <summary>Completes at the next change of replicas or route.</summary>
    public Task NextChange()
    {
        lock (gate)
        {
            return changed.Task;
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>A replica that may get requests.</summary>
internal sealed class PooledReplica(string id, Guid planId, Uri? address)
{
    private int inFlight;
    private long suspectedUntil = long.MinValue;

    /// <summary>The driver's id.</summary>
    public string Id => id;

    /// <summary>Its revision.</summary>
    public Guid PlanId => planId;

    /// <summary>Where it answers; null when it is reached <see cref="Through"/> something else.</summary>
    public Uri? Address => address;

    /// <summary>The way to a replica without an address.</summary>
    public ReplicaWay? Through { get; init; }

    /// <summary>Requests it has now.</summary>
    public int InFlight => Volatile.Read(ref inFlight);

    /// <summary>Ends a request that <see cref="ReplicaPool.Take"/> began.</summary>
    public void Leave() => Interlocked.Decrement(ref inFlight);

    internal void Enter() => Interlocked.Increment(ref inFlight);

    internal bool IsSuspected(long now) => Volatile.Read(ref suspectedUntil) > now;

    internal void SuspectUntil(long until) => Volatile.Write(ref suspectedUntil, until);
}
