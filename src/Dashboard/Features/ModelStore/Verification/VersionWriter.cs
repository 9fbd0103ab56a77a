using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.ModelStore.Collection;
using Ops.Data;
using Ops.Data.ModelStore;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.ModelStore.Verification;

/// <summary>Writes the outcome of a verification, each in one transaction with its audit entry.</summary>
internal sealed class VersionWriter(CommandRunner commands, IDbContextFactory<RegistryDb> databases, ModelStores stores, SharedObjects sharing, ILogger<VersionWriter> log)
{
    /// <summary>Makes the version and completes the upload. Files whose bytes the store has already refer to the object that is there; what the upload brought of them is dropped.</summary>
    /// <param name="uploadId">An upload in state <see cref="UploadState.Verifying"/>.</param>
    /// <param name="inspected">What its files are.</param>
    /// <param name="hashes">SHA-256 (hex) of each file by its id.</param>
    /// <param name="cancellation">Gives up before the commit.</param>
    public async Task<Result> WriteAsync(Guid uploadId, Inspected inspected, IReadOnlyDictionary<Guid, string> hashes, CancellationToken cancellation)
    {
        var (store, files) = await ReadAsync(uploadId, cancellation);
        var shared = await sharing.FindAsync(store, files, hashes, cancellation);
        var written = await WriteAsync(uploadId, inspected, hashes, shared, cancellation);
        if (written.Failure is { Kind: FailureKind.Conflict } && shared.Count > 0)
        {
            // Versions with these bytes change all the time; storing them once more harms nobody.
            written = await WriteAsync(uploadId, inspected, hashes, new Dictionary<string, SharedObject>(), cancellation);
        }

        if (!written.Succeeded)
        {
            return written.Failure;
        }

        foreach (var dropped in written.Value)
        {
            try
            {
                await store.DeleteAsync(dropped, CancellationToken.None);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                log.DeleteFailed(dropped, exception);
            }
        }

        return Result.Done;
    }

    /// <summary>Writes it once, with what can be shared.</summary>
    /// <returns>The objects of the upload that the version does not need.</returns>
    private async Task<Result<IReadOnlyList<string>>> WriteAsync(
        Guid uploadId, Inspected inspected, IReadOnlyDictionary<Guid, string> hashes, IReadOnlyDictionary<string, SharedObject> shared, CancellationToken cancellation)
    {
        IReadOnlyList<string> dropped = [];
        var written = await commands.RunAsSystemAsync("version.create", async (scope, token) =>
        {
            var upload = await scope.Db.Uploads.Include(u => u.Files).SingleAsync(u => u.Id == uploadId, token);
            var model = await scope.Db.Models.SingleAsync(m => m.Id == upload.ModelId, token);
            var number = model.NextVersion(inspected.Format, scope.Now);
            if (!number.Succeeded)
            {
                return number.Failure;
            }

            var objects = await ObjectsAsync(scope.Db, upload, hashes, shared, token);
            var version = Version(upload, number.Value, inspected, hashes, objects, scope.Now);
            var completed = upload.Complete(version.Id);
            if (!completed.Succeeded)
            {
                return completed;
            }

            dropped = [.. upload.Files.Select(f => f.ObjectId).Except(objects.Values)];
            scope.Db.Versions.Add(version);
            scope.Audit(
                "version",
                version.Id,
                $"{model.Name} {version.Number}",
                after: new { Model = model.Name, version.Number, version.Digest, version.Format, version.SizeBytes, Upload = upload.Id, UploadedBy = upload.PersonName, StoredAlready = dropped.Count });
            return Result.Done;
        }, cancellation);
        return written.Succeeded ? Result.Of(dropped) : written.Failure;
    }

    private async Task<(IModelStore Store, IReadOnlyList<UploadFile> Files)> ReadAsync(Guid uploadId, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var upload = await db.Uploads.AsNoTracking().Include(u => u.Files).SingleAsync(u => u.Id == uploadId, cancellation);
        return (stores.Get(upload.Store), upload.Files);
    }

