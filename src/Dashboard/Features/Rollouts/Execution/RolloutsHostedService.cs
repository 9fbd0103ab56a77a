using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Targets;
using Ops.Data;

namespace Ops.Dashboard.Features.Rollouts.Execution;

/// <summary>Keeps the controller going: holds the lease, wakes up for changes, looks at every endpoint from time to time, and tries again later what went wrong.</summary>
internal sealed class RolloutsHostedService(
    ReconcileQueue queue,
    EndpointReconciler reconciler,
    LeaderLease lease,
    ObservedEndpoints observed,
    RolloutFeed feed,
    RolloutsHealth health,
    IDbContextFactory<RegistryDb> databases,
    IOptions<RolloutsOptions> options,
    TimeProvider time,
    ILogger<RolloutsHostedService> log) : BackgroundService
{
    // Replicas that load report often; looking at each report would keep the registry busy for nothing.
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan BetweenEdits = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ReleaseLimit = TimeSpan.FromSeconds(5);
    private readonly TargetLanes lanes = new(databases, options.Value.Workers);
    private readonly RegistryNews news = new(databases);
    private readonly ConcurrentDictionary<Guid, int> failures = new();
    private readonly ConcurrentDictionary<Guid, long> editedAt = new();

    private TimeSpan LongestPause => TimeSpan.FromSeconds(options.Value.BackoffMaxSeconds);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        observed.News += OnNews;
        try
        {
            await Task.WhenAll([LeadAsync(stoppingToken), ResyncAsync(stoppingToken), FollowAsync(stoppingToken), lanes.RunAsync(queue, LookAsync, stoppingToken)]);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The usual end.
        }
        finally
        {
            observed.News -= OnNews;
            await ReleaseAsync();
        }
    }

    private void OnNews(ObservedNews news)
    {
        if (news.IsReplica)
        {
            feed.See(news.EndpointId, observed.Find(news.EndpointId)?.Replicas ?? []);
        }

        // What is being tried again later keeps its pause, also while its replicas report.
        if (!failures.ContainsKey(news.EndpointId))
        {
            queue.EnqueueAfter(news.EndpointId, news.IsReplica ? Gathering : PauseAfterEdit(news.EndpointId));
        }
    }

    // The first edit is looked at at once. Where somebody else's controller edits against this one, that must not become a race.
    private TimeSpan PauseAfterEdit(Guid endpointId)
    {
        var now = time.GetTimestamp();
        if (editedAt.TryGetValue(endpointId, out var last) && time.GetElapsedTime(last, now) < BetweenEdits)
        {
            return BetweenEdits;
        }

        editedAt[endpointId] = now;
        return Gathering;
    }

    private Task LeadAsync(CancellationToken stopping) => RepeatAsync(
        "lease",
        TimeSpan.FromSeconds(options.Value.LeaseRenewSeconds),
        async () =>
        {
            var had = lease.IsHeld;
            if (await lease.TryHoldAsync(stopping) && !had)
            {
                // Also those that are retired: their replicas may have been left over by a process that was killed.
                await EnqueueAllAsync(withRetired: true, stopping);
            }
        },
        stopping);

    private async Task ResyncAsync(CancellationToken stopping)
    {
        var isFirst = true;
        await RepeatAsync(
            "resync",
            TimeSpan.FromSeconds(options.Value.ResyncSeconds),
            async () =>
            {
                await EnqueueAllAsync(isFirst, stopping);
                isFirst = false;
            },
            stopping);
    }

    private Task FollowAsync(CancellationToken stopping) => RepeatAsync(
        "news",
        RegistryNews.Every,
        async () =>
        {
            // What is being tried again later keeps its pause, but for a person.
            foreach (var told in await news.ReadAsync(stopping))
            {
                if (told.IsByPerson || !failures.ContainsKey(told.EndpointId))
                {
                    queue.Enqueue(told.EndpointId);
                }
            }
        },
        stopping);

    private async Task EnqueueAllAsync(bool withRetired, CancellationToken stopping)
    {
        await using var db = await databases.CreateDbContextAsync(stopping);
        var endpoints = await db.Endpoints.Where(e => withRetired || e.RetiredAt == null).Select(e => new { e.Id, e.TargetId }).ToListAsync(stopping);
        endpoints.ForEach(e => lanes.Know(e.Id, e.TargetId));

        // One that was retired at another dashboard has replicas here still, which nobody else takes down.
        foreach (var id in endpoints.Select(e => e.Id).Union(observed.All.Where(o => o.Replicas.Count > 0).Select(o => o.Endpoint.Id)))
        {
            if (!failures.ContainsKey(id))
            {
                queue.Enqueue(id);
            }
        }
    }

    private async Task LookAsync(Guid endpointId, CancellationToken stopping)
    {
        try
        {
            var again = await reconciler.ReconcileAsync(endpointId, stopping);
            if (failures.TryRemove(endpointId, out _))
            {
                health.Clear(NameOf(endpointId));
            }

            if (again == TimeSpan.Zero)
            {
                queue.Enqueue(endpointId);
            }
            else if (again is { } pause)
            {
                queue.EnqueueAfter(endpointId, pause);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            throw;
        }
        catch (DbUpdateConcurrencyException)
        {
            log.PassOvertaken(endpointId);
            queue.Enqueue(endpointId);
        }
        catch (Exception exception)
        {
            await FailedAsync(endpointId, exception, stopping);
        }
    }

    private async Task FailedAsync(Guid endpointId, Exception exception, CancellationToken stopping)
    {
        var attempt = failures.AddOrUpdate(endpointId, 1, (_, n) => n + 1);
        var pause = PauseAfter(attempt);
        log.PassFailed(endpointId, attempt, pause, exception);
        health.Report(NameOf(endpointId), exception.Message);
        queue.EnqueueAfter(endpointId, pause);
        try
        {
            await reconciler.NoteTroubleAsync(endpointId, exception, stopping);
        }
        catch (Exception second) when (second is not OperationCanceledException)
        {
            // The registry itself may be what is down.
            log.TroubleNotNoted(endpointId, second);
        }
    }

    private async Task RepeatAsync(string loop, TimeSpan period, Func<Task> action, CancellationToken stopping)
    {
        var attempt = 0;
        while (true)
        {
            var pause = period;
            try
            {
                await action();
                attempt = 0;
                health.Clear(loop);
            }
            catch (Exception exception) when (!stopping.IsCancellationRequested)
            {
                attempt++;
                pause = PauseAfter(attempt) < period ? PauseAfter(attempt) : period;
                log.LoopFailed(loop, pause, exception);
                health.Report(loop, exception.Message);
            }

            await Task.Delay(pause, time, stopping);
        }
    }

    private async Task ReleaseAsync()
    {
        using var limit = new CancellationTokenSource(ReleaseLimit, time);
        try
        {
            await lease.ReleaseAsync(limit.Token);
        }
        catch (Exception exception)
        {
            // It runs out by itself.
            log.LeaseUnreachable(exception);
        }
    }

    private TimeSpan PauseAfter(int attempt)
    {
        var pause = FirstPause * Math.Pow(2, Math.Min(attempt - 1, 16));
        return pause < LongestPause ? pause : LongestPause;
    }

    private static string NameOf(Guid endpointId) => $"endpoint {endpointId}";
}
