using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Live;
using Ops.Data;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Targets;

/// <summary>All targets with their machines and what runs there, live. Machines are read only while somebody looks.</summary>
internal sealed class TargetsFeed(
    IDbContextFactory<RegistryDb> databases, TargetDrivers drivers, ObservedEndpoints observed, TimeProvider time, ILogger<TargetsFeed> log) : BackgroundService
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<string, DateTimeOffset> downSince = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim again = new(0, 1);

    /// <summary>Subscribe here; keyed by the target's name.</summary>
    public SnapshotFeed<TargetView> Views { get; } = new(v => v.Name, time, new() { Interval = Pace });

    /// <summary>Reads everything soon instead of at the next round, because something was changed.</summary>
    public void Refresh()
    {
        try
        {
            again.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is about to happen anyway.
        }
    }

    /// <summary>Reads all targets once and publishes them.</summary>
    internal async Task RoundAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var targets = await db.Targets.AsNoTracking().Where(t => t.RetiredAt == null).OrderBy(t => t.Name).ToListAsync(cancellation);
        var endpoints = observed.All;

        // Each as soon as it is read: a cluster that does not answer must not keep the others from being shown.
        await Task.WhenAll(targets.Select(async target => Views.Publish(await ViewAsync(target, endpoints, cancellation))));
        foreach (var gone in Views.Snapshot().Select(v => v.Name).Except(targets.Select(t => t.Name)))
        {
            Views.Remove(gone);
            downSince.TryRemove(gone, out _);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        again.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = Pace;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (Views.SubscriberCount == 0)
                {
                    await Task.Delay(Idle, time, stoppingToken);
                    continue;
                }

                await RoundAsync(stoppingToken);
                pause = Pace;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                pause = pause + pause < LongestPause ? pause + pause : LongestPause;
                log.TargetsNotRead(pause.TotalSeconds, e);
            }

            // Through WhenAny, because the end of the application is no failure here.
            await Task.WhenAny(again.WaitAsync(pause, stoppingToken));
        }
    }

    private async Task<TargetView> ViewAsync(Target target, IReadOnlyCollection<EndpointObservation> endpoints, CancellationToken cancellation)
    {
        var inventory = await InventoryAsync(target, cancellation);
        if (inventory.Problem is null)
        {
            downSince.TryRemove(target.Name, out _);
        }
        else if (inventory.Outage is null)
        {
            // Nobody may have looked for a while.
            inventory = inventory with { Outage = new(downSince.GetOrAdd(target.Name, time.GetUtcNow()), IsLonger: true) };
        }

        return new()
        {
            Id = target.Id,
            Name = target.Name,
            Kind = target.Kind,
            Environment = target.Environment,
            Inventory = inventory,
            Replicas =
            [
                .. endpoints.Where(e => e.Endpoint.TargetId == target.Id)
                    .OrderBy(e => e.Endpoint.Name, StringComparer.Ordinal)
                    .SelectMany(e => e.Replicas.Select(r => new TargetReplica(e.Endpoint, r))),
            ],
        };
    }

    private async Task<TargetInventory> InventoryAsync(Target target, CancellationToken cancellation)
    {
        if (drivers.Find(target) is not { } driver)
        {
            return new([], time.GetUtcNow(), $"This dashboard cannot run targets of the kind '{target.Kind}'.");
        }

        try
        {
            return await driver.GetInventoryAsync(target, cancellation).WaitAsync(Patience, time, cancellation);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // One target that cannot be seen must not hide the others.
            log.TargetNotRead(target.Name, e);
            return new([], time.GetUtcNow(), e is TimeoutException ? $"It did not answer within {Patience.TotalSeconds:0} s." : e.Message);
        }
    }
}
