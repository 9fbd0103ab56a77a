using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Targets;
using Ops.Data;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Execution;

/// <summary>Writes what happens to replicas into the history of their endpoint and of the rollout that is at it. Whoever reports never waits; a registry that is down is waited for.</summary>
internal sealed class TargetEventRecorder : BackgroundService, ITargetEvents
{
    private const int MostWaiting = 10_000;
    private const int MostAtOnce = 200;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private readonly IDbContextFactory<RegistryDb> databases;
    private readonly ReconcileQueue queue;
    private readonly TimeProvider time;
    private readonly ILogger<TargetEventRecorder> log;
    private readonly Channel<(Guid Id, TargetEvent Happened)> waiting;
    private long dropped;

    /// <param name="databases">Where history is written.</param>
    /// <param name="queue">Woken when a line was added, so that pages see it.</param>
    /// <param name="time">The clock of pauses.</param>
    /// <param name="log">For what could not be written.</param>
    public TargetEventRecorder(IDbContextFactory<RegistryDb> databases, ReconcileQueue queue, TimeProvider time, ILogger<TargetEventRecorder> log)
    {
        (this.databases, this.queue, this.time, this.log) = (databases, queue, time, log);
        waiting = Channel.CreateBounded<(Guid, TargetEvent)>(
            new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true },
            _ => Interlocked.Increment(ref dropped));
    }

    /// <inheritdoc/>
    public void Report(TargetEvent happened) => waiting.Writer.TryWrite((History.NextId(happened.At), happened));

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        List<(Guid Id, TargetEvent Happened)> batch = [];
        var attempt = 0;
        try
        {
            while (batch.Count > 0 || await waiting.Reader.WaitToReadAsync(stoppingToken))
            {
                while (batch.Count < MostAtOnce && waiting.Reader.TryRead(out var next))
                {
                    batch.Add(next);
                }

                try
                {
                    await WriteAsync(batch, stoppingToken);
                    batch.Clear();
                    attempt = 0;
                }
                catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
                {
                    var pause = FirstPause * Math.Pow(2, Math.Min(attempt++, 16));
                    pause = pause < LongestPause ? pause : LongestPause;
                    log.LoopFailed("history", pause, exception);
                    await Task.Delay(pause, time, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The usual end.
        }
    }

    /// <summary>Writes some events. Those that a batch whose answer was lost has written already are left out by their keys.</summary>
    internal async Task WriteAsync(IReadOnlyCollection<(Guid Id, TargetEvent Happened)> batch, CancellationToken cancellation)
    {
        if (Interlocked.Exchange(ref dropped, 0) is > 0 and var count)
        {
            log.EventsDropped(count);
        }

        await using var db = await databases.CreateDbContextAsync(cancellation);
        var ids = batch.Select(e => e.Id).ToList();
        var written = await db.RolloutEvents.Where(e => ids.Contains(e.Id)).Select(e => e.Id).ToHashSetAsync(cancellation);
        foreach (var group in batch.Where(e => !written.Contains(e.Id)).GroupBy(e => e.Happened.EndpointId))
        {
            var endpoint = await db.Endpoints.AsNoTracking().SingleOrDefaultAsync(e => e.Id == group.Key, cancellation);
            if (endpoint is null)
            {
                continue;
            }

            foreach (var (id, happened) in group)
            {
                db.RolloutEvents.Add(new()
                {
                    Id = id,
                    EndpointId = endpoint.Id,
                    RolloutId = endpoint.ActiveRolloutId ?? await EndedRolloutAsync(db, endpoint.StablePlanId, happened, cancellation),
                    At = happened.At,
                    Level = happened.Level,
                    Kind = happened.Kind,
                    Message = happened.Message,
                });
            }

            queue.EnqueueAfter(endpoint.Id, FirstPause);
        }

        await db.SaveChangesAsync(cancellation);
    }

    /// <summary>Replicas of a plan that did not become stable are cleared away after their rollout ended; that belongs to its story still.</summary>
    private static async Task<Guid?> EndedRolloutAsync(RegistryDb db, Guid? stablePlanId, TargetEvent happened, CancellationToken cancellation) => happened.PlanId == stablePlanId
        ? null
        : await db.Rollouts
            .Where(r => r.EndpointId == happened.EndpointId && r.PlanId == happened.PlanId)
            .OrderByDescending(r => r.Number)
            .Select(r => (Guid?)r.Id)
            .FirstOrDefaultAsync(cancellation);
}