    /// <summary>The object of each SHA-256: one that is there, else the first file of the upload that has it.</summary>
    private static async Task<Dictionary<string, string>> ObjectsAsync(
        RegistryDb db, Upload upload, IReadOnlyDictionary<Guid, string> hashes, IReadOnlyDictionary<string, SharedObject> shared, CancellationToken cancellation)
    {
        Dictionary<string, string> objects = new(StringComparer.Ordinal);
        HashSet<Guid> held = [];
        foreach (var file in upload.Files.OrderBy(f => f.Path, StringComparer.Ordinal))
        {
            var sha256 = hashes[file.Id];
            if (objects.ContainsKey(sha256))
            {
                continue;
            }

            objects.Add(sha256, file.ObjectId);
            if (shared.TryGetValue(sha256, out var there) && await SharedObjects.HolderAsync(db, upload.Store, there, cancellation) is { } holder)
            {
                objects[sha256] = there.ObjectId;
                if (held.Add(holder.Id))
                {
                    holder.Hold();
                }
            }
        }

        return objects;
    }

    /// <summary>Refuses the files for good.</summary>
    public Task<Result> RefuseAsync(Guid uploadId, Failure failure, CancellationToken cancellation) =>
        commands.RunAsSystemAsync("upload.refuse", async (scope, token) =>
        {
            var upload = await scope.Db.Uploads.SingleAsync(u => u.Id == uploadId, token);
            var refused = upload.Refuse(failure.Message);
            if (refused.Succeeded)
            {
                scope.Audit("upload", upload.Id, upload.ModelName, after: new { upload.State, Code = failure.Field, failure.Message, UploadedBy = upload.PersonName });
            }

            return refused;
        }, cancellation);

    /// <summary>Lets the person try again once what is in the way is gone. All parts stay.</summary>
    public Task<Result> ReopenAsync(Guid uploadId, string reason, CancellationToken cancellation) =>
        ReopenAsync(uploadId, Guid.Empty, [], false, reason, cancellation);

    /// <summary>Takes parts again.</summary>
    /// <param name="uploadId">The upload.</param>
    /// <param name="fileId">The file they belong to.</param>
    /// <param name="parts">Parts that no longer count.</param>
    /// <param name="isLost">Whether the file's object has to be begun anew in the store; then all of its parts must be given.</param>
    /// <param name="reason">Why, for the audit.</param>
    /// <param name="cancellation">Gives up before the commit.</param>
    public Task<Result> ReopenAsync(Guid uploadId, Guid fileId, IReadOnlyCollection<int> parts, bool isLost, string reason, CancellationToken cancellation) =>
        commands.RunAsSystemAsync("upload.reopen", async (scope, token) =>
        {
            var upload = await scope.Db.Uploads.SingleAsync(u => u.Id == uploadId, token);
            var reopened = upload.Reopen();
            if (!reopened.Succeeded)
            {
                return reopened;
            }

            scope.Db.UploadParts.RemoveRange(await scope.Db.UploadParts.Where(p => p.FileId == fileId && parts.Contains(p.Number)).ToListAsync(token));
            if (isLost)
            {
                (await scope.Db.UploadFiles.SingleAsync(f => f.Id == fileId, token)).StoreToken = null;
            }

            scope.Audit("upload", upload.Id, upload.ModelName, after: new { upload.State, DamagedParts = parts.Count }, reason: reason);
            return Result.Done;
        }, cancellation);

    private static ModelVersion Version(Upload upload, int number, Inspected inspected, IReadOnlyDictionary<Guid, string> hashes, Dictionary<string, string> objects, DateTimeOffset now)
    {
        var id = Guid.CreateVersion7(now);
        foreach (var file in upload.Files)
        {
            file.ServerSha256 = hashes[file.Id];
        }

        return ModelVersion.Create(
            [.. upload.Files.Select(f => new VersionFile { VersionId = id, Path = f.Path, SizeBytes = f.SizeBytes, Sha256 = hashes[f.Id], ObjectId = objects[hashes[f.Id]] })],
            new NewVersion
            {
                Id = id,
                ModelId = upload.ModelId,
                Number = number,
                Format = inspected.Format,
                MetadataJson = inspected.MetadataJson,
                LineageJson = upload.LineageJson,
                Notes = upload.Notes,
                Store = upload.Store,
                UploadedById = upload.PersonId,
                UploadedByName = upload.PersonName,
                Now = now,
            });
    }
}
