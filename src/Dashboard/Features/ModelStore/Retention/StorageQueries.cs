using Microsoft.EntityFrameworkCore;
using Ops.Data;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.ModelStore.Retention;

/// <summary>How much something weighs.</summary>
/// <param name="Versions">How many versions, deleted ones that can be restored included.</param>
/// <param name="Bytes">Their files together.</param>
/// <param name="StoredBytes">What that takes in the store, where equal files are stored once; null where it was not counted.</param>
internal sealed record StorageUsed(int Versions, long Bytes, long? StoredBytes);

/// <summary>Counts what versions weigh.</summary>
internal sealed class StorageQueries(IDbContextFactory<RegistryDb> databases)
{
    // Beyond this, telling shared files apart takes longer than a page may.
    private const int MostCounted = 2000;

    /// <summary>What the versions of a model weigh.</summary>
    public async Task<StorageUsed> OfModelAsync(Guid modelId, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var versions = db.Versions.Where(v => v.ModelId == modelId && v.State != VersionState.Purged);
        var sum = await versions.GroupBy(_ => 1).Select(g => new { Count = g.Count(), Bytes = g.Sum(v => v.SizeBytes) }).SingleOrDefaultAsync(cancellation);
        if (sum is null)
        {
            return new(0, 0, 0);
        }

        if (sum.Count > MostCounted)
        {
            return new(sum.Count, sum.Bytes, null);
        }

        var stored = await db.VersionFiles.Join(versions, f => f.VersionId, v => v.Id, (f, v) => new { f.ObjectId, f.SizeBytes }).Distinct().SumAsync(f => f.SizeBytes, cancellation);
        return new(sum.Count, sum.Bytes, stored);
    }

    /// <summary>What the versions in each store weigh, by the store's name. Answered from an index alone, whatever the number of versions.</summary>
    public async Task<IReadOnlyDictionary<string, StorageUsed>> ByStoreAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await ByStoreAsync(db, cancellation);
    }

    /// <summary>The same inside a query of somebody else.</summary>
    public static async Task<IReadOnlyDictionary<string, StorageUsed>> ByStoreAsync(RegistryDb db, CancellationToken cancellation)
    {
        var rows = await db.Versions.Where(v => v.State != VersionState.Purged)
            .GroupBy(v => v.Store)
            .Select(g => new { Store = g.Key, Count = g.Count(), Bytes = g.Sum(v => v.SizeBytes) })
            .ToListAsync(cancellation);
        return rows.ToDictionary(r => r.Store, r => new StorageUsed(r.Count, r.Bytes, null), StringComparer.Ordinal);
    }
}
