using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.ModelStore.Verification;
using Ops.Data;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.Imports.Execution;

/// <summary>
/// One try of an import, from wherever the last one ended: asks the source for its files, begins an upload of them, fetches what is missing
/// and hands over to verification. What it holds in memory matters to nobody: killed anywhere, the next try finds the rest in the registry.
/// </summary>
internal sealed class TransferRunner(
    IDbContextFactory<RegistryDb> databases,
    ImportSources sources,
    AddressProtector protector,
    FileStager stager,
    TransferFeeder feeder,
    TransferWriter writer,
    ImportFolders folders,
    TransferBoard board,
    VerificationBoard verification,
    TimeProvider time,
    IOptions<ImportsOptions> options,
    ILogger<TransferRunner> log)
{
    /// <summary>Makes one try. Failures end up in the registry, not here.</summary>
    /// <param name="id">The import.</param>
    /// <param name="cancellation">Stops it where it stands; the next try goes on from there.</param>
    public async Task RunAsync(Guid id, CancellationToken cancellation)
    {
        if (await ReadAsync(id, cancellation) is { State: TransferState.Running, UploadId: { } handed } before && verification.Read(handed).Problem is { } problem)
        {
            // Verification gave it back. What is in the way there, such as an archived model, may still be: this is a try that failed.
            verification.Forget(handed);
            await PostponeAsync(before, problem, null, cancellation);
            return;
        }

        await writer.ChangeAsync(id, static (transfer, _) => transfer.State == TransferState.Running ? Result.Done : transfer.Start(), cancellation);
        if (await ReadAsync(id, cancellation) is not { State: TransferState.Running } transfer)
        {
            return;
        }

        try
        {
            await TryAsync(transfer, cancellation);
        }
        catch (ImportChangedException exception)
        {
            await writer.DetachAsync(await ReadAsync(id, cancellation) ?? transfer, cancellation);
            folders.Delete(id);
            await PostponeAsync(transfer, exception.Message, exception, cancellation);
        }
        catch (ImportRefusedException exception)
        {
            await FailAsync(transfer, exception.Message, keep: false, cancellation);
            folders.Delete(id);
        }
        catch (ImportInterruptedException exception)
        {
            await PostponeAsync(transfer, exception.Message, exception, cancellation);
        }
        catch (Exception exception) when (!cancellation.IsCancellationRequested)
        {
            log.Unexpected(id, exception);
            await PostponeAsync(transfer, "Something unexpected went wrong. Ask an administrator to look into the log.", exception, cancellation);
        }
        finally
        {
            board.Forget(id);
        }
    }

    private async Task TryAsync(Transfer transfer, CancellationToken cancellation)
    {
        board.Begin(transfer.Id, "Looking");
        if (!await writer.MayUploadAsync(transfer.PersonId, cancellation))
        {
            throw new ImportRefusedException($"{transfer.PersonName} may not upload any more.");
        }

        var work = WorkOf(transfer);
        if (transfer.UploadId is null)
        {
            transfer = await BeginAsync(work, transfer, cancellation);
        }

        var upload = await UploadAsync(transfer.UploadId!.Value, cancellation);
        if (upload is not { State: UploadState.Open })
        {
            throw new ImportChangedException("What was fetched before is gone, so it is fetched anew.");
        }

        var hashes = await feeder.FeedAsync(work, upload, TransferWriter.ReadListing(transfer.ListingJson ?? "[]"), cancellation);
        var verified = await writer.VerifyAsync(transfer, hashes, cancellation);
        if (!verified.Succeeded)
        {
            throw new ImportInterruptedException(verified.Failure.Message);
        }
    }

    private async Task<Transfer> BeginAsync(ImportWork work, Transfer transfer, CancellationToken cancellation)
    {
        var listing = Expect(await work.Source.ListAsync(work.Job, cancellation), transfer.ExpectedSha256);
        Bound(listing.Files);
        var files = await stager.PrepareAsync(work, listing, transfer.Unpack, cancellation);
        Bound(files);
        var attached = await writer.AttachAsync(transfer, files, listing.Revision, cancellation);
        if (!attached.Succeeded)
        {
            throw attached.Failure.Kind is FailureKind.Invalid ? new ImportRefusedException(attached.Failure.Message) : new ImportInterruptedException(attached.Failure.Message);
        }

        log.FilesFound(transfer.Id, files.Count, transfer.Source);
        return await ReadAsync(transfer.Id, cancellation) ?? throw new ImportInterruptedException("The import is gone.");
    }

    private static ImportListing Expect(ImportListing listing, string? expected)
    {
        if (expected is null)
        {
            return listing;
        }

        return listing.Files switch
        {
            [{ Sha256: { } said } file] when said != expected => throw new ImportRefusedException($"{file.Path} is not the expected file: its source says that its SHA-256 is {said}."),
            [var file] => listing with { Files = [file with { Sha256 = expected }] },
            _ => throw new ImportRefusedException("A SHA-256 is that of one file, and there are several at this address. Leave it out, or name one of them."),
        };
    }

    private void Bound(IReadOnlyList<ImportFile> files)
    {
        if (files.Count > options.Value.MaxFiles)
        {
            throw new ImportRefusedException($"There are more than {options.Value.MaxFiles} files at this address.");
        }

        var left = options.Value.MaxBytes;
        foreach (var file in files)
        {
            left -= file.Size is < 0 ? throw new ImportRefusedException($"The source says that {file.Path} has less than no bytes.") : Math.Min(file.Size ?? 0, left + 1);
            if (left < 0)
            {
                throw new ImportRefusedException($"There are more than {options.Value.MaxBytes / (1024 * 1024)} MiB at this address.");
            }
        }
    }

    private ImportWork WorkOf(Transfer transfer)
    {
        try
        {
            var address = sources.Check(protector.Unprotect(transfer.ProtectedAddress ?? ""));
            return address.Succeeded
                ? new ImportWork(transfer.Id, sources.Get(address.Value), new ImportJob(address.Value, folders.Of(transfer.Id)))
                : throw new ImportRefusedException(address.Failure.Message);
        }
        catch (CryptographicException exception)
        {
            throw new ImportRefusedException("The address can no longer be read, because the keys of this installation have changed. Begin a new import.", exception);
        }
    }

    private async Task PostponeAsync(Transfer transfer, string message, Exception? exception, CancellationToken cancellation)
    {
        if (transfer.Attempt >= options.Value.MaxAttempts)
        {
            await FailAsync(transfer, $"{message} It was tried {transfer.Attempt} times.", keep: true, cancellation);
            return;
        }

        var pause = options.Value.FirstPause * Math.Pow(2, Math.Min(20, transfer.Attempt - 1));
        var next = time.GetUtcNow() + (pause < options.Value.LongestPause ? pause : options.Value.LongestPause);
        if (await writer.ChangeAsync(transfer.Id, (current, _) => current.Postpone(next, message), cancellation))
        {
            log.Interrupted(transfer.Id, transfer.Attempt, next, message, exception);
        }
    }

    private async Task FailAsync(Transfer transfer, string message, bool keep, CancellationToken cancellation)
    {
        await writer.FailAsync(await ReadAsync(transfer.Id, cancellation) ?? transfer, message, keep, cancellation);
        log.ImportFailed(transfer.Id, message);
    }

    private async Task<Transfer?> ReadAsync(Guid id, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Transfers.AsNoTracking().SingleOrDefaultAsync(t => t.Id == id, cancellation);
    }

    private async Task<Upload?> UploadAsync(Guid id, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Uploads.AsNoTracking().Include(u => u.Files).SingleOrDefaultAsync(u => u.Id == id, cancellation);
    }
}
