using Microsoft.EntityFrameworkCore;
using Ops.Data;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.ModelStore.Integrity;

/// <summary>What reading a version back found.</summary>
/// <param name="VersionId">The version.</param>
/// <param name="Objects">The objects that were read; the finding is about them alone.</param>
/// <param name="Damaged">Those of them that do not hold the bytes they should.</param>
/// <param name="Damage">Which files do not match and why, or null when all do.</param>
internal sealed record Finding(Guid VersionId, IReadOnlySet<string> Objects, IReadOnlySet<string> Damaged, string? Damage);

/// <summary>Reads the stored bytes of a version back and compares them with what the registry says.</summary>
internal sealed class VersionChecker(IDbContextFactory<RegistryDb> databases, ModelStores stores, IntegrityBoard board)
{
    private const int MostNamed = 5;
    private const string Missing = "is missing from the store";

    /// <summary>Reads all of it.</summary>
    /// <param name="versionId">The version.</param>
    /// <param name="pace">How fast.</param>
    /// <param name="cancellation">Gives up; nothing was found then.</param>
    /// <returns>What was found, or null when there is no such version or it is deleted.</returns>
    /// <exception cref="IOException">The store cannot be read at the moment, which says nothing about the bytes.</exception>
    /// <exception cref="InvalidOperationException">The store is not configured any more.</exception>
    public async Task<Finding?> CheckAsync(Guid versionId, ReadPace pace, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var version = await db.Versions.AsNoTracking().Include(v => v.Files).SingleOrDefaultAsync(v => v.Id == versionId, cancellation);
        if (version is null || version.IsDeleted)
        {
            return null;
        }

        var store = stores.Get(version.Store);
        var done = 0L;
        List<string> damage = [];
        Dictionary<string, string?> seen = [];
        board.Report(new(versionId, 0, version.SizeBytes, null));
        var missing = await store.RefreshAsync([.. version.Files.Select(f => f.ObjectId).Distinct()], cancellation);
        foreach (var file in version.Files.OrderBy(f => f.Path, StringComparer.Ordinal))
        {
            if (!seen.TryGetValue(file.ObjectId, out var wrong))
            {
                wrong = missing.Contains(file.ObjectId) ? Missing : await CheckAsync(store, file, ReadAsync, cancellation);
                seen.Add(file.ObjectId, wrong);
            }

            if (wrong is not null)
            {
                damage.Add($"{file.Path} {wrong}");
            }
        }

        if (version.Files.Count == 0 || ModelVersion.ComputeDigest(version.Files.Select(f => (f.Path, f.Sha256))) != version.Digest)
        {
            damage.Add("The list of files does not have the digest of the version");
        }

        return new(versionId, seen.Keys.ToHashSet(StringComparer.Ordinal), seen.Where(s => s.Value is not null).Select(s => s.Key).ToHashSet(StringComparer.Ordinal), Describe(damage));

        async ValueTask ReadAsync(ReadOnlyMemory<byte> piece)
        {
            done += piece.Length;
            board.Report(new(versionId, done, version.SizeBytes, null));
            await pace.ReadAsync(piece.Length, cancellation);
        }
    }

    private static string? Describe(List<string> damage)
    {
        var named = string.Join(". ", damage.Take(MostNamed));
        return damage.Count switch
        {
            0 => null,
            > MostNamed => $"{named}. The same is true of {damage.Count - MostNamed} more files.",
            _ => named + ".",
        };
    }

    private static async Task<string?> CheckAsync(IModelStore store, VersionFile file, Func<ReadOnlyMemory<byte>, ValueTask> read, CancellationToken cancellation)
    {
        Stream stream;
        try
        {
            stream = await store.OpenReadAsync(file.ObjectId, cancellation);
        }
        catch (FileNotFoundException)
        {
            await RequireReachableAsync(store, cancellation);
            return Missing;
        }
        catch (ObjectLengthException changed)
        {
            return OtherLength(changed.FoundBytes, file);
        }

        await using (stream)
        {
            var (sha256, bytes) = await ObjectHash.ComputeAsync(stream, read, cancellation);
            if (bytes != file.SizeBytes)
            {
                return OtherLength(bytes, file);
            }

            return sha256 == file.Sha256 ? null : $"was changed in the store: its SHA-256 begins with {sha256[..12]} instead of {file.Sha256[..12]}";
        }
    }

    private static string OtherLength(long found, VersionFile file) => $"has {found:#,0} bytes in the store instead of {file.SizeBytes:#,0}";

    // A disk that is not mounted lacks every file; that is no damage, and this throws.
    private static async Task RequireReachableAsync(IModelStore store, CancellationToken cancellation)
    {
        await foreach (var item in store.ListAsync(cancellation))
        {
            if (item.IsComplete)
            {
                break;
            }
        }
    }
}
