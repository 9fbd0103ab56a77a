using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Ops.Data;

namespace Ops.Dashboard.Features.Rollouts.Execution;

/// <summary>Works a queue of endpoints off, some of each target side by side: a target that does not answer holds up its own endpoints and nobody else's.</summary>
internal sealed class TargetLanes(IDbContextFactory<RegistryDb> databases, int width)
{
    private readonly ConcurrentDictionary<Guid, Guid> targets = new();
    private readonly ConcurrentDictionary<Guid, SemaphoreSlim> lanes = new();
    private readonly ConcurrentDictionary<Task, byte> running = new();

    /// <summary>Notes where an endpoint is, which never changes.</summary>
    public void Know(Guid endpointId, Guid targetId) => targets[endpointId] = targetId;

    /// <summary>Works the queue off until it is cancelled; what is under way then ends first.</summary>
    /// <param name="queue">The endpoints.</param>
    /// <param name="look">What is done with each; it throws only when it is cancelled.</param>
    /// <param name="stopping">Ends it.</param>
    public async Task RunAsync(ReconcileQueue queue, Func<Guid, CancellationToken, Task> look, CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                var task = LookAsync(await queue.NextAsync(stopping), queue, look, stopping);
                running.TryAdd(task, 0);
                _ = task.ContinueWith(done => running.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }
        }
        finally
        {
            await Task.WhenAll(running.Keys).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task LookAsync(Guid endpointId, ReconcileQueue queue, Func<Guid, CancellationToken, Task> look, CancellationToken stopping)
    {
        // Whoever asks for a look goes on at once.
        await Task.Yield();
        var lane = lanes.GetOrAdd(await TargetOfAsync(endpointId, stopping), _ => new(width));
        await lane.WaitAsync(stopping);
        queue.Begin(endpointId);
        try
        {
            await look(endpointId, stopping);
        }
        finally
        {
            queue.Finish(endpointId);
            lane.Release();
        }
    }

    private async Task<Guid> TargetOfAsync(Guid endpointId, CancellationToken stopping)
    {
        if (targets.TryGetValue(endpointId, out var known))
        {
            return known;
        }

        try
        {
            await using var db = await databases.CreateDbContextAsync(stopping);
            var found = await db.Endpoints.Where(e => e.Id == endpointId).Select(e => e.TargetId).SingleOrDefaultAsync(stopping);
            if (found != Guid.Empty)
            {
                Know(endpointId, found);
            }

            return found;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // The look itself fails then as well, and says so.
            return Guid.Empty;
        }
    }
}
