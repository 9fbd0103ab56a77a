using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Commands;
using Ops.Data;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.Uploads;

/// <summary>Makes parts count that a browser has sent straight to the store. Whether they are there is the store's word, never the browser's.</summary>
internal sealed class DirectPartRecorder(
    CommandRunner commands,
    IDbContextFactory<RegistryDb> databases,
    ModelStores stores,
    ObjectStarter starter,
    TimeProvider time,
    IOptions<ModelStoreOptions> options)
{
    /// <summary>The most parts of one report.</summary>
    public const int MostReported = 256;

    /// <summary>Records the parts that are reported and there. Reported again, they are there already.</summary>
    /// <param name="caller">Who reports; must be the one who began the upload.</param>
    /// <param name="uploadId">The upload.</param>
    /// <param name="reported">Parts with their hashes; none asks what is there.</param>
    /// <param name="cancellation">Gives up; what is recorded stays so.</param>
    /// <exception cref="IOException">The store cannot be used.</exception>
    public async Task<Result<ReportedParts>> RecordAsync(Caller caller, Guid uploadId, IReadOnlyList<PartName> reported, CancellationToken cancellation)
    {
        var right = await commands.CheckAsync(caller, "upload.report", Right.UploadVersions, cancellation);
        if (!right.Succeeded)
        {
            return right.Failure;
        }

        if (reported.Count > MostReported || reported.Any(p => p is null || !UploadRules.IsSha256(p.Sha256)))
        {
            return Failure.Invalid($"Report at most {MostReported} parts, each with its SHA-256 (64 lower-case hex digits).");
        }

        var found = await FindAsync(caller, uploadId, reported, cancellation);
        if (!found.Succeeded)
        {
            return found.Failure;
        }

        var (store, files) = found.Value;
        List<PartName> recorded = [];
        List<PartName> unrecorded = [];
        List<Guid> lost = [];
        if (store.DirectParts is { } direct)
        {
            foreach (var file in files)
            {
                var wanted = reported.Where(p => p.FileId == file.Id).ToLookup(p => p.Number);
                try
                {
                    var there = await ListAsync(direct, file, cancellation);
                    var rows = there.SelectMany(part => wanted[part.Number].Where(p => part.Sha256 is null || part.Sha256 == p.Sha256).Take(1).Select(p => Row(part, p))).ToList();
                    if (!await SaveAsync(uploadId, file, rows))
                    {
                        return Failure.Unavailable("This upload changed at the same moment. It is tried again by itself.");
                    }

                    recorded.AddRange(rows.Select(row => new PartName(file.Id, row.Number)));
                    if (reported.Count == 0)
                    {
                        unrecorded.AddRange(await UnrecordedAsync(file, there, cancellation));
                    }
                }
                catch (FileNotFoundException)
                {
                    // Such as a store that clears away what was begun long ago.
                    await starter.StartOverAsync(file, file.StoreToken);
                    lost.Add(file.Id);
                }
            }
        }

        return new ReportedParts { Recorded = recorded, Found = unrecorded, Lost = lost };
    }

    private async Task<Result<(IModelStore Store, List<UploadFile> Files)>> FindAsync(Caller caller, Guid uploadId, IReadOnlyList<PartName> reported, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var upload = await db.Uploads.AsNoTracking().SingleOrDefaultAsync(u => u.Id == uploadId && u.PersonId == caller.PersonId, cancellation);
        if (upload is null)
        {
            return UploadRules.NoSuchUpload;
        }

        if (!upload.IsOpen)
        {
            return Failure.Conflict($"This upload is {upload.State} and takes no more parts.");
        }

        var ids = reported.Select(p => p.FileId).Distinct().ToList();
        var files = await db.UploadFiles.AsNoTracking()
            .Where(f => f.UploadId == uploadId && f.SizeBytes > f.PartSizeBytes && (ids.Count == 0 ? f.StoreToken != null : ids.Contains(f.Id)))
            .ToListAsync(cancellation);
        var counts = files.ToDictionary(f => f.Id, f => f.PartCount);
        return reported.All(p => counts.TryGetValue(p.FileId, out var count) && p.Number >= 1 && p.Number <= count)
            ? (stores.Get(upload.Store), files)
            : Failure.NotFound("This upload has no such part.");
    }

    // A part of another length is one that somebody cut short: it does not count and is sent again.
    private static async Task<List<StoredPart>> ListAsync(IDirectParts direct, UploadFile file, CancellationToken cancellation)
    {
        List<StoredPart> parts = [];
        if (file.StoreToken is null)
        {
            return parts;
        }

        await foreach (var part in direct.ListPartsAsync(new(file.ObjectId, file.StoreToken, file.SizeBytes, file.PartSizeBytes), cancellation))
        {
            if (part.Number >= 1 && part.Number <= file.PartCount && part.SizeBytes == file.SizeOfPart(part.Number))
            {
                parts.Add(part);
            }
        }

        return parts;
    }

    private static UploadPart Row(StoredPart stored, PartName reported) =>
        new() { FileId = reported.FileId, Number = stored.Number, SizeBytes = (int)stored.SizeBytes, Sha256 = reported.Sha256!, Receipt = stored.Receipt };

    private async Task<List<PartName>> UnrecordedAsync(UploadFile file, List<StoredPart> there, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var known = (await db.UploadParts.Where(p => p.FileId == file.Id).Select(p => p.Number).ToListAsync(cancellation)).ToHashSet();
        return [.. there.Where(p => !known.Contains(p.Number)).Select(p => new PartName(file.Id, p.Number))];
    }

    // The parts are in the store: a browser that has gone meanwhile finds them counted on return.
    private async Task<bool> SaveAsync(Guid uploadId, UploadFile file, List<UploadPart> rows)
    {
        if (rows.Count == 0)
        {
            return true;
        }

        await using var db = await databases.CreateDbContextAsync(CancellationToken.None);
        await using var transaction = await db.Database.BeginTransactionAsync(CancellationToken.None);
        var expires = time.GetUtcNow() + options.Value.Lifetime;

        // Not through the entity: its revision would make reports that arrive together fail one another.
        var open = await db.Uploads.Where(u => u.Id == uploadId && u.State == UploadState.Open)
            .ExecuteUpdateAsync(set => set.SetProperty(u => u.ExpiresAt, expires), CancellationToken.None);
        if (open == 0 || !await db.UploadFiles.AnyAsync(f => f.Id == file.Id && f.StoreToken == file.StoreToken, CancellationToken.None))
        {
            return false;
        }

        // Two tabs may send the same part; the store keeps the later one, and its receipt is the one that holds.
        var numbers = rows.Select(r => r.Number).ToList();
        await db.UploadParts.Where(p => p.FileId == file.Id && numbers.Contains(p.Number)).ExecuteDeleteAsync(CancellationToken.None);
        db.UploadParts.AddRange(rows);
        try
        {
            await db.SaveChangesAsync(CancellationToken.None);
        }
        catch (DbUpdateException exception) when (DatabaseErrors.IsUniqueViolation(exception))
        {
            return false;
        }

        await transaction.CommitAsync(CancellationToken.None);
        return true;
    }
}
