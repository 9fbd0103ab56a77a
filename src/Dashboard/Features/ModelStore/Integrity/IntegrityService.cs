using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Ops.Data;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.ModelStore.Integrity;

/// <summary>Verifies versions in the background, one at a time: first those that people asked for, then the one verified longest ago. What is due stands in the registry, so a restart loses nothing.</summary>
internal sealed class IntegrityService(
    IDbContextFactory<RegistryDb> databases,
    VersionChecker checker,
    IntegrityCommands commands,
    IntegrityBoard board,
    IntegrityWake wake,
    TimeProvider time,
    IOptions<IntegrityOptions> options,
    ILogger<IntegrityService> log) : BackgroundService
{
    private static readonly TimeSpan PauseOfUnreadable = TimeSpan.FromMinutes(5);
    private readonly Dictionary<Guid, DateTimeOffset> unreadable = [];

    /// <summary>Verifies everything that is due now.</summary>
    public async Task TurnAsync(CancellationToken cancellation)
    {
        while (await NextAsync(cancellation) is { } next)
        {
            await VerifyAsync(next.VersionId, new ReadPace(next.IsAsked ? 0 : options.Value.BytesPerSecond, time), cancellation);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                await TurnAsync(stoppingToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                log.TurnFailed(exception);
            }

            await wake.WaitAsync(options.Value.LookEvery, time, stoppingToken);
        }
    }

    private async Task<(Guid VersionId, bool IsAsked)?> NextAsync(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        foreach (var id in unreadable.Where(u => u.Value <= now).Select(u => u.Key).ToList())
        {
            unreadable.Remove(id);
        }

        var skipped = unreadable.Keys.ToList();
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var there = db.Versions.Where(v => v.State != VersionState.Deleted && v.State != VersionState.Purged && !skipped.Contains(v.Id));
        var asked = await there.Where(v => v.VerifyRequestedAt != null).OrderBy(v => v.VerifyRequestedAt).Select(v => (Guid?)v.Id).FirstOrDefaultAsync(cancellation);
        if (asked is not null || !options.Value.Enabled)
        {
            return asked is { } id ? (id, true) : null;
        }

        var due = now - options.Value.Every;
        var next = await there.Where(v => v.LastVerifiedAt == null).Select(v => (Guid?)v.Id).FirstOrDefaultAsync(cancellation)
            ?? await there.Where(v => v.LastVerifiedAt <= due).OrderBy(v => v.LastVerifiedAt).Select(v => (Guid?)v.Id).FirstOrDefaultAsync(cancellation);
        return next is { } oldest ? (oldest, false) : null;
    }

    private async Task VerifyAsync(Guid versionId, ReadPace pace, CancellationToken cancellation)
    {
        using var reading = wake.Begin(versionId, cancellation);
        try
        {
            if (await checker.CheckAsync(versionId, pace, reading.Token) is { } finding)
            {
                await commands.RecordAsync(finding, cancellation);
            }

            board.End(versionId);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The person who asked gave up.
            board.End(versionId);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            log.Unreadable(versionId, exception);
            unreadable[versionId] = time.GetUtcNow() + PauseOfUnreadable;
            board.Report(new(versionId, 0, 0, "The store cannot be read right now. This is tried again by itself."));
        }
    }
}
