using System.Collections.Concurrent;
using Ops.Dashboard.Features.Targets;
using Ops.Data.Targets;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Tests.Features.Rollouts;

/// <summary>Replicas that outlive the processes of the dashboard. They get further when a test says so.</summary>
internal sealed class FakeMachine
{
    private readonly Lock gate = new();
    private readonly List<(Guid Endpoint, ReplicaObservation Replica)> replicas = [];
    private int created;

    /// <summary>Every set of revisions that was asked for, oldest first, with the process that asked.</summary>
    public ConcurrentQueue<(Guid Endpoint, IReadOnlyList<RevisionSpec> Revisions)> Applied { get; } = new();

    /// <summary>The endpoint as the last apply named it.</summary>
    public EndpointRef? LastEndpoint { get; set; }

    /// <summary>What somebody has changed past the controller.</summary>
    public IReadOnlyList<OpenChange> Open { get; set; } = [];

    /// <summary>Versions of which no replica ever becomes ready, and what the replica says.</summary>
    public ConcurrentDictionary<int, string> Broken { get; } = new();

    /// <summary>Thrown by every call while set: the target is down.</summary>
    public Exception? Down { get; set; }

    /// <summary>Runs before and after each call that changes something; a test that throws here kills the controller at that line.</summary>
    public Action<string>? AtLine { get; set; }

    public long MemoryBytes { get; set; } = 64L * 1024 * Schedulability.MiB;

    public IReadOnlyList<ReplicaObservation> Of(Guid endpointId)
    {
        lock (gate)
        {
            return [.. replicas.Where(r => r.Endpoint == endpointId).Select(r => r.Replica)];
        }
    }

    public void Apply(Guid endpointId, IReadOnlyList<RevisionSpec> revisions)
    {
        Applied.Enqueue((endpointId, revisions));
        lock (gate)
        {
            foreach (var group in Of(endpointId).Where(r => r.Phase != ReplicaPhase.Stopping).GroupBy(r => r.PlanId))
            {
                var keep = revisions.FirstOrDefault(r => r.PlanId == group.Key)?.Replicas ?? 0;
                foreach (var surplus in group.OrderBy(r => r.Phase == ReplicaPhase.Ready).Take(Math.Max(0, group.Count() - keep)))
                {
                    Set(surplus with { Phase = ReplicaPhase.Stopping });
                }
            }

            foreach (var revision in revisions)
            {
                var missing = revision.Replicas - Of(endpointId).Count(r => r.PlanId == revision.PlanId && r.Phase != ReplicaPhase.Stopping);
                for (var i = 0; i < missing; i++)
                {
                    var reason = Broken.GetValueOrDefault(revision.Plan.Version);
                    replicas.Add((endpointId, new() { Id = $"r{created++}", PlanId = revision.PlanId, Node = "node", Phase = ReplicaPhase.Pending, Reason = reason, Next = reason is null ? null : "It is started again in 8 s." }));
                }
            }
        }
    }

    /// <summary>Every replica gets one phase further, broken ones do not become ready.</summary>
    public void AllGetFurther()
    {
        lock (gate)
        {
            foreach (var (_, replica) in replicas.ToList())
            {
                if (replica.Phase == ReplicaPhase.Stopping)
                {
                    replicas.RemoveAll(r => r.Replica.Id == replica.Id);
                }
                else if (replica.Phase != ReplicaPhase.Ready)
                {
                    Set(replica with { Phase = replica.Reason is null ? ReplicaPhase.Ready : ReplicaPhase.Failed });
                }
            }
        }
    }

    /// <summary>A person kills the processes of a plan, or somebody removes them behind our back.</summary>
    public void Lose(Guid planId)
    {
        lock (gate)
        {
            replicas.RemoveAll(r => r.Replica.PlanId == planId);
        }
    }

    public void Set(ReplicaObservation replica)
    {
        lock (gate)
        {
            var index = replicas.FindIndex(r => r.Replica.Id == replica.Id);
            replicas[index] = (replicas[index].Endpoint, replica);
        }
    }
}

/// <summary>One process's way to the machine.</summary>
internal sealed class FakeDriver(FakeMachine machine, ObservedEndpoints observed) : ITargetDriver, IDriftSource
{
    public string Kind => TargetKinds.Local;

    public Task<TargetInventory> GetInventoryAsync(Target target, CancellationToken cancellation)
    {
        Node node = new() { Name = "node", Architecture = "x64", CpuCores = 8, MemoryBytes = machine.MemoryBytes, MemoryFreeBytes = machine.MemoryBytes };
        return Task.FromResult(machine.Down is null ? new TargetInventory([node], default) : new TargetInventory([], default, machine.Down.Message));
    }

    public Task ApplyAsync(EndpointRef endpoint, IReadOnlyList<RevisionSpec> revisions, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        ThrowIfDown();
        machine.AtLine?.Invoke("before apply");
        machine.LastEndpoint = endpoint;
        machine.Apply(endpoint.Id, revisions);
        observed.Publish(Observe(endpoint));
        machine.AtLine?.Invoke("after apply");
        return Task.CompletedTask;
    }

    public IReadOnlyList<OpenChange> OpenOf(Guid endpointId) => machine.Open;

    public Task<EndpointObservation> ObserveAsync(EndpointRef endpoint, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        ThrowIfDown();
        return Task.FromResult(Observe(endpoint));
    }

    public Task<IReadOnlyList<string>> ReadLogAsync(EndpointRef endpoint, string replicaId, int lines, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<string>>([]);

    private EndpointObservation Observe(EndpointRef endpoint) => new(endpoint, machine.Of(endpoint.Id), default);

    private void ThrowIfDown()
    {
        if (machine.Down is { } exception)
        {
            throw exception;
        }
    }
}
