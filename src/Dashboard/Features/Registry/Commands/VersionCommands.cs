using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Data;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.Registry.Commands;

/// <summary>Archives and restores versions. Nothing else of a version ever changes.</summary>
internal sealed class VersionCommands(CommandRunner commands)
{
    private static Failure NoSuchVersion { get; } = Failure.NotFound("There is no such version.");

    /// <summary>Takes a version out of choices. Refused while a rollout of it waits or runs, and while an alias is on it; what serves goes on.</summary>
    /// <returns>The endpoints it still serves.</returns>
    public Task<Result<IReadOnlyList<string>>> ArchiveAsync(Caller caller, Guid versionId, CancellationToken cancellation = default) =>
        commands.RunAsync<IReadOnlyList<string>>(caller, "version.archive", Right.ManageModels, async (scope, token) =>
        {
            if (await FindAsync(scope, versionId, token) is not ({ } version, { } model))
            {
                return NoSuchVersion;
            }

            var plans = scope.Db.Plans.Where(p => p.VersionId == versionId);
            if (await UseOfVersions.PendingAsync(scope.Db, plans, $"version {version.Number}", token) is { } pending)
            {
                return pending;
            }

            var aliases = await scope.Db.Aliases.Where(a => a.VersionId == versionId).OrderBy(a => a.Name).Select(a => a.Name).ToListAsync(token);
            if (aliases.Count > 0)
            {
                return Failure.Conflict($"Version {version.Number} carries {string.Join(", ", aliases)}. Move or remove {(aliases.Count == 1 ? "that alias" : "those aliases")} first.");
            }

            var archived = version.Archive();
            if (!archived.Succeeded)
            {
                return archived.Failure;
            }

            var serving = await UseOfVersions.ServingAsync(scope.Db, plans, token);
            model.Touch(scope.Now);
            scope.Audit("version", version.Id, $"{model.Name} {version.Number}", new { State = VersionState.Ready }, new { version.State, StillServes = serving });
            return Result.Of(serving);
        }, cancellation);

    /// <summary>Undoes <see cref="ArchiveAsync"/>.</summary>
    public Task<Result> RestoreAsync(Caller caller, Guid versionId, CancellationToken cancellation = default) =>
        commands.RunAsync(caller, "version.restore", Right.ManageModels, async (scope, token) =>
        {
            if (await FindAsync(scope, versionId, token) is not ({ } version, { } model))
            {
                return NoSuchVersion;
            }

            var restored = version.Restore();
            if (restored.Succeeded)
            {
                model.Touch(scope.Now);
                scope.Audit("version", version.Id, $"{model.Name} {version.Number}", new { State = VersionState.Archived }, new { version.State });
            }

            return restored;
        }, cancellation);

    private static async Task<(ModelVersion Version, Model Model)?> FindAsync(CommandScope scope, Guid versionId, CancellationToken cancellation)
    {
        var version = await scope.Db.Versions.SingleOrDefaultAsync(v => v.Id == versionId, cancellation);
        return version is null ? null : (version, await scope.Db.Models.SingleAsync(m => m.Id == version.ModelId, cancellation));
    }
}
