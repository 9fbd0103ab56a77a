using Microsoft.EntityFrameworkCore;
using Ops.Data;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.ModelStore.Recording;

/// <summary>
/// Has stores write down the versions that the registry has and they do not. Each pass compares both, so it does not matter when a
/// process ended between the registry's commit and the store's.
/// </summary>
internal sealed class VersionRecorder(IDbContextFactory<RegistryDb> databases, ModelStores stores, ILogger<VersionRecorder> log)
{
    /// <summary>Does it once for all stores.</summary>
    /// <returns>Whether nothing is left to do.</returns>
    public async Task<bool> RecordAsync(CancellationToken cancellation)
    {
        var isDone = true;
        foreach (var store in stores.All)
        {
            if (store.Versions is not { } history)
            {
                continue;
            }

            try
            {
                isDone &= await RecordAsync(store.Name, history, cancellation);
            }
            catch (IOException exception)
            {
                log.RecordingFailed(store.Name, exception.Message);
                isDone = false;
            }
        }

        return isDone;
    }

    private async Task<bool> RecordAsync(string store, IVersionHistory history, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        // What was deleted for good has no bytes left to write down.
        var versions = await db.Versions.AsNoTracking().Where(v => v.Store == store && v.State != VersionState.Purged)
            .Join(db.Models, v => v.ModelId, m => m.Id, (v, m) => new { v.Id, Model = m.Name, v.Number })
            .OrderBy(v => v.Model).ThenBy(v => v.Number)
            .ToListAsync(cancellation);
        if (versions.Count == 0)
        {
            return true;
        }

        var isDone = true;
        var written = await history.ListAsync(cancellation);
        foreach (var version in versions.Where(v => !written.ContainsKey(VersionRecord.Key(v.Model, v.Number))))
        {
            try
            {
                var commit = await history.RecordAsync(await ReadAsync(db, version.Id, version.Model, cancellation), cancellation);
                log.Recorded(version.Model, version.Number, store, commit);
            }
            catch (Exception exception) when (exception is IOException and not StoreUnavailableException { Problem: not StoreProblem.Refused } or ArgumentException)
            {
                // One version that cannot be written down keeps the next ones from nothing.
                log.RecordFailed(version.Model, version.Number, store, exception.Message);
                isDone = false;
            }
        }

        return isDone;
    }

    private static async Task<VersionRecord> ReadAsync(RegistryDb db, Guid id, string model, CancellationToken cancellation)
    {
        var version = await db.Versions.AsNoTracking().Include(v => v.Files).SingleAsync(v => v.Id == id, cancellation);
        return new(
            model, version.Number, version.Digest, version.UploadedByName, version.CreatedAt,
            [.. version.Files.OrderBy(f => f.Path, StringComparer.Ordinal).Select(f => new RecordedFile(f.Path, f.ObjectId, f.Sha256, f.SizeBytes))]);
    }
}
