using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.ModelStore.Imports.Archives;
using Ops.Dashboard.Features.ModelStore.Recording;
using Ops.Dashboard.Features.ModelStore.Uploads;
using Ops.Dashboard.Features.Registry.Formats;
using Ops.Data;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.Verification;

/// <summary>
/// Turns a complete set of parts into a version: reads every byte back from the store, compares with the browser's hash, looks at what
/// the files are, finishes the objects and writes the version in one transaction. Interrupted anywhere, it is simply done again.
/// </summary>
internal sealed class UploadVerifier(
    IDbContextFactory<RegistryDb> databases,
    ModelStores stores,
    VersionInspector inspector,
    VersionWriter writer,
    UploadCleaner cleaner,
    UploadUnpacker unpacker,
    VerificationBoard board,
    RecordingQueue recording,
    ILogger<UploadVerifier> log)
{
    /// <summary>Verifies an upload; does nothing when it is not in that state any more.</summary>
    /// <exception cref="IOException">The store cannot be read; trying again may work.</exception>
    public async Task VerifyAsync(Guid uploadId, CancellationToken cancellation)
    {
        if (await ReadAsync(uploadId, cancellation) is not { } upload)
        {
            return;
        }

        var store = stores.Get(upload.Store);
        List<InspectedFile> inspected = [];
        Dictionary<Guid, string> hashes = [];
        var verified = 0L;
        foreach (var file in upload.Files.OrderBy(f => f.Path, StringComparer.Ordinal))
        {
            if (await AssembleAsync(store, file, cancellation) is { Count: > 0 } lost)
            {
                await AskAgainAsync(upload, file, lost, isLost: lost.Count == file.PartCount, cancellation);
                return;
            }

            var opening = new byte[(int)Math.Min(file.SizeBytes, FileKind.OpeningBytes)];
            var hash = await HashAsync(store, file, opening, bytes => board.Report(uploadId, verified + bytes), cancellation);
            if (hash != file.BrowserSha256 && !await AgreesAsync(store, upload, file, cancellation))
            {
                return;
            }

            verified += file.SizeBytes;
            hashes.Add(file.Id, hash);
            inspected.Add(new(file.Path, file.SizeBytes, opening, token => store.OpenReadAsync(file.ObjectId, token)));
        }

        if (UploadUnpacker.IsDue(upload))
        {
            var unpacked = await unpacker.UnpackAsync(store, upload, cancellation);
            if (unpacked.Succeeded)
            {
                await VerifyAsync(uploadId, cancellation);
            }
            else
            {
                await RefuseAsync(upload, unpacked.Failure, cancellation);
            }

            return;
        }

        await FinishAsync(store, upload, hashes, await inspector.InspectAsync(inspected, cancellation), cancellation);
    }

    private async Task<Upload?> ReadAsync(Guid uploadId, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Uploads.AsNoTracking().Include(u => u.Files).SingleOrDefaultAsync(u => u.Id == uploadId && u.State == UploadState.Verifying, cancellation);
    }

    private async Task FinishAsync(IModelStore store, Upload upload, Dictionary<Guid, string> hashes, Result<Inspected> inspection, CancellationToken cancellation)
    {
        if (!inspection.Succeeded)
        {
            await RefuseAsync(upload, inspection.Failure, cancellation);
            return;
        }

        await store.CompleteAllAsync([.. upload.Files.Select(f => f.ObjectId)], cancellation);
        var written = await writer.WriteAsync(upload.Id, inspection.Value, hashes, cancellation);
        if (written.Succeeded)
        {
            board.Forget(upload.Id);
            log.Verified(upload.Id, upload.ModelName);
            recording.Wake();
        }
        else if (await ReadAsync(upload.Id, cancellation) is not null)
        {
            // Such as a model archived meanwhile: the bytes stay, and the person can try again once it is restored.
            await writer.ReopenAsync(upload.Id, written.Failure.Message, cancellation);
            board.Trouble(upload.Id, written.Failure.Message);
        }
    }

    // Where nobody knows what the whole file should be, it is right when every part is what arrived.
    private async Task<bool> AgreesAsync(IModelStore store, Upload upload, UploadFile file, CancellationToken cancellation)
    {
        var damaged = await DamagedPartsAsync(store, file, cancellation);
        if (damaged.Count == 0)
        {
            if (file.BrowserSha256 is null)
            {
                return true;
            }

            await RefuseAsync(upload, Failure.Invalid(upload.TransferId is null
                ? $"{file.Path} changed while it was being uploaded: the bytes that arrived are not the ones your browser hashed. Start again with the file as it is now."
                : $"{file.Path} is not the expected file: what was fetched does not have the SHA-256 {file.BrowserSha256}."), cancellation);
            return false;
        }

        if (!store.TakesPartsAfterAssembly)
        {
            // The parts are one object now: none of them can be replaced, so the object goes and all of them come again.
            await store.DeleteAsync(file.ObjectId, cancellation);
            damaged = [.. Enumerable.Range(1, file.PartCount)];
        }

        await AskAgainAsync(upload, file, damaged, isLost: !store.TakesPartsAfterAssembly, cancellation);
        return false;
    }

    private async Task AskAgainAsync(Upload upload, UploadFile file, IReadOnlyCollection<int> parts, bool isLost, CancellationToken cancellation)
    {
        var problem = $"{parts.Count} part(s) of {file.Path} were damaged in the store and are sent again.";
        await writer.ReopenAsync(upload.Id, file.Id, parts, isLost, problem, cancellation);
        board.Trouble(upload.Id, problem);
        log.DamagedParts(upload.Id, parts.Count);
    }

    private async Task<IReadOnlyList<int>> AssembleAsync(IModelStore store, UploadFile file, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var parts = await db.UploadParts.AsNoTracking().Where(p => p.FileId == file.Id).OrderBy(p => p.Number)
            .Select(p => new AcknowledgedPart(p.Number, p.SizeBytes, p.Sha256, p.Receipt))
            .ToListAsync(cancellation);
        try
        {
            await store.AssembleAsync(new(file.ObjectId, file.StoreToken, file.SizeBytes, file.PartSizeBytes), parts, cancellation);
            return [];
        }
        catch (PartsLostException lost)
        {
            return lost.Numbers;
        }
        catch (FileNotFoundException)
        {
            return [.. Enumerable.Range(1, file.PartCount)];
        }
    }

    private async Task RefuseAsync(Upload upload, Failure failure, CancellationToken cancellation)
    {
        if ((await writer.RefuseAsync(upload.Id, failure, cancellation)).Succeeded)
        {
            log.Refused(upload.Id, failure.Message);
            board.Forget(upload.Id);
            await cleaner.DeleteBytesAsync(upload.Id, cancellation);
        }
    }

    private static async Task<string> HashAsync(IModelStore store, UploadFile file, byte[] opening, Action<long> progress, CancellationToken cancellation)
    {
        if (await OpenAsync(store, file, cancellation) is not { } opened)
        {
            return "";
        }

        await using var stream = opened;
        var total = 0L;
        var (sha256, _) = await ObjectHash.ComputeAsync(stream, Take, cancellation);
        return sha256;

        ValueTask Take(ReadOnlyMemory<byte> piece)
        {
            if (total < opening.Length)
            {
                piece.Span[..(int)Math.Min(piece.Length, opening.Length - total)].CopyTo(opening.AsSpan((int)total));
            }

            total += piece.Length;
            progress(total);
            return ValueTask.CompletedTask;
        }
    }

    private static async Task<Stream?> OpenAsync(IModelStore store, UploadFile file, CancellationToken cancellation)
    {
        try
        {
            return await store.OpenReadAsync(file.ObjectId, cancellation);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private async Task<List<int>> DamagedPartsAsync(IModelStore store, UploadFile file, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var parts = await db.UploadParts.AsNoTracking().Where(p => p.FileId == file.Id).OrderBy(p => p.Number).ToListAsync(cancellation);
        if (await OpenAsync(store, file, cancellation) is not { } opened)
        {
            return [.. parts.Select(p => p.Number)];
        }

        await using var stream = opened;
        List<int> damaged = [];
        var buffer = new byte[file.PartSizeBytes];
        foreach (var part in parts)
        {
            var read = await stream.ReadAtLeastAsync(buffer.AsMemory(0, part.SizeBytes), part.SizeBytes, throwOnEndOfStream: false, cancellation);
            if (Convert.ToHexStringLower(SHA256.HashData(buffer.AsSpan(0, read))) != part.Sha256)
            {
                damaged.Add(part.Number);
            }
        }

        return damaged;
    }
}
