using Microsoft.EntityFrameworkCore;
using Ops.Data;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.ModelStore.Downloads;

/// <summary>A version whose files may be read.</summary>
/// <param name="Id">The key.</param>
/// <param name="Name">Such as <c>digits 3</c>.</param>
/// <param name="Store">Where its bytes are.</param>
/// <param name="CreatedAt">When it became visible.</param>
/// <param name="Files">The files asked for, in path order.</param>
internal sealed record ReadableVersion(Guid Id, string Name, string Store, DateTimeOffset CreatedAt, IReadOnlyList<VersionFile> Files);

/// <summary>Finds what may be downloaded.</summary>
internal sealed class DownloadQueries(IDbContextFactory<RegistryDb> databases)
{
    /// <summary>Finds a version and its files, or one of them.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="number">The version's number.</param>
    /// <param name="path">One file, or null for all.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<Result<ReadableVersion>> FindAsync(string model, int number, string? path, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var version = await db.Versions.AsNoTracking()
            .Where(v => v.Number == number && db.Models.Any(m => m.Id == v.ModelId && m.Name == model))
            .Select(v => new { v.Id, v.Store, v.CreatedAt, v.State, v.DamageMessage })
            .SingleOrDefaultAsync(cancellation);
        if (version is null)
        {
            return Failure.NotFound("There is no such version.");
        }

        if (Refuse($"{model} {number}", version.State, version.DamageMessage) is { } refused)
        {
            return refused;
        }

        var files = await db.VersionFiles.AsNoTracking()
            .Where(f => f.VersionId == version.Id && (path == null || f.Path == path))
            .OrderBy(f => f.Path)
            .ToListAsync(cancellation);
        return files.Count == 0
            ? Failure.NotFound("There is no such file in that version.")
            : new ReadableVersion(version.Id, $"{model} {number}", version.Store, version.CreatedAt, files);
    }

    private static Failure? Refuse(string name, VersionState state, string? damage) => state switch
    {
        VersionState.Damaged => Failure.Conflict($"{name} is damaged and is not handed out. {damage}"),
        VersionState.Deleted => Failure.Conflict($"{name} is deleted. Restore it first."),
        VersionState.Purged => Failure.NotFound($"{name} is deleted for good."),
        _ => null,
    };
}
