using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.ModelStore.Integrity;
using Ops.Data;
using Ops.Data.ModelStore;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.ModelStore.Collection;

/// <summary>An object of an earlier version with the same bytes.</summary>
/// <param name="ObjectId">The object.</param>
/// <param name="VersionId">The version it belongs to.</param>
internal sealed record SharedObject(string ObjectId, Guid VersionId);

/// <summary>
/// Finds objects that hold the bytes of a new version already, so that they are stored once. Whoever writes a version that uses one
/// notes it on the version it belongs to (<see cref="ModelVersion.Hold"/>): the final deletion of that version then finds it changed,
/// counts again, and leaves the object.
/// </summary>
internal sealed class SharedObjects(IDbContextFactory<RegistryDb> databases, ILogger<SharedObjects> log)
{
    /// <summary>Looks in the store of the upload. An object is offered only after its bytes were read back just now: good new bytes are never dropped for old ones that have rotted.</summary>
    /// <param name="store">The store of the upload.</param>
    /// <param name="files">The files of the upload.</param>
    /// <param name="hashes">SHA-256 (hex) of each file by its id.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The object to use, by SHA-256.</returns>
    public async Task<IReadOnlyDictionary<string, SharedObject>> FindAsync(
        IModelStore store, IEnumerable<UploadFile> files, IReadOnlyDictionary<Guid, string> hashes, CancellationToken cancellation)
    {
        Dictionary<string, SharedObject> found = new(StringComparer.Ordinal);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        foreach (var (sha256, size) in files.Select(f => (hashes[f.Id], f.SizeBytes)).Distinct())
        {
            if (await FindAsync(db, store.Name, sha256, size, cancellation) is not { } shared)
            {
                continue;
            }

            if (await HoldsAsync(store, shared.ObjectId, sha256, cancellation))
            {
                found[sha256] = shared;
            }
            else
            {
                log.NotShared(shared.ObjectId, store.Name);
            }
        }

        return found;
    }

    /// <summary>Whether a version still has that object, in that store, and means to keep it. Asked in the transaction that begins to share it.</summary>
    public static async Task<ModelVersion?> HolderAsync(RegistryDb db, string store, SharedObject shared, CancellationToken cancellation) =>
        await db.Versions.SingleOrDefaultAsync(
            v => v.Id == shared.VersionId && v.Store == store && (v.State == VersionState.Ready || v.State == VersionState.Archived)
                && db.VersionFiles.Any(f => f.VersionId == v.Id && f.ObjectId == shared.ObjectId),
            cancellation);

    private static Task<SharedObject?> FindAsync(RegistryDb db, string store, string sha256, long size, CancellationToken cancellation) =>
        db.VersionFiles.Where(f => f.Sha256 == sha256 && f.SizeBytes == size)
            .Join(db.Versions.Where(v => v.Store == store && (v.State == VersionState.Ready || v.State == VersionState.Archived)), f => f.VersionId, v => v.Id, (f, v) => f)
            .Select(f => new SharedObject(f.ObjectId, f.VersionId))
            .FirstOrDefaultAsync(cancellation);

    private static async Task<bool> HoldsAsync(IModelStore store, string objectId, string sha256, CancellationToken cancellation)
    {
        try
        {
            await using var stream = await store.OpenReadAsync(objectId, cancellation);
            return (await ObjectHash.ComputeAsync(stream, null, cancellation)).Sha256 == sha256;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
