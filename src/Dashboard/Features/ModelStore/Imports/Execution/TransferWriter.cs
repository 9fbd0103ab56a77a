using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.ModelStore.Uploads;
using Ops.Dashboard.Features.ModelStore.Verification;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.Imports.Execution;

/// <summary>Writes what becomes of imports. Steps that change what people see are in the audit; waits between tries are not.</summary>
internal sealed class TransferWriter(
    CommandRunner commands,
    UploadCommands uploads,
    UploadRules rules,
    UploadCleaner cleaner,
    VerificationQueue queue,
    ModelStores stores,
    IDbContextFactory<RegistryDb> databases,
    TimeProvider time)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Where each file of an upload comes from, as it was written by <see cref="AttachAsync"/>.</summary>
    public static IReadOnlyDictionary<string, ImportFile> ReadListing(string json) =>
        (JsonSerializer.Deserialize<List<ImportFile>>(json, Json) ?? []).ToDictionary(f => f.Path, StringComparer.Ordinal);

    /// <summary>A small change of an import's own row.</summary>
    /// <returns>Whether it was made; not when the import has gone on without us.</returns>
    public async Task<bool> ChangeAsync(Guid id, Func<Transfer, DateTimeOffset, Result> change, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (await db.Transfers.SingleOrDefaultAsync(t => t.Id == id, cancellation) is not { } transfer || !change(transfer, time.GetUtcNow()).Succeeded)
        {
            return false;
        }

        try
        {
            await db.SaveChangesAsync(cancellation);
            return true;
        }
        catch (DbUpdateConcurrencyException)
        {
            return false;
        }
    }

    /// <summary>The files are known: begins the upload they go into, and makes the model when there is none. The person must still hold the right.</summary>
    public async Task<Result> AttachAsync(Transfer transfer, IReadOnlyList<ImportFile> files, string? revision, CancellationToken cancellation)
    {
        var store = stores.Get(transfer.Store);
        var request = new BeginUpload
        {
            Model = transfer.ModelName,
            Description = transfer.Description,
            Notes = transfer.Notes,
            Lineage = new Lineage { Source = Cut(transfer.Source), Commit = Cut(revision) },
            Files = [.. files.Select(f => new AnnouncedFile(f.Path, f.Size ?? 0))],
        };
        var check = rules.Check(request, store);
        if (!check.Succeeded)
        {
            return check;
        }

        var free = await store.FreeBytesAsync(cancellation);
        return await commands.RunAsSystemAsync("import.fetch", async (scope, token) =>
        {
            var current = await scope.Db.Transfers.SingleAsync(t => t.Id == transfer.Id, token);
            if (await scope.Db.Users.SingleOrDefaultAsync(p => p.Id == transfer.PersonId, token) is not { } person || !MayUpload(person))
            {
                return Failure.Invalid($"{transfer.PersonName} may not upload any more.");
            }

            var begun = await uploads.BeginAsync(scope, person, request, new UploadPlace(store, free, transfer.Id), token);
            if (!begun.Succeeded)
            {
                return begun.Failure;
            }

            foreach (var file in begun.Value.Files)
            {
                file.BrowserSha256 = files.First(f => f.Path == file.Path).Sha256;
            }

            return current.Attach(begun.Value.Id, JsonSerializer.Serialize(files, Json), revision, files.Count, begun.Value.Files.Sum(f => f.SizeBytes));
        }, cancellation);
    }

    /// <summary>Everything is there: hands it over to verification.</summary>
    /// <param name="transfer">The import.</param>
    /// <param name="hashes">SHA-256 (hex) of files that went through in one piece.</param>
    /// <param name="cancellation">Gives up before the commit.</param>
    public Task<Result> VerifyAsync(Transfer transfer, IReadOnlyDictionary<Guid, string> hashes, CancellationToken cancellation) =>
        commands.RunAsSystemAsync("import.verify", async (scope, token) =>
        {
            var upload = await scope.Db.Uploads.Include(u => u.Files).SingleAsync(u => u.Id == transfer.UploadId, token);
            foreach (var file in upload.Files)
            {
                file.BrowserSha256 ??= hashes.GetValueOrDefault(file.Id);
            }

            var parts = await scope.Db.UploadParts.CountAsync(p => scope.Db.UploadFiles.Any(f => f.Id == p.FileId && f.UploadId == upload.Id), token);
            if (parts < upload.Files.Sum(f => f.PartCount))
            {
                return Failure.Conflict("The model store has lost some parts; they are fetched again.");
            }

            var moved = upload.BeginVerification();
            if (moved.Succeeded)
            {
                scope.Audit("import", transfer.Id, transfer.ModelName, after: new { Upload = upload.Id, upload.State, Files = upload.Files.Count });
                scope.AfterCommit(() => queue.Add(upload.Id));
            }

            return moved;
        }, cancellation);

    /// <summary>It came to nothing.</summary>
    /// <param name="transfer">The import.</param>
    /// <param name="message">Why, for the person.</param>
    /// <param name="keep">Whether what was fetched stays, so that a retry goes on where this ended.</param>
    /// <param name="cancellation">Gives up before the commit.</param>
    public async Task FailAsync(Transfer transfer, string message, bool keep, CancellationToken cancellation)
    {
        var upload = keep ? null : transfer.UploadId;
        var failed = await commands.RunAsSystemAsync("import.fail", async (scope, token) =>
        {
            var current = await scope.Db.Transfers.SingleAsync(t => t.Id == transfer.Id, token);
            var moved = current.Fail(message, scope.Now);
            if (!moved.Succeeded)
            {
                return moved;
            }

            if (!keep)
            {
                await CancelUploadAsync(scope.Db, current, token);
                current.Detach();
            }

            scope.Audit("import", current.Id, current.ModelName, after: new { current.State, current.Source, Message = message, AskedBy = current.PersonName });
            return Result.Done;
        }, cancellation);
        if (failed.Succeeded && upload is { } bytes)
        {
            await cleaner.DeleteBytesAsync(bytes, CancellationToken.None);
        }
    }

    /// <summary>What was fetched is of no use; the import stays and begins anew.</summary>
    public async Task DetachAsync(Transfer transfer, CancellationToken cancellation)
    {
        await using (var db = await databases.CreateDbContextAsync(cancellation))
        {
            var current = await db.Transfers.SingleAsync(t => t.Id == transfer.Id, cancellation);
            await CancelUploadAsync(db, current, cancellation);
            current.Detach();
            await db.SaveChangesAsync(cancellation);
        }

        if (transfer.UploadId is { } upload)
        {
            await cleaner.DeleteBytesAsync(upload, CancellationToken.None);
        }
    }

    /// <summary>Whether a person may still do what they asked for.</summary>
    public async Task<bool> MayUploadAsync(Guid personId, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Users.AsNoTracking().SingleOrDefaultAsync(p => p.Id == personId, cancellation) is { } person && MayUpload(person);
    }

    private static bool MayUpload(Person person) => person.IsEnabled && person.Roles.Allow(Right.UploadVersions);

    private static string? Cut(string? text) => text is { Length: > 500 } ? text[..500] : text;

    private static async Task CancelUploadAsync(RegistryDb db, Transfer transfer, CancellationToken cancellation)
    {
        if (transfer.UploadId is { } id && await db.Uploads.SingleOrDefaultAsync(u => u.Id == id, cancellation) is { } upload)
        {
            // One that has ended already stays as it is.
            _ = upload.Cancel();
        }
    }
}
