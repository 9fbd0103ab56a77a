using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.ModelStore.Verification;
using Ops.Data;
using Ops.Data.ModelStore;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.ModelStore.Uploads;

/// <summary>Shows people their own uploads.</summary>
internal sealed class UploadQueries(CommandRunner commands, IDbContextFactory<RegistryDb> databases, ModelStores stores, VerificationBoard board)
{
    /// <summary>Files shown of each upload in a list.</summary>
    public const int ListedFiles = 100;

    /// <summary>One upload with the parts that are there, whatever its state.</summary>
    public async Task<Result<UploadStatus>> GetAsync(Caller caller, Guid id, CancellationToken cancellation)
    {
        var right = await commands.CheckAsync(caller, "upload.read", Right.UploadVersions, cancellation);
        if (!right.Succeeded)
        {
            return right.Failure;
        }

        await using var db = await databases.CreateDbContextAsync(cancellation);
        var upload = await db.Uploads.AsNoTracking().Include(u => u.Files).SingleOrDefaultAsync(u => u.Id == id && u.PersonId == caller.PersonId && u.TransferId == null, cancellation);
        return upload is null ? UploadRules.NoSuchUpload : await DescribeAsync(db, upload, int.MaxValue, cancellation);
    }

    /// <summary>The caller's unfinished uploads, newest first.</summary>
    public async Task<Result<IReadOnlyList<UploadStatus>>> ListAsync(Caller caller, CancellationToken cancellation)
    {
        var right = await commands.CheckAsync(caller, "upload.read", Right.UploadVersions, cancellation);
        if (!right.Succeeded)
        {
            return right.Failure;
        }

        await using var db = await databases.CreateDbContextAsync(cancellation);
        var uploads = await db.Uploads.AsNoTracking().Include(u => u.Files)
            .Where(u => u.PersonId == caller.PersonId && u.TransferId == null && (u.State == UploadState.Open || u.State == UploadState.Verifying))
            .OrderByDescending(u => u.Id)
            .ToListAsync(cancellation);
        List<UploadStatus> list = [];
        foreach (var upload in uploads)
        {
            list.Add(await DescribeAsync(db, upload, ListedFiles, cancellation));
        }

        return list;
    }

    private async Task<UploadStatus> DescribeAsync(RegistryDb db, Upload upload, int files, CancellationToken cancellation)
    {
        var parts = await db.UploadParts.AsNoTracking()
            .Where(p => db.UploadFiles.Any(f => f.Id == p.FileId && f.UploadId == upload.Id))
            .OrderBy(p => p.Number)
            .Select(p => new { p.FileId, p.Number, p.SizeBytes, First = p.Number == db.UploadParts.Where(q => q.FileId == p.FileId).Min(q => q.Number) ? p.Sha256 : null })
            .ToListAsync(cancellation);
        var byFile = parts.ToLookup(p => p.FileId);
        var verification = board.Read(upload.Id);
        return new UploadStatus
        {
            Id = upload.Id,
            State = upload.State.ToString(),
            Model = upload.ModelName,
            CreatedAt = upload.CreatedAt,
            ExpiresAt = upload.ExpiresAt,
            TotalBytes = upload.Files.Sum(f => f.SizeBytes),
            ReceivedBytes = upload.State is UploadState.Completed ? upload.Files.Sum(f => f.SizeBytes) : parts.Sum(p => (long)p.SizeBytes),
            VerifiedBytes = upload.State is UploadState.Verifying ? verification.Bytes : 0,
            Message = upload.FailureMessage ?? (upload.State is UploadState.Open or UploadState.Verifying ? verification.Problem : null),
            Direct = upload.IsOpen ? DirectOf(upload) : null,
            Version = upload.VersionId is { } version ? await VersionAsync(db, upload, version, cancellation) : null,
            FileCount = upload.Files.Count,
            Files = [.. upload.Files.OrderBy(f => f.Path, StringComparer.Ordinal).Take(files).Select(f => new UploadFileStatus
            {
                Id = f.Id,
                Path = f.Path,
                Size = f.SizeBytes,
                PartSize = f.PartSizeBytes,
                PartCount = f.PartCount,
                Parts = Ranges(byFile[f.Id].Select(p => p.Number)),
                FirstPartSha256 = byFile[f.Id].FirstOrDefault()?.First,
            })],
        };
    }

    private DirectStatus? DirectOf(Upload upload) => stores.All.FirstOrDefault(s => s.Name == upload.Store)?.DirectParts is { } direct
        ? new(direct.Server.GetLeftPart(UriPartial.Authority), upload.DirectTrouble?.ToString())
        : null;

    private static async Task<UploadedVersion?> VersionAsync(RegistryDb db, Upload upload, Guid id, CancellationToken cancellation)
    {
        var version = await db.Versions.AsNoTracking().Where(v => v.Id == id).Select(v => new { v.Number, v.Digest }).SingleOrDefaultAsync(cancellation);
        if (version is null)
        {
            return null;
        }

        var same = await db.Versions.Where(v => v.ModelId == upload.ModelId && v.Digest == version.Digest && v.Number < version.Number)
            .MinAsync(v => (int?)v.Number, cancellation);
        return new UploadedVersion(version.Number, $"/models/{upload.ModelName}/versions/{version.Number}", same);
    }

    private static List<int[]> Ranges(IEnumerable<int> numbers)
    {
        List<int[]> ranges = [];
        foreach (var number in numbers)
        {
            if (ranges is [.., var last] && last[1] == number - 1)
            {
                last[1] = number;
            }
            else
            {
                ranges.Add([number, number]);
            }
        }

        return ranges;
    }
}
