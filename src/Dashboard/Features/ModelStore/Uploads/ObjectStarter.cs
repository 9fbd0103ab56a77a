using Microsoft.EntityFrameworkCore;
using Ops.Data;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.Uploads;

/// <summary>Begins the objects of files in their store, each once, and begins them anew when the store has lost them.</summary>
internal sealed class ObjectStarter(IDbContextFactory<RegistryDb> databases, PartLocks locks, ILogger<ObjectStarter> log)
{
    // Parts count from 1, so this number is free to stand for the whole file.
    private const int WholeFile = 0;

    /// <summary>What parts of a file are written to, begun on first use: ten thousand announced files should not cost ten thousand objects before a byte has come.</summary>
    /// <param name="store">The upload's store.</param>
    /// <param name="file">The file as it was read from the registry.</param>
    /// <param name="isBegun">Whether it has parts already.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<UnfinishedObject> BeginAsync(IModelStore store, UploadFile file, bool isBegun, CancellationToken cancellation)
    {
        if (isBegun || file.StoreToken is not null)
        {
            return Unfinished(file, file.StoreToken);
        }

        using var turn = await locks.EnterAsync(file.Id, WholeFile, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (await TokenAsync(db, file, cancellation) is { } begunMeanwhile)
        {
            return Unfinished(file, begunMeanwhile);
        }

        var begun = await store.BeginAsync(file.ObjectId, file.SizeBytes, cancellation);
        if (begun.Token is null)
        {
            return Unfinished(file, null);
        }

        // Only one attempt counts, also when two dashboards begin at the same moment. Once the store has made one it must become known or go.
        var kept = await db.UploadFiles.Where(f => f.Id == file.Id && f.StoreToken == null)
            .ExecuteUpdateAsync(set => set.SetProperty(f => f.StoreToken, begun.Token), CancellationToken.None);
        if (kept == 1)
        {
            return Unfinished(file, begun.Token);
        }

        await AbandonAsync(store, file.ObjectId, begun.Token);
        return Unfinished(file, await TokenAsync(db, file, cancellation));
    }

    /// <summary>Forgets every part of a file that the store has lost, so that it is begun anew. Does nothing when somebody did so already.</summary>
    /// <param name="file">The file.</param>
    /// <param name="token">The attempt that is lost.</param>
    /// <returns>Whether this call forgot them.</returns>
    public async Task<bool> StartOverAsync(UploadFile file, string? token)
    {
        await using var db = await databases.CreateDbContextAsync(CancellationToken.None);
        await using var transaction = await db.Database.BeginTransactionAsync(CancellationToken.None);

        // Touching the upload first makes this and the commits of its parts take turns.
        var open = await db.Uploads.Where(u => u.Id == file.UploadId && u.State == UploadState.Open)
            .ExecuteUpdateAsync(set => set.SetProperty(u => u.ExpiresAt, u => u.ExpiresAt), CancellationToken.None);
        var lost = open == 0
            ? 0
            : await db.UploadFiles.Where(f => f.Id == file.Id && f.StoreToken == token)
                .ExecuteUpdateAsync(set => set.SetProperty(f => f.StoreToken, (string?)null), CancellationToken.None);
        if (lost == 0)
        {
            return false;
        }

        var parts = await db.UploadParts.Where(p => p.FileId == file.Id).ExecuteDeleteAsync(CancellationToken.None);
        await transaction.CommitAsync(CancellationToken.None);
        log.StoreLostFile(file.Id, parts);
        return true;
    }

    private static UnfinishedObject Unfinished(UploadFile file, string? token) => new(file.ObjectId, token, file.SizeBytes, file.PartSizeBytes);

    private static Task<string?> TokenAsync(RegistryDb db, UploadFile file, CancellationToken cancellation) =>
        db.UploadFiles.Where(f => f.Id == file.Id).Select(f => f.StoreToken).SingleOrDefaultAsync(cancellation);

    private async Task AbandonAsync(IModelStore store, string objectId, string token)
    {
        try
        {
            await store.AbandonAsync(objectId, token, CancellationToken.None);
        }
        catch (IOException exception)
        {
            log.DeleteFailed(objectId, exception);
        }
    }
}
