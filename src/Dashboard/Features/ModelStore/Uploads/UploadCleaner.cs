using Microsoft.EntityFrameworkCore;
using Ops.Data;

namespace Ops.Dashboard.Features.ModelStore.Uploads;

/// <summary>Deletes the bytes of an upload that came to nothing.</summary>
internal sealed class UploadCleaner(IDbContextFactory<RegistryDb> databases, ModelStores stores, ILogger<UploadCleaner> log)
{
    /// <summary>Deletes them. What cannot be deleted now is collected later as an orphan, so this never fails.</summary>
    public async Task DeleteBytesAsync(Guid uploadId, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var objects = await db.UploadFiles.Where(f => f.UploadId == uploadId)
            .Join(db.Uploads, f => f.UploadId, u => u.Id, (f, u) => new { u.Store, f.ObjectId, f.StoreToken })
            .ToListAsync(cancellation);
        foreach (var item in objects)
        {
            try
            {
                var store = stores.Get(item.Store);
                if (item.StoreToken is not null)
                {
                    // By its token, since some stores cannot list what is unfinished.
                    await store.AbandonAsync(item.ObjectId, item.StoreToken, cancellation);
                }

                await store.DeleteAsync(item.ObjectId, cancellation);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidOperationException)
            {
                log.DeleteFailed(item.ObjectId, exception);
            }
        }
    }
}
