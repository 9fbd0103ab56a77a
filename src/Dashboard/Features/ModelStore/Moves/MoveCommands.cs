using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Registry.Commands;
using Ops.Data;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.ModelStore.Moves;

/// <summary>Asks for a version's bytes to be moved to another store, and gives that up.</summary>
internal sealed class MoveCommands(CommandRunner commands, ModelStores stores)
{
    private static Failure NoSuchVersion { get; } = Failure.NotFound("There is no such version.");

    /// <summary>Asks for it. The version goes on being usable meanwhile.</summary>
    /// <param name="caller">Needs <see cref="Right.ManageTargets"/>.</param>
    /// <param name="versionId">A version that is neither deleted nor damaged, and not in a rollout that waits or runs.</param>
    /// <param name="toStore">The name of another store.</param>
    /// <param name="cancellation">Gives up before the commit.</param>
    public Task<Result> RequestAsync(Caller caller, Guid versionId, string toStore, CancellationToken cancellation = default) =>
        commands.RunAsync(caller, "version.move", Right.ManageTargets, async (scope, token) =>
        {
            var version = await scope.Db.Versions.Include(v => v.Files).SingleOrDefaultAsync(v => v.Id == versionId, token);
            if (version is null)
            {
                return NoSuchVersion;
            }

            var name = await NameAsync(scope, version, token);
            scope.About("version", version.Id, name);
            if (version.State is not (VersionState.Ready or VersionState.Archived))
            {
                return Failure.Conflict($"Version {version.Number} is {version.State.ToString().ToLowerInvariant()} and cannot be moved.");
            }

            if (version.Store == toStore || stores.All.All(s => s.Name != toStore))
            {
                return Failure.Invalid("Choose another store.", "store");
            }

            if (await UseOfVersions.PendingAsync(scope.Db, scope.Db.Plans.Where(p => p.VersionId == versionId), $"version {version.Number}", token) is { } pending)
            {
                return pending;
            }

            if (await scope.Db.VersionMoves.AnyAsync(m => m.VersionId == versionId && (m.State == VersionMoveState.Copying || m.State == VersionMoveState.Cleaning), token))
            {
                return Failure.Conflict($"Version {version.Number} is being moved already.");
            }

            version.Hold();
            scope.Db.VersionMoves.Add(VersionMove.Begin(version, toStore, ObjectIds.Create, scope.Person.UserName ?? "", scope.Now));
            scope.Audit("version", version.Id, name, new { version.Store }, new { MoveTo = toStore });
            return Result.Done;
        }, cancellation);

    /// <summary>Gives it up while it copies. What was copied is collected.</summary>
    public Task<Result> CancelAsync(Caller caller, Guid versionId, CancellationToken cancellation = default) =>
        commands.RunAsync(caller, "version.move-cancel", Right.ManageTargets, async (scope, token) =>
        {
            var move = await scope.Db.VersionMoves.SingleOrDefaultAsync(m => m.VersionId == versionId && m.State == VersionMoveState.Copying, token);
            if (move is null)
            {
                return Failure.Conflict("It is not being moved any more.");
            }

            var version = await scope.Db.Versions.SingleAsync(v => v.Id == versionId, token);
            var cancelled = move.Cancel(scope.Now);
            if (cancelled.Succeeded)
            {
                scope.Audit("version", versionId, await NameAsync(scope, version, token), after: new { Move = "cancelled", move.ToStore });
            }

            return cancelled;
        }, cancellation);

    internal static async Task<string> NameAsync(CommandScope scope, ModelVersion version, CancellationToken cancellation) =>
        $"{await scope.Db.Models.Where(m => m.Id == version.ModelId).Select(m => m.Name).SingleAsync(cancellation)} {version.Number}";
}
