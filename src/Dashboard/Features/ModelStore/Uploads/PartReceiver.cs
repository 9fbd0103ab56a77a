using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Commands;
using Ops.Data;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.Uploads;

/// <summary>Takes parts. A part that is acknowledged is on the disk and in the registry; anything else leaves no trace that counts.</summary>
internal sealed class PartReceiver(
    CommandRunner commands,
    IDbContextFactory<RegistryDb> databases,
    ModelStores stores,
    PartLocks locks,
    ObjectStarter starter,
    TimeProvider time,
    IOptions<ModelStoreOptions> options)
{
    /// <summary>Takes one part.</summary>
    /// <param name="caller">Who sends it; must be the one who began the upload.</param>
    /// <param name="part">Which one.</param>
    /// <param name="content">Its bytes.</param>
    /// <param name="cancellation">The sender has gone.</param>
    /// <returns>The hash of what arrived. Sent again, the same bytes give the same answer and are not written twice.</returns>
    public async Task<Result<PartKept>> ReceiveAsync(Caller caller, IncomingPart part, Stream content, CancellationToken cancellation)
    {
        var right = await commands.CheckAsync(caller, "upload.part", Right.UploadVersions, cancellation);
        if (!right.Succeeded)
        {
            return right.Failure;
        }

        return await ReceiveAsync(u => u.PersonId == caller.PersonId && u.TransferId == null, part, content, cancellation);
    }

    /// <summary>Takes one part that a transfer fetched; the transfer has checked whose it is.</summary>
    public Task<Result<PartKept>> ReceiveAsync(Guid transferId, IncomingPart part, Stream content, CancellationToken cancellation) =>
        ReceiveAsync(u => u.TransferId == transferId, part, content, cancellation);

    private async Task<Result<PartKept>> ReceiveAsync(Expression<Func<Upload, bool>> mayAdd, IncomingPart part, Stream content, CancellationToken cancellation)
    {
        using var turn = await locks.EnterAsync(part.FileId, part.Number, cancellation);
        var found = await FindAsync(mayAdd, part, cancellation);
        if (!found.Succeeded)
        {
            return found.Failure;
        }

        var place = found.Value;
        if (place.Kept is { } kept)
        {
            return await CompareAsync(kept, content, cancellation);
        }

        var unfinished = await starter.BeginAsync(place.Store, place.File, place.IsBegun, cancellation);
        try
        {
            var written = await WriteAsync(place, unfinished, part, content, cancellation);
            return written.Succeeded ? await CommitAsync(part, unfinished.Token, written.Value) : written.Failure;
        }
        catch (FileNotFoundException)
        {
            // Such as a store that clears away what was begun long ago. What was acknowledged of this file is gone with it.
            await starter.StartOverAsync(place.File, unfinished.Token);
            return Failure.Unavailable("The model store has lost what was sent of this file. It is sent again.");
        }
    }

    private static async Task<Result<PartKept>> CompareAsync(UploadPart kept, Stream content, CancellationToken cancellation)
    {
        // The bytes that were acknowledged stay as they are; these are only compared.
        return (await ObjectHash.ComputeAsync(content, null, cancellation)).Sha256 == kept.Sha256
            ? new PartKept(kept.Number, kept.Sha256)
            : Failure.Conflict("This part is there already, with other bytes. Has the file changed? Cancel and start again.");
    }

    private async Task<Result<Place>> FindAsync(Expression<Func<Upload, bool>> mayAdd, IncomingPart part, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var found = await db.UploadFiles.AsNoTracking()
            .Where(f => f.Id == part.FileId && f.UploadId == part.UploadId)
            .Join(db.Uploads.Where(mayAdd), f => f.UploadId, u => u.Id, (f, u) => new
            {
                File = f,
                u.State,
                u.Store,
                Kept = db.UploadParts.FirstOrDefault(p => p.FileId == f.Id && p.Number == part.Number),
                IsBegun = db.UploadParts.Any(p => p.FileId == f.Id),
            })
            .SingleOrDefaultAsync(cancellation);
        if (found is null)
        {
            return UploadRules.NoSuchUpload;
        }

        if (found.State != UploadState.Open)
        {
            return Failure.Conflict($"This upload is {found.State} and takes no more parts.");
        }

        if (part.Number < 1 || part.Number > found.File.PartCount)
        {
            return Failure.Invalid($"This file has parts 1 to {found.File.PartCount}.");
        }

        return part.Length == found.File.SizeOfPart(part.Number)
            ? new Place(stores.Get(found.Store), found.File, found.Kept, found.IsBegun)
            : Failure.Invalid($"Part {part.Number} of this file has {found.File.SizeOfPart(part.Number)} bytes.");
    }

    private static async Task<Result<UploadPart>> WriteAsync(Place place, UnfinishedObject unfinished, IncomingPart part, Stream content, CancellationToken cancellation)
    {
        var range = unfinished.Part(part.Number);
        var written = await place.Store.WritePartAsync(unfinished, range, content, cancellation);
        return part.Sha256 is not null && part.Sha256 != written.Sha256
            ? Failure.Conflict($"Part {part.Number} arrived with other bytes than were sent. Send it again.")
            : new UploadPart { FileId = part.FileId, Number = part.Number, SizeBytes = range.Length, Sha256 = written.Sha256, Receipt = written.Receipt };
    }

    private async Task<Result<PartKept>> CommitAsync(IncomingPart part, string? token, UploadPart row)
    {
        // The bytes are durable now: a sender who has gone meanwhile finds the part there on return.
        await using var db = await databases.CreateDbContextAsync(CancellationToken.None);
        await using var transaction = await db.Database.BeginTransactionAsync(CancellationToken.None);
        var expires = time.GetUtcNow() + options.Value.Lifetime;

        // Not through the entity: its revision would make parts that arrive together fail one another.
        var open = await db.Uploads.Where(u => u.Id == part.UploadId && u.State == UploadState.Open)
            .ExecuteUpdateAsync(set => set.SetProperty(u => u.ExpiresAt, expires), CancellationToken.None);
        if (open == 0)
        {
            return Failure.Conflict("This upload takes no more parts.");
        }

        if (!await db.UploadFiles.AnyAsync(f => f.Id == part.FileId && f.StoreToken == token, CancellationToken.None))
        {
            return Failure.Unavailable("This file was begun anew in the store. Send the part again.");
        }

        db.UploadParts.Add(row);
        try
        {
            await db.SaveChangesAsync(CancellationToken.None);
        }
        catch (DbUpdateException exception) when (DatabaseErrors.IsUniqueViolation(exception))
        {
            return Failure.Conflict("This part arrived through another dashboard at the same moment. Send it again.");
        }

        await transaction.CommitAsync(CancellationToken.None);
        return new PartKept(row.Number, row.Sha256);
    }

    /// <summary>Where a part goes.</summary>
    private sealed record Place(IModelStore Store, UploadFile File, UploadPart? Kept, bool IsBegun);
}

/// <summary>A part as its request announces it.</summary>
/// <param name="UploadId">The upload.</param>
/// <param name="FileId">The file.</param>
/// <param name="Number">From 1.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Sha256">SHA-256 (hex) that the sender computed, or null.</param>
internal sealed record IncomingPart(Guid UploadId, Guid FileId, int Number, long Length, string? Sha256);
