using Microsoft.EntityFrameworkCore;
using Ops.Data;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.Registry.Queries;

/// <summary>Reads versions for pages: one context a call, nothing tracked, only the columns that are shown.</summary>
internal sealed class VersionQueries(IDbContextFactory<RegistryDb> databases)
{
    /// <summary>Versions on a page of the timeline.</summary>
    public const int PageSize = 50;

    /// <summary>Versions of a model, newest first.</summary>
    /// <param name="modelId">The model.</param>
    /// <param name="below">Only numbers below this one, or null to start at the newest.</param>
    /// <param name="deleted">Whether to list the deleted ones instead of the others.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<VersionRows> ListAsync(Guid modelId, int? below, bool deleted = false, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var versions = db.Versions.AsNoTracking().Where(v => v.ModelId == modelId && (v.State == VersionState.Deleted || v.State == VersionState.Purged) == deleted);
        if (below is { } number)
        {
            versions = versions.Where(v => v.Number < number);
        }

        var rows = await versions.OrderByDescending(v => v.Number).Take(PageSize + 1)
            .Select(v => new VersionRow(v.Id, v.Number, v.Format, v.SizeBytes, v.State, v.UploadedByName, v.CreatedAt, v.Notes) { DeletedAt = v.DeletedAt, DeletedByName = v.DeletedByName })
            .ToListAsync(cancellation);
        return new([.. rows.Take(PageSize)], rows.Count > PageSize);
    }

    /// <summary>The numbers of a model's versions, newest first, for choices.</summary>
    public async Task<IReadOnlyList<int>> NumbersAsync(Guid modelId, int most, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Versions.Where(v => v.ModelId == modelId && v.State != VersionState.Deleted && v.State != VersionState.Purged).OrderByDescending(v => v.Number).Take(most).Select(v => v.Number).ToListAsync(cancellation);
    }

    /// <summary>How many versions of a model are deleted.</summary>
    public async Task<int> CountDeletedAsync(Guid modelId, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Versions.CountAsync(v => v.ModelId == modelId && (v.State == VersionState.Deleted || v.State == VersionState.Purged), cancellation);
    }

    /// <summary>One version, or null when there is none of that model and number.</summary>
    public async Task<VersionDetail?> FindAsync(string model, int number, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var version = await (
            from m in db.Models.AsNoTracking()
            join v in db.Versions.AsNoTracking() on m.Id equals v.ModelId
            where m.Name == model && v.Number == number
            select new VersionDetail
            {
                Id = v.Id,
                ModelId = m.Id,
                Model = m.Name,
                ModelIsArchived = m.ArchivedAt != null,
                LatestVersion = m.LatestVersion,
                Number = v.Number,
                Digest = v.Digest,
                Format = v.Format,
                SizeBytes = v.SizeBytes,
                MetadataJson = v.MetadataJson,
                LineageJson = v.LineageJson,
                Notes = v.Notes,
                Store = v.Store,
                UploadedByName = v.UploadedByName,
                CreatedAt = v.CreatedAt,
                State = v.State,
                LastVerifiedAt = v.LastVerifiedAt,
                VerifyRequestedAt = v.VerifyRequestedAt,
                DamageMessage = v.DamageMessage,
                DeletedAt = v.DeletedAt,
                DeletedByName = v.DeletedByName,
                PurgedAt = v.PurgedAt,
            }).SingleOrDefaultAsync(cancellation);
        if (version is null)
        {
            return null;
        }

        return version with
        {
            Files = await db.VersionFiles.AsNoTracking().Where(f => f.VersionId == version.Id).OrderBy(f => f.Path)
                .Select(f => new FileView(f.Path, f.SizeBytes, f.Sha256)).ToListAsync(cancellation),
            ModelAliases = await ModelQueries.AliasesAsync(db, [version.ModelId], cancellation),
            Runs = [.. (await WhereItRuns.ReadAsync(db, [version.ModelId], cancellation)).Where(r => r.Version == number)],
            SameAs = await db.Versions.Where(v => v.ModelId == version.ModelId && v.Digest == version.Digest && v.Number < number && v.State != VersionState.Deleted && v.State != VersionState.Purged).MinAsync(v => (int?)v.Number, cancellation),
        };
    }
}
