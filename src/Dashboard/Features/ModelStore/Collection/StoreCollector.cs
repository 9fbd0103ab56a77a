using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.ModelStore.Uploads;
using Ops.Data;
using Ops.Data.ModelStore;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.ModelStore.Collection;

/// <summary>Clears away what nobody will need: uploads without progress, and objects that no row refers to.</summary>
internal sealed class StoreCollector(
    CommandRunner commands,
    IDbContextFactory<RegistryDb> databases,
    ModelStores stores,
    UploadCleaner cleaner,
    TimeProvider time,
    IOptions<ModelStoreOptions> options,
    ILogger<StoreCollector> log)
{
    private const int Batch = 200;

    /// <summary>Does all of it once.</summary>
    public async Task CollectAsync(CancellationToken cancellation)
    {
        await ExpireAsync(cancellation);
        await ForgetPartsAsync(cancellation);
        foreach (var (row, store, _) in stores.Entries)
        {
            try
            {
                if (store is not null)
                {
                    await CollectOrphansAsync(store, row.RetiredAt, cancellation);
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // One store that is away must not keep the others from being cleared. A retired one may be gone for good.
                if (row.RetiredAt is null)
                {
                    log.StoreNotCollected(store!.Name, exception);
                }
            }
        }
    }

    private async Task ExpireAsync(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        foreach (var id in await DueAsync(now, cancellation))
        {
            var expired = await commands.RunAsSystemAsync("upload.expire", async (scope, token) =>
            {
                var upload = await scope.Db.Uploads.SingleAsync(u => u.Id == id, token);
                if (upload.ExpiresAt > now)
                {
                    return Failure.Conflict("It went on meanwhile.");
                }

                var moved = upload.Expire();
                if (moved.Succeeded)
                {
                    scope.Audit("upload", upload.Id, upload.ModelName, after: new { upload.State, upload.ExpiresAt, UploadedBy = upload.PersonName });
                }

                return moved;
            }, cancellation);
            if (expired.Succeeded)
            {
                await cleaner.DeleteBytesAsync(id, cancellation);
                log.Expired(id);
            }
        }
    }

    private async Task<List<Guid>> DueAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Uploads.Where(u => u.State == UploadState.Open && u.ExpiresAt <= now).Select(u => u.Id).ToListAsync(cancellation);
    }

    // Rows of parts are only of use until the upload has ended; large files have thousands.
    private async Task ForgetPartsAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var ended = db.UploadFiles.Where(f => db.Uploads.Any(u => u.Id == f.UploadId && u.State != UploadState.Open && u.State != UploadState.Verifying));
        await db.UploadParts.Where(p => ended.Any(f => f.Id == p.FileId)).ExecuteDeleteAsync(cancellation);
    }

    private async Task CollectOrphansAsync(IModelStore store, DateTimeOffset? retiredAt, CancellationToken cancellation)
    {
        var before = time.GetUtcNow() - options.Value.OrphanAge;

        // This installation brought nothing into the store after that day. What is younger is of others, who may have the place now.
        before = retiredAt < before ? retiredAt.Value : before;
        List<StoredObject> old = [];
        await foreach (var item in store.ListAsync(cancellation))
        {
            if (item.ChangedAt < before)
            {
                old.Add(item);
            }
        }

        foreach (var batch in old.Chunk(Batch))
        {
            var live = await LiveAsync([.. batch.Select(item => item.ObjectId).Distinct()], cancellation);
            foreach (var item in batch.Where(item => !IsLive(item, live)))
            {
                try
                {
                    await (item.Token is null ? store.DeleteAsync(item.ObjectId, cancellation) : store.AbandonAsync(item.ObjectId, item.Token, cancellation));
                    log.OrphanCollected(item.ObjectId, store.Name);
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
                {
                    log.DeleteFailed(item.ObjectId, exception);
                }
            }
        }
    }

    // Of several attempts at one object only the one whose token the registry knows is alive. As long as it knows none, any of them may become it.
    private static bool IsLive(StoredObject item, Dictionary<string, string?> live) =>
        live.TryGetValue(item.ObjectId, out var token) && (item.Token is null || token is null || item.Token == token);

    // Files of versions until those are deleted for good, files of uploads as long as they may become a version, copies as long as they
    // may become the version's. All these rows are written before the first byte of an object, so an object without any is never one
    // that is just being made. What turns into a version is asked before versions: in the other order it could be missed in both.
    private async Task<Dictionary<string, string?>> LiveAsync(string[] ids, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var live = await db.UploadFiles
            .Where(f => ids.Contains(f.ObjectId) && db.Uploads.Any(u => u.Id == f.UploadId && (u.State == UploadState.Open || u.State == UploadState.Verifying)))
            .ToDictionaryAsync(f => f.ObjectId, f => f.StoreToken, cancellation);
        var copies = db.VersionMoveFiles.Where(f => ids.Contains(f.ToObjectId) && db.VersionMoves.Any(m => m.Id == f.MoveId && m.State == VersionMoveState.Copying));
        foreach (var id in await copies.Select(f => f.ToObjectId).ToListAsync(cancellation))
        {
            live.TryAdd(id, null);
        }

        var files = db.VersionFiles.Where(f => ids.Contains(f.ObjectId) && db.Versions.Any(v => v.Id == f.VersionId && v.State != VersionState.Purged));
        foreach (var id in await files.Select(f => f.ObjectId).Distinct().ToListAsync(cancellation))
        {
            live.TryAdd(id, null);
        }

        return live;
    }
}
