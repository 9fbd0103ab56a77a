using System.Collections.Concurrent;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Targets.Local;

/// <summary>Runs replicas as processes on the machine of the dashboard. All it knows is on the disk, so a new one goes on where another was killed.</summary>
internal sealed class LocalTargetDriver : ITargetDriver, IDisposable
{
    private const int MostLogLines = 10_000;
    private readonly LocalTargetContext context;
    private readonly Func<Node> readNode;
    private readonly ConcurrentDictionary<Guid, LocalEndpoint> endpoints = new();
    private readonly TaskCompletionSource opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LocalTargetLock? held;
    private volatile bool closing;

    /// <summary>Makes a driver; it does nothing before <see cref="OpenAsync"/>.</summary>
    /// <param name="context">What it works with.</param>
    /// <param name="readNode">Reads the machine, promises left out.</param>
    public LocalTargetDriver(LocalTargetContext context, Func<Node> readNode) => (this.context, this.readNode) = (context, readNode);

    /// <inheritdoc/>
    public string Kind => TargetKinds.Local;

    /// <summary>Why it runs nothing although it should, or null.</summary>
    public string? Problem { get; set; }

    private IEnumerable<Replica> Replicas => endpoints.Values.SelectMany(e => e.Replicas);

    /// <summary>Waits until no other dashboard has the folder, then takes charge of every replica in it.</summary>
    public async Task OpenAsync(CancellationToken cancellation)
    {
        held = await LocalTargetLock.TakeAsync(context, reason => Problem = reason, cancellation);
        Problem = null;
        foreach (var folder in ReplicaFolder.All(context.ReplicasRoot))
        {
            await TakeOverAsync(folder, cancellation);
        }

        foreach (var endpoint in endpoints.Values)
        {
            endpoint.Publish();
        }

        SweepCache();
        opened.SetResult();
    }

    /// <summary>Stops all replicas at once and gently, unless they are to go on without the dashboard.</summary>
    /// <param name="hurry">Cancelled when there is no more time: what still runs is killed.</param>
    public async Task CloseAsync(CancellationToken hurry)
    {
        closing = true;
        opened.TrySetCanceled(CancellationToken.None);
        if (!context.Options.KeepReplicasOnShutdown)
        {
            await Task.WhenAll(Replicas.Select(r => r.ShutDownAsync(hurry)));
        }
    }

    /// <inheritdoc/>
    public Task<TargetInventory> GetInventoryAsync(Target target, CancellationToken cancellation) =>
        Task.Run(() => new TargetInventory([WithPromises(readNode())], context.Time.GetUtcNow(), Problem), cancellation);

    /// <inheritdoc/>
    public async Task ApplyAsync(EndpointRef endpoint, IReadOnlyList<RevisionSpec> revisions, CancellationToken cancellation)
    {
        await opened.Task.WaitAsync(cancellation);
        ObjectDisposedException.ThrowIf(closing, this);
        await endpoints.GetOrAdd(endpoint.Id, _ => new LocalEndpoint(context, endpoint, SweepCache)).ApplyAsync(revisions, cancellation);
    }

    /// <inheritdoc/>
    public async Task<EndpointObservation> ObserveAsync(EndpointRef endpoint, CancellationToken cancellation)
    {
        await opened.Task.WaitAsync(cancellation);
        return endpoints.TryGetValue(endpoint.Id, out var local) ? local.Observe() : new(endpoint, [], context.Time.GetUtcNow());
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> ReadLogAsync(EndpointRef endpoint, string replicaId, int lines, CancellationToken cancellation)
    {
        // The id only chooses among replicas that are known; it never becomes part of a path.
        var replica = endpoints.TryGetValue(endpoint.Id, out var local) ? local.Replicas.FirstOrDefault(r => r.Observation.Id == replicaId) : null;
        return replica is null ? Task.FromResult<IReadOnlyList<string>>([]) : Task.Run(() => replica.Log.Tail(Math.Min(lines, MostLogLines)), cancellation);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var endpoint in endpoints.Values)
        {
            endpoint.Dispose();
        }

        held?.Dispose();
    }

    private async Task TakeOverAsync(ReplicaFolder folder, CancellationToken cancellation)
    {
        if (folder.ReadRecord() is not { } record)
        {
            // Nothing was started from here, or something whose record is damaged: without the folder it ends by itself.
            context.Log.ReplicaFolderWithoutRecord(folder.Id);
            folder.Remove();
            return;
        }

        if (record.Wanted && !await KnowsAsync(record, cancellation))
        {
            context.Log.ReplicaUnknown(record.Id, record.EndpointName);
            record = record with { Wanted = false };
            folder.Write(record);
        }

        endpoints.GetOrAdd(record.EndpointId, _ => new LocalEndpoint(context, record.Endpoint, SweepCache)).Adopt(folder, record);
    }

    private async Task<bool> KnowsAsync(ReplicaRecord record, CancellationToken cancellation)
    {
        try
        {
            return await context.Knows(record, cancellation);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // What served before the restart goes on serving while the registry cannot be asked; the reconciler decides later.
            context.Log.RegistryNotAsked(record.Id, e);
            return true;
        }
    }

    /// <summary>Removes verified copies of versions that no replica has any more. One that comes back at this moment fetches them again.</summary>
    private void SweepCache()
    {
        if (!Directory.Exists(context.CacheFolder))
        {
            return;
        }

        var used = Replicas.Select(r => r.Plan.VersionDigest).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var folder in Directory.GetDirectories(context.CacheFolder).Where(f => IsDigest(Path.GetFileName(f)) && !used.Contains(Path.GetFileName(f))))
        {
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It costs space only, and the next sweep tries again.
                context.Log.CacheNotSwept(folder, e);
            }
        }

        static bool IsDigest(string name) => name.Length == 64 && name.All(char.IsAsciiHexDigit);
    }

    private Node WithPromises(Node node)
    {
        var plans = Replicas.Where(r => r.IsWanted).Select(r => PromisedResources.Of(r.Plan.Resources, 1)).ToList();
        return node with { CpuPromised = plans.Sum(p => p.CpuThreads), MemoryPromisedBytes = plans.Sum(p => p.MemoryBytes) };
    }
}
