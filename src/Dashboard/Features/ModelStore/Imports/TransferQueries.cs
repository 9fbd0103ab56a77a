using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.ModelStore.Imports.Execution;
using Ops.Dashboard.Features.ModelStore.Verification;
using Ops.Data;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.Imports;

/// <summary>Shows imports.</summary>
internal sealed class TransferQueries(IDbContextFactory<RegistryDb> databases, TransferBoard board, VerificationBoard verification)
{
    /// <summary>Imports shown in the list.</summary>
    public const int Listed = 100;

    /// <summary>The newest imports of everybody, newest first. Those that have not ended are always among them.</summary>
    public async Task<IReadOnlyList<TransferView>> RecentAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var rows = await db.Transfers.AsNoTracking().OrderByDescending(t => t.Id).Take(Listed).ToListAsync(cancellation);
        var oldest = rows.Count == Listed ? rows[^1].Id : (Guid?)null;
        if (oldest is not null)
        {
            var ids = rows.Select(t => t.Id).ToList();
            rows.AddRange(await db.Transfers.AsNoTracking().Where(t => (t.State == TransferState.Queued || t.State == TransferState.Running) && !ids.Contains(t.Id)).ToListAsync(cancellation));
        }

        var uploads = rows.Where(t => t.State is TransferState.Queued or TransferState.Running or TransferState.Failed && t.UploadId is not null).Select(t => t.UploadId!.Value).ToList();
        var done = uploads.Count == 0 ? [] : await DoneAsync(db, uploads, cancellation);
        var verifying = uploads.Count == 0 ? [] : await db.Uploads.Where(u => uploads.Contains(u.Id) && u.State == UploadState.Verifying).Select(u => u.Id).ToListAsync(cancellation);
        return [.. rows.OrderByDescending(t => t.Id).Select(t => Describe(t, done, verifying))];
    }

    private static async Task<Dictionary<Guid, long>> DoneAsync(RegistryDb db, List<Guid> uploads, CancellationToken cancellation) =>
        await db.UploadFiles.Where(f => uploads.Contains(f.UploadId))
            .Join(db.UploadParts, f => f.Id, p => p.FileId, (f, p) => new { f.UploadId, Bytes = (long)p.SizeBytes })
            .GroupBy(part => part.UploadId)
            .Select(group => new { group.Key, Bytes = group.Sum(part => part.Bytes) })
            .ToDictionaryAsync(group => group.Key, group => group.Bytes, cancellation);

    private TransferView Describe(Transfer transfer, Dictionary<Guid, long> done, List<Guid> verifying)
    {
        var progress = board.Read(transfer.Id);
        var isVerified = transfer.UploadId is { } id && verifying.Contains(id) ? verification.Read(id) : null;
        return new TransferView
        {
            Id = transfer.Id,
            Model = transfer.ModelName,
            Source = transfer.Source,
            Store = transfer.Store,
            SourceRevision = transfer.SourceRevision,
            State = transfer.State,
            Phase = transfer.State != TransferState.Running ? null : isVerified is not null ? "Verifying" : progress?.Phase ?? "Starting",
            DoneBytes = transfer.State == TransferState.Completed ? transfer.TotalBytes ?? 0
                : isVerified?.Bytes ?? progress?.Bytes ?? (transfer.UploadId is { } upload ? done.GetValueOrDefault(upload) : 0),
            TotalBytes = transfer.TotalBytes,
            FileCount = transfer.FileCount,
            BytesPerSecond = isVerified is null && transfer.State == TransferState.Running ? progress?.BytesPerSecond ?? 0 : 0,
            Attempt = transfer.Attempt,
            NextTryAt = transfer.State == TransferState.Queued ? transfer.NextTryAt : null,
            Message = isVerified?.Problem ?? transfer.FailureMessage,
            Version = transfer.VersionNumber,
            PersonId = transfer.PersonId,
            Person = transfer.PersonName,
            CreatedAt = transfer.CreatedAt,
            EndedAt = transfer.EndedAt,
        };
    }
}
