using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Ops.Data;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.Imports.Execution;

/// <summary>
/// Carries imports out, one at a time for each store, in the one process that holds the lease. It looks at the registry again and again, so
/// what a crash left running goes on, what was cancelled stops, and what was verified ends. Every process tells its pages what it sees.
/// </summary>
internal sealed class TransferService(
    IDbContextFactory<RegistryDb> databases,
    TransferRunner runner,
    TransferWriter writer,
    TransferLease lease,
    TransferSignal signal,
    TransferQueries queries,
    TransferFeed feed,
    ImportFolders folders,
    TimeProvider time,
    IOptions<ImportsOptions> options,
    ILogger<TransferService> log) : BackgroundService
{
    private readonly ConcurrentDictionary<string, Running> byStore = new(StringComparer.Ordinal);
    private long? renewed;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                try
                {
                    await LookAsync(stoppingToken);
                }
                catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
                {
                    log.LookFailed(exception);
                }

                await signal.WaitAsync(options.Value.LookEvery, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The dashboard stops; running tries stop where they are.
        }
        finally
        {
            await Task.WhenAll(byStore.Values.Select(running => running.Task));
            await lease.ReleaseAsync(CancellationToken.None);
        }
    }

    private async Task LookAsync(CancellationToken cancellation)
    {
        if (await IsHeldAsync(cancellation))
        {
            await SettleAsync(cancellation);
            await StopCancelledAsync(cancellation);
            await StartDueAsync(cancellation);
            await folders.CollectAsync(byStore.Values.Select(running => running.Id).ToHashSet(), cancellation);
        }
        else
        {
            foreach (var running in byStore.Values)
            {
                await running.Stop.CancelAsync();
            }
        }

        feed.Show(await queries.RecentAsync(cancellation));
    }

    // The lease is a durable write; it is renewed when it is due and not at every look.
    private async Task<bool> IsHeldAsync(CancellationToken cancellation)
    {
        if (lease.IsHeld && renewed is { } at && time.GetElapsedTime(at) < TransferLease.RenewEvery)
        {
            return true;
        }

        renewed = time.GetTimestamp();
        return await lease.TryHoldAsync(cancellation);
    }

    // What was handed over to verification: has it become a version?
    private async Task SettleAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var handed = await db.Transfers.AsNoTracking().Where(t => t.State == TransferState.Running && t.UploadId != null)
            .Join(db.Uploads.Where(u => u.State == UploadState.Completed || u.State == UploadState.Refused), t => t.UploadId, u => u.Id, (t, u) => new { Transfer = t, u.State, u.FailureMessage, u.VersionId })
            .ToListAsync(cancellation);
        foreach (var item in handed)
        {
            if (item.State == UploadState.Refused)
            {
                await writer.FailAsync(item.Transfer, item.FailureMessage ?? "The files were refused.", keep: false, cancellation);
            }
            else
            {
                var number = await db.Versions.Where(v => v.Id == item.VersionId).Select(v => v.Number).SingleAsync(cancellation);
                await writer.ChangeAsync(item.Transfer.Id, (transfer, now) => transfer.Complete(item.VersionId!.Value, number, now), cancellation);
            }

            folders.Delete(item.Transfer.Id);
        }
    }

    private async Task StopCancelledAsync(CancellationToken cancellation)
    {
        foreach (var (store, running) in byStore)
        {
            if (running.Task.IsCompleted)
            {
                byStore.TryRemove(store, out _);
                running.Stop.Dispose();
                continue;
            }

            await using var db = await databases.CreateDbContextAsync(cancellation);
            if (await db.Transfers.AnyAsync(t => t.Id == running.Id && t.State == TransferState.Cancelled, cancellation))
            {
                await running.Stop.CancelAsync();
            }
        }
    }

    private async Task StartDueAsync(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        await using var db = await databases.CreateDbContextAsync(cancellation);

        // Those that run and are not being verified were left by a process that ended; they come first. Identifiers are in the order of their making.
        var due = await db.Transfers.AsNoTracking()
            .Where(t => (t.State == TransferState.Queued && t.NextTryAt <= now)
                || (t.State == TransferState.Running && !db.Uploads.Any(u => u.Id == t.UploadId && (u.State == UploadState.Verifying || u.State == UploadState.Completed || u.State == UploadState.Refused))))
            .OrderByDescending(t => t.State == TransferState.Running).ThenBy(t => t.Id)
            .Select(t => new { t.Id, t.Store })
            .ToListAsync(cancellation);
        foreach (var item in due.Where(item => !byStore.ContainsKey(item.Store)))
        {
            var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            byStore[item.Store] = new Running(item.Id, stop, RunAsync(item.Id, stop.Token));
        }
    }

    private async Task RunAsync(Guid id, CancellationToken cancellation)
    {
        await Task.Yield();
        try
        {
            await runner.RunAsync(id, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Cancelled by a person, or the dashboard stops.
        }
        catch (Exception exception)
        {
            log.Unexpected(id, exception);
        }

        signal.Wake();
    }

    private sealed record Running(Guid Id, CancellationTokenSource Stop, Task Task);
}
