using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Registry.Commands;
using Ops.Data;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.ModelStore.Retention;

/// <summary>Deletes versions: first so that it can be undone, later for good.</summary>
internal sealed class DeletionCommands(
    CommandRunner commands, ModelStores stores, TimeProvider time, IOptions<RetentionOptions> options, ILogger<DeletionCommands> log)
{
    private static Failure NoSuchVersion { get; } = Failure.NotFound("There is no such version.");

    /// <summary>How long a deletion can be undone.</summary>
    public TimeSpan FinalAfter => options.Value.FinalAfter;

    /// <summary>What has to be typed to delete a version.</summary>
    public static string NameOf(string model, int number) => $"{model} {number}";

    /// <summary>Deletes a version. It can be restored until <see cref="FinalAfter"/> has passed.</summary>
    /// <param name="caller">Needs <see cref="Right.DeleteVersions"/>.</param>
    /// <param name="versionId">The version: not deployed, not in a rollout that waits or runs, without an alias.</param>
    /// <param name="typed">Its name as <see cref="NameOf"/> writes it, typed by the person.</param>
    /// <param name="cancellation">Gives up before the commit.</param>
    public Task<Result> DeleteAsync(Caller caller, Guid versionId, string typed, CancellationToken cancellation = default) =>
        commands.RunAsync(
            caller,
            "version.delete",
            Right.DeleteVersions,
            (scope, token) => DeleteAsync(scope, versionId, name => name == typed.Trim() ? null : Failure.Invalid($"Type {name} to delete it.", "name"), null, token),
            cancellation);

    /// <summary>Undoes it.</summary>
    public Task<Result> RestoreAsync(Caller caller, Guid versionId, CancellationToken cancellation = default) =>
        commands.RunAsync(caller, "version.undelete", Right.DeleteVersions, async (scope, token) =>
        {
            if (await FindAsync(scope, versionId, token) is not ({ } version, { } model))
            {
                return NoSuchVersion;
            }

            var name = NameOf(model.Name, version.Number);
            scope.About("version", version.Id, name);
            var before = new { version.State, version.DeletedAt, version.DeletedByName };
            var restored = version.Undelete(scope.Now);
            if (restored.Succeeded)
            {
                model.Touch(scope.Now);
                scope.Audit("version", version.Id, name, before, new { version.State });
            }

            return restored;
        }, cancellation);

    /// <summary>Deletes a version because a rule says so. Everything is asked again in the transaction, as for people.</summary>
    /// <param name="versionId">The version.</param>
    /// <param name="reason">Which rule, for the audit.</param>
    /// <param name="cancellation">Gives up before the commit.</param>
    public async Task<Result> DeleteByRuleAsync(Guid versionId, string reason, CancellationToken cancellation)
    {
        var name = "";
        var deleted = await commands.RunAsSystemAsync(
            "version.delete",
            (scope, token) => DeleteAsync(
                scope,
                versionId,
                found =>
                {
                    name = found;
                    return null;
                },
                reason,
                token),
            cancellation);
        if (deleted.Succeeded)
        {
            log.DeletedByRule(name);
        }

        return deleted;
    }

    /// <summary>Makes a deletion final: the bytes go unless another version has them too, the row stays as a tombstone.</summary>
    public async Task<Result> PurgeAsync(Guid versionId, CancellationToken cancellation)
    {
        IReadOnlyList<string> freed = [];
        var (store, name, modelName, number) = ("", "", "", 0);
        var purged = await commands.RunAsSystemAsync("version.purge", async (scope, token) =>
        {
            if (await FindAsync(scope, versionId, token) is not ({ } version, { } model))
            {
                return NoSuchVersion;
            }

            if (version.State != VersionState.Deleted || version.DeletedAt > scope.Now - FinalAfter)
            {
                return Failure.Conflict("It was restored, or its time is not up.");
            }

            if (await UseOfVersions.InWayOfDeletionAsync(scope.Db, version, token) is { } used)
            {
                return used;
            }

            (store, name, modelName, number) = (version.Store, NameOf(model.Name, version.Number), model.Name, version.Number);
            freed = await OwnObjectsAsync(scope.Db, versionId, token);
            var before = new { version.State, version.DeletedAt, version.DeletedByName };
            var done = version.Purge(scope.Now);
            if (done.Succeeded)
            {
                scope.Audit("version", version.Id, name, before, new { version.State, version.Digest, version.SizeBytes, version.Store, ObjectsDeleted = freed.Count });
            }

            return done;
        }, cancellation);
        if (!purged.Succeeded)
        {
            return purged;
        }

        await DeleteBytesAsync(store, freed, cancellation);
        await ForgetAsync(store, modelName, number, cancellation);
        log.Purged(name, freed.Count);
        return Result.Done;
    }

    /// <summary>When the deletion of a version becomes final.</summary>
    public DateTimeOffset FinalAt(DateTimeOffset deletedAt) => deletedAt + FinalAfter;

    /// <summary>The deletions that have become final by now.</summary>
    public async Task<IReadOnlyList<Guid>> DueAsync(RegistryDb db, CancellationToken cancellation)
    {
        var before = time.GetUtcNow() - FinalAfter;
        return await db.Versions.Where(v => v.State == VersionState.Deleted && v.DeletedAt <= before).OrderBy(v => v.DeletedAt).Select(v => v.Id).ToListAsync(cancellation);
    }

    private static async Task<Result> DeleteAsync(
        CommandScope scope, Guid versionId, Func<string, Failure?> refuse, string? reason, CancellationToken cancellation)
    {
        if (await FindAsync(scope, versionId, cancellation) is not ({ } version, { } model))
        {
            return NoSuchVersion;
        }

        var name = NameOf(model.Name, version.Number);
        scope.About("version", version.Id, name);
        if (refuse(name) is { } refused)
        {
            return refused;
        }

        var before = new { version.State };
        var deleted = version.Delete(scope.Caller.PersonId is null ? scope.Caller.Name : scope.Person.UserName ?? "", scope.Now);
        if (!deleted.Succeeded)
        {
            return deleted;
        }

        if (await UseOfVersions.InWayOfDeletionAsync(scope.Db, version, cancellation) is { } used)
        {
            return used;
        }

        // Aliases are moved under the model's revision: of an alias and a deletion in the same moment, one sees the other.
        model.Touch(scope.Now);
        scope.Audit("version", version.Id, name, before, new { version.State, version.Digest, version.SizeBytes }, reason);
        return Result.Done;
    }

    /// <summary>The objects of a version that no other one has that is not deleted for good.</summary>
    private static async Task<IReadOnlyList<string>> OwnObjectsAsync(RegistryDb db, Guid versionId, CancellationToken cancellation)
    {
        var others = db.VersionFiles.Where(f => f.VersionId != versionId && db.Versions.Any(v => v.Id == f.VersionId && v.State != VersionState.Purged));
        return await db.VersionFiles
            .Where(f => f.VersionId == versionId && !others.Any(o => o.ObjectId == f.ObjectId))
            .Select(f => f.ObjectId)
            .Distinct()
            .ToListAsync(cancellation);
    }

    private async Task DeleteBytesAsync(string storeName, IReadOnlyList<string> objects, CancellationToken cancellation)
    {
        foreach (var id in objects)
        {
            try
            {
                await stores.Get(storeName).DeleteAsync(id, cancellation);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidOperationException)
            {
                // No row keeps them any more, so the collector finds them.
                log.DeleteFailed(id, exception);
            }
        }
    }

    // A store that shows versions to other programs shows this one no longer. A name that stays costs nothing but its line.
    private async Task ForgetAsync(string storeName, string model, int number, CancellationToken cancellation)
    {
        try
        {
            if (stores.TryGet(storeName, out var store) && store.Versions is { } history)
            {
                await history.ForgetAsync(model, number, cancellation);
            }
        }
        catch (IOException exception)
        {
            log.ForgetFailed(NameOf(model, number), exception);
        }
    }

    private static async Task<(ModelVersion Version, Model Model)?> FindAsync(CommandScope scope, Guid versionId, CancellationToken cancellation)
    {
        var version = await scope.Db.Versions.SingleOrDefaultAsync(v => v.Id == versionId, cancellation);
        return version is null ? null : (version, await scope.Db.Models.SingleAsync(m => m.Id == version.ModelId, cancellation));
    }
}
