using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.ModelStore.Verification;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.ModelStore;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.ModelStore.Uploads;

/// <summary>Begins, completes and cancels uploads. Parts are <see cref="PartReceiver"/>'s.</summary>
internal sealed class UploadCommands(
    CommandRunner commands,
    UploadRules rules,
    ModelStores stores,
    VerificationQueue queue,
    UploadCleaner cleaner,
    IDbContextFactory<RegistryDb> databases,
    IOptions<ModelStoreOptions> options)
{
    /// <summary>Begins an upload, and makes its model when there is none of that name.</summary>
    /// <returns>The upload's id.</returns>
    public async Task<Result<Guid>> BeginAsync(Caller caller, BeginUpload request, CancellationToken cancellation)
    {
        var chosen = stores.Choose(request.Store, request.Environment);
        if (!chosen.Succeeded)
        {
            return chosen.Failure;
        }

        var store = chosen.Value;
        var check = rules.Check(request, store);
        if (!check.Succeeded)
        {
            return check.Failure;
        }

        long? free;
        try
        {
            free = await store.FreeBytesAsync(cancellation);
        }
        catch (IOException)
        {
            return Failure.Unavailable($"The model store '{store.Name}' does not answer right now. Try again later, or choose another one.");
        }

        return await commands.RunAsync<Guid>(caller, "upload.begin", Right.UploadVersions, async (scope, token) =>
        {
            var begun = await BeginAsync(scope, scope.Person, request, new UploadPlace(store, free, null), token);
            return begun.Succeeded ? begun.Value.Id : begun.Failure;
        }, cancellation);
    }

    /// <summary>Hands a complete set of parts over to verification. Asked again, it does nothing more.</summary>
    public async Task<Result> CompleteAsync(Caller caller, Guid uploadId, CompleteUpload request, CancellationToken cancellation)
    {
        var result = await commands.RunAsync(caller, "upload.complete", Right.UploadVersions, (scope, token) => CompleteAsync(scope, uploadId, request, token), cancellation);
        if (result.Failure is not { Kind: FailureKind.Conflict })
        {
            return result;
        }

        await using var db = await databases.CreateDbContextAsync(cancellation);
        var state = await db.Uploads.Where(u => u.Id == uploadId && u.PersonId == caller.PersonId).Select(u => (UploadState?)u.State).SingleOrDefaultAsync(cancellation);
        return state is UploadState.Verifying or UploadState.Completed ? Result.Done : result;
    }

    /// <summary>Sends what is missing through the dashboard, because the browser cannot send to the store. It stays so for this upload.</summary>
    public Task<Result> SendThroughDashboardAsync(Caller caller, Guid uploadId, DirectTrouble trouble, CancellationToken cancellation) =>
        commands.RunAsync(caller, "upload.through-dashboard", Right.UploadVersions, async (scope, token) =>
        {
            if (await FindAsync(scope, uploadId, token) is not { } upload)
            {
                return UploadRules.NoSuchUpload;
            }

            var sent = upload.SendThroughDashboard(trouble);
            if (sent.Succeeded)
            {
                scope.Audit("upload", upload.Id, upload.ModelName, after: new { upload.Store, upload.DirectTrouble });
            }

            return sent;
        }, cancellation);

    /// <summary>Gives an upload up and deletes its bytes.</summary>
    public async Task<Result> CancelAsync(Caller caller, Guid uploadId, CancellationToken cancellation)
    {
        var result = await commands.RunAsync(caller, "upload.cancel", Right.UploadVersions, async (scope, token) =>
        {
            if (await FindAsync(scope, uploadId, token) is not { } upload)
            {
                return UploadRules.NoSuchUpload;
            }

            var before = upload.State;
            var moved = upload.Cancel();
            if (moved.Succeeded)
            {
                scope.Audit("upload", upload.Id, upload.ModelName, new { State = before }, new { upload.State });
            }

            return moved;
        }, cancellation);
        if (result.Succeeded)
        {
            // The person has been told; what a crash leaves behind here is collected as an orphan.
            await cleaner.DeleteBytesAsync(uploadId, CancellationToken.None);
        }

        return result;
    }

    private async Task<Result> CompleteAsync(CommandScope scope, Guid uploadId, CompleteUpload request, CancellationToken cancellation)
    {
        if (await FindAsync(scope, uploadId, cancellation) is not { } upload)
        {
            return UploadRules.NoSuchUpload;
        }

        if (!upload.IsOpen)
        {
            return Failure.Conflict($"This upload is {upload.State} and cannot be completed.");
        }

        var hashed = UploadRules.CheckHashes(upload, request);
        if (!hashed.Succeeded)
        {
            return hashed;
        }

        var counts = await scope.Db.UploadFiles.Where(f => f.UploadId == uploadId)
            .Join(scope.Db.UploadParts, f => f.Id, p => p.FileId, (f, p) => f.Id)
            .GroupBy(id => id)
            .Select(group => new { group.Key, Count = group.Count() })
            .ToDictionaryAsync(group => group.Key, group => group.Count, cancellation);
        var missing = upload.Files.Sum(f => f.PartCount - counts.GetValueOrDefault(f.Id));
        if (missing > 0)
        {
            return Failure.Conflict(missing == 1 ? "One part is still missing." : $"{missing} parts are still missing.");
        }

        var moved = upload.BeginVerification();
        if (moved.Succeeded)
        {
            scope.Audit("upload", upload.Id, upload.ModelName, new { State = UploadState.Open }, new { upload.State, Files = upload.Files.Count });
            scope.AfterCommit(() => queue.Add(uploadId));
        }

        return moved;
    }

    private static Task<Upload?> FindAsync(CommandScope scope, Guid id, CancellationToken cancellation) =>
        scope.Db.Uploads.Include(u => u.Files).SingleOrDefaultAsync(u => u.Id == id && u.PersonId == scope.Caller.PersonId && u.TransferId == null, cancellation);

    /// <summary>Begins an upload inside a command, for a person whose right the caller has checked.</summary>
    /// <param name="scope">The command.</param>
    /// <param name="person">Whose upload, and whose model when one is made.</param>
    /// <param name="request">Checked by <see cref="UploadRules.Check"/> already.</param>
    /// <param name="place">Where the bytes go and who feeds them.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<Result<Upload>> BeginAsync(CommandScope scope, Person person, BeginUpload request, UploadPlace place, CancellationToken cancellation)
    {
        var total = request.Files!.Sum(f => f.Size);
        if (!await scope.Db.Stores.AnyAsync(s => s.Name == place.Store.Name && s.RetiredAt == null, cancellation))
        {
            return Failure.Conflict($"The model store '{place.Store.Name}' was retired at this moment. Choose another one.");
        }

        var room = await rules.CheckRoomAsync(scope, person.Id, place.Store.Name, total, place.FreeBytes, cancellation);
        if (!room.Succeeded)
        {
            return room.Failure;
        }

        var found = await FindOrMakeModelAsync(scope, person, request, cancellation);
        if (!found.Succeeded)
        {
            return found.Failure;
        }

        var (model, isNew) = found.Value;
        var upload = Upload.Begin(
            new NewUpload
            {
                ModelId = model.Id,
                ModelName = model.Name,
                PersonId = person.Id,
                PersonName = person.UserName ?? "",
                Store = place.Store.Name,
                TransferId = place.TransferId,
                Unpack = request.Unpack && request.Files is [_],
                Notes = request.Notes?.Trim() ?? "",
                LineageJson = UploadRules.Serialize(request.Lineage),
                Now = scope.Now,
                Lifetime = options.Value.Lifetime,
            },
            request.Files!.Select(file => new UploadFile
            {
                Id = Guid.NewGuid(),
                Path = file.Path!,
                SizeBytes = file.Size,
                PartSizeBytes = place.Store.PartSizeFor(file.Size),
                ObjectId = ObjectIds.Create(),
            }));
        scope.Db.Uploads.Add(upload);
        scope.Audit("upload", upload.Id, model.Name, after: new { Model = model.Name, NewModel = isNew, Files = upload.Files.Count, Bytes = total, upload.Store });
        return upload;
    }

    private static async Task<Result<(Model Model, bool IsNew)>> FindOrMakeModelAsync(CommandScope scope, Person person, BeginUpload request, CancellationToken cancellation)
    {
        if (await scope.Db.Models.SingleOrDefaultAsync(m => m.Name == request.Model, cancellation) is { } existing)
        {
            return existing.ArchivedAt is null
                ? (existing, false)
                : Failure.Conflict($"{existing.Name} is archived. Restore it, or choose another model.");
        }

        var made = Model.Create(request.Model!, request.Description?.Trim() ?? "", person.Id, person.UserName ?? "", scope.Now);
        if (!made.Succeeded)
        {
            return made.Failure;
        }

        scope.Db.Models.Add(made.Value);
        return (made.Value, true);
    }
}

/// <summary>Where the bytes of a new upload go.</summary>
/// <param name="Store">The store.</param>
/// <param name="FreeBytes">What it has left, or null when it cannot tell.</param>
/// <param name="TransferId">The transfer that feeds it, or null when a browser does.</param>
internal sealed record UploadPlace(IModelStore Store, long? FreeBytes, Guid? TransferId);
