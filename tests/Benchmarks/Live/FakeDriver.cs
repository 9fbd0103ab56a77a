using System.Collections.Concurrent;
using Ops.Dashboard.Features.Targets;
using Ops.Data.Targets;

namespace Ops.Benchmarks.Live;

/// <summary>A target on which every replica is ready at once and is one of <see cref="FakeReplicas"/>.</summary>
internal sealed class FakeDriver(ObservedEndpoints observed, FakeReplicas replicas, TimeProvider time) : ITargetDriver
{
    public const string KindName = "pretended";
    private readonly ConcurrentDictionary<Guid, IReadOnlyList<ReplicaObservation>> running = new();
    private int next;

    public string Kind => KindName;

    public Task<TargetInventory> GetInventoryAsync(Target target, CancellationToken cancellation) =>
        Task.FromResult(new TargetInventory([new() { Name = "node-1", Architecture = "x64", CpuCores = 64, MemoryBytes = 1L << 38, MemoryFreeBytes = 1L << 37 }], time.GetUtcNow()));

    public Task ApplyAsync(EndpointRef endpoint, IReadOnlyList<RevisionSpec> revisions, CancellationToken cancellation)
    {
        var before = running.GetValueOrDefault(endpoint.Id) ?? [];
        running[endpoint.Id] =
        [
            .. revisions.SelectMany(revision => before.Where(r => r.PlanId == revision.PlanId).Take(revision.Replicas)
                .Concat(Enumerable.Range(0, Math.Max(0, revision.Replicas - before.Count(r => r.PlanId == revision.PlanId))).Select(_ => Make(revision.PlanId)))),
        ];
        observed.Publish(Seen(endpoint));
        return Task.CompletedTask;
    }

    public Task<EndpointObservation> ObserveAsync(EndpointRef endpoint, CancellationToken cancellation) => Task.FromResult(Seen(endpoint));

    public Task<IReadOnlyList<string>> ReadLogAsync(EndpointRef endpoint, string replicaId, int lines, CancellationToken cancellation) => Task.FromResult<IReadOnlyList<string>>(
    [
        "{\"Timestamp\":\"2026-11-22T10:00:00.120Z\",\"LogLevel\":\"Information\",\"Message\":\"Fetches digits 2, 150 KiB\"}",
        "{\"Timestamp\":\"2026-11-22T10:00:00.480Z\",\"LogLevel\":\"Information\",\"Message\":\"digits 2 is loaded in 310 ms\"}",
        "{\"Timestamp\":\"2026-11-22T10:04:11.004Z\",\"LogLevel\":\"Warning\",\"Message\":\"The queue is long: 12 requests wait\"}",
    ]);

    /// <summary>Makes a replica of an endpoint be in another phase.</summary>
    public void Set(EndpointRef endpoint, int index, Func<ReplicaObservation, ReplicaObservation> change)
    {
        running[endpoint.Id] = [.. running[endpoint.Id].Select((r, i) => i == index ? change(r) : r)];
        observed.Publish(Seen(endpoint));
    }

    private EndpointObservation Seen(EndpointRef endpoint) => new(endpoint, running.GetValueOrDefault(endpoint.Id) ?? [], time.GetUtcNow());

    private ReplicaObservation Make(Guid planId)
    {
        var number = Interlocked.Increment(ref next) - 1;
        return new()
        {
            Id = $"pretended{number:D6}",
            PlanId = planId,
            Node = "node-1",
            Phase = ReplicaPhase.Ready,
            Address = replicas.Addresses[number % replicas.Addresses.Count],
            StartedAt = time.GetUtcNow(),
            ProcessId = 4000 + number,
        };
    }
}
