using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.ModelStore.Uploads;
using Ops.Data;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.Imports.Execution;

/// <summary>Fetches what is missing of an upload's files, part by part and in order. A part counts once it is durable, so a break costs one part at most.</summary>
internal sealed class TransferFeeder(IDbContextFactory<RegistryDb> databases, PartReceiver receiver, TransferLease lease, TransferBoard board)
{
    /// <summary>Fetches everything that is missing.</summary>
    /// <param name="work">The import.</param>
    /// <param name="upload">Its upload, open.</param>
    /// <param name="listing">Where each file comes from, by its path.</param>
    /// <param name="cancellation">Stops between two reads; what was acknowledged stays.</param>
    /// <returns>SHA-256 (hex) by file of those that went through in one piece.</returns>
    public async Task<IReadOnlyDictionary<Guid, string>> FeedAsync(ImportWork work, Upload upload, IReadOnlyDictionary<string, ImportFile> listing, CancellationToken cancellation)
    {
        var kept = await KeptAsync(upload.Id, cancellation);
        board.Begin(work.Id, "Fetching", upload.Files.Sum(file => kept[file.Id].Sum(number => (long)file.SizeOfPart(number))));
        Dictionary<Guid, string> hashes = [];
        foreach (var file in upload.Files.OrderBy(f => f.Path, StringComparer.Ordinal))
        {
            if (!listing.TryGetValue(file.Path, out var origin))
            {
                throw new ImportChangedException("The list of files does not fit the files any more.");
            }

            if (await FeedAsync(work, upload.Id, file, origin, [.. kept[file.Id]], cancellation) is not { } hash)
            {
                continue;
            }

            hashes[file.Id] = origin.Sha256 is null || origin.Sha256 == hash
                ? hash
                : throw new ImportRefusedException($"{file.Path} is not the expected file: what was fetched has the SHA-256 {hash} and not {origin.Sha256}.");
        }

        return hashes;
    }

    private async Task<ILookup<Guid, int>> KeptAsync(Guid uploadId, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var parts = await db.UploadParts.AsNoTracking().Where(p => db.UploadFiles.Any(f => f.Id == p.FileId && f.UploadId == uploadId)).Select(p => new { p.FileId, p.Number }).ToListAsync(cancellation);
        return parts.ToLookup(p => p.FileId, p => p.Number);
    }

    private async Task<string?> FeedAsync(ImportWork work, Guid uploadId, UploadFile file, ImportFile origin, HashSet<int> kept, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Stream? content = null;
        try
        {
            for (var number = 1; number <= file.PartCount; number++)
            {
                if (kept.Contains(number))
                {
                    // What follows a part that is there is asked for by its own place.
                    await CloseAsync(content);
                    content = null;
                    continue;
                }

                content ??= await OpenAsync(work, origin, (long)(number - 1) * file.PartSizeBytes, cancellation);
                await using var part = new PartStream(content, file.SizeOfPart(number), Passed, static () => new ImportInterruptedException("The source ended too early."));
                await FeedPartAsync(work, uploadId, file, number, part, cancellation);
            }

            if (content is not null && await content.ReadAsync(new byte[1], cancellation) != 0)
            {
                throw new ImportRefusedException($"{file.Path} is longer than its source said.");
            }
        }
        finally
        {
            await CloseAsync(content);
        }

        return kept.Count == 0 ? Convert.ToHexStringLower(hash.GetHashAndReset()) : null;

        void Passed(ReadOnlySpan<byte> bytes)
        {
            hash.AppendData(bytes);
            board.Add(work.Id, bytes.Length);
        }
    }

    private static ValueTask CloseAsync(Stream? content) => content?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static async Task<Stream> OpenAsync(ImportWork work, ImportFile origin, long offset, CancellationToken cancellation) =>
        origin.IsStaged ? FileStager.Open(work, origin, offset) : await work.Source.OpenAsync(work.Job, origin, offset, cancellation);

    private async Task FeedPartAsync(ImportWork work, Guid uploadId, UploadFile file, int number, PartStream content, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (!lease.IsHeld)
        {
            throw new OperationCanceledException("Another dashboard carries imports out now.");
        }

        Result<PartKept> part;
        try
        {
            part = await receiver.ReceiveAsync(work.Id, new IncomingPart(uploadId, file.Id, number, file.SizeOfPart(number), null), content, cancellation);
        }
        catch (StoreFullException exception)
        {
            throw new ImportInterruptedException("The model store is full. Ask an administrator to make room; the import goes on then.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ImportInterruptedException("The model store cannot keep the files right now.", exception);
        }

        if (!part.Succeeded)
        {
            throw new ImportInterruptedException(part.Failure.Message);
        }
    }
}
