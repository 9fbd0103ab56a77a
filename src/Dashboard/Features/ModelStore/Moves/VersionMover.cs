using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.ModelStore.Integrity;
using Ops.Dashboard.Features.ModelStore.Recording;
using Ops.Data;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.ModelStore.Moves;

/// <summary>
/// Moves versions between stores: copies every object, reads the copy back and compares its SHA-256, switches the version over in one
/// transaction, and deletes the old objects last. Interrupted anywhere it goes on from there; until the switch nothing has changed.
/// </summary>
internal sealed class VersionMover(
    IDbContextFactory<RegistryDb> databases, ModelStores stores, CommandRunner commands, IntegrityCommands integrity, RecordingQueue recording, MoveBoard board, TimeProvider time, ILogger<VersionMover> log)
{
    /// <summary>Goes on with every move that is not finished.</summary>
    public async Task TurnAsync(CancellationToken cancellation)
    {
        foreach (var move in await UnfinishedAsync(cancellation))
        {
            try
            {
                await GoOnAsync(move, cancellation);
                board.Progress.Remove(move.VersionId.ToString());
            }
            catch (StoreFullException exception)
            {
                log.MoveFailed(move.Id, exception);
                await FailAsync(move, $"The store {move.ToStore} is full.", cancellation);
                board.Progress.Remove(move.VersionId.ToString());
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidOperationException)
            {
                // A store that is away comes back; the move waits for it.
                log.MoveFailed(move.Id, exception);
                board.Progress.Publish(new(move.VersionId, 0, move.Files.Sum(f => f.SizeBytes), "One of the stores cannot be reached right now. This is tried again by itself."));
            }
        }
    }

    private async Task<List<VersionMove>> UnfinishedAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.VersionMoves.AsNoTracking().Include(m => m.Files)
            .Where(m => m.State == VersionMoveState.Copying || m.State == VersionMoveState.Cleaning)
            .OrderBy(m => m.RequestedAt)
            .ToListAsync(cancellation);
    }

    private async Task GoOnAsync(VersionMove move, CancellationToken cancellation)
    {
        var (from, to) = (stores.Get(move.FromStore), stores.Get(move.ToStore));
        if (move.State == VersionMoveState.Copying)
        {
            var (done, total) = (0L, move.Files.Sum(f => f.SizeBytes));
            foreach (var file in move.Files)
            {
                var before = done;
                board.Progress.Publish(new(move.VersionId, done, total, null));
                if (!await IsCopyingAsync(move, cancellation))
                {
                    return;
                }

                if (!await HoldsAsync(to, file, cancellation) && !await CopyAsync(from, to, file, copied => board.Progress.Publish(new(move.VersionId, before + copied, total, null)), cancellation))
                {
                    await integrity.SuspectAsync(move.VersionId, cancellation);
                    await FailAsync(move, "What was copied does not have its SHA-256. The version stays where it is and is being verified.", cancellation);
                    return;
                }

                done += file.SizeBytes;
            }

            if (await SwitchAsync(move, cancellation) is { Failure: { } refused })
            {
                await FailAsync(move, refused.Message, cancellation);
                return;
            }

            // A store that writes versions down has one more to write down.
            recording.Wake();
        }

        await CleanAsync(move, from, cancellation);
    }

    private async Task<bool> IsCopyingAsync(VersionMove move, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.VersionMoves.AnyAsync(m => m.Id == move.Id && m.State == VersionMoveState.Copying, cancellation);
    }

    private static async Task<bool> CopyAsync(IModelStore from, IModelStore to, VersionMoveFile file, Action<long> copied, CancellationToken cancellation)
    {
        var unfinished = await to.BeginAsync(file.ToObjectId, file.SizeBytes, cancellation);
        try
        {
            List<AcknowledgedPart> parts = [];
            await using (var source = await from.OpenReadAsync(file.FromObjectId, cancellation))
            {
                if (source.Length != file.SizeBytes)
                {
                    return false;
                }

                for (var number = 1; number <= unfinished.PartCount; number++)
                {
                    var part = unfinished.Part(number);
                    await using var piece = new PartStream(source, part.Length);
                    var written = await to.WritePartAsync(unfinished, part, piece, cancellation);
                    parts.Add(new(number, part.Length, written.Sha256, written.Receipt));
                    copied(part.Offset + part.Length);
                }
            }

            await to.AssembleAsync(unfinished, parts, cancellation);
        }
        catch
        {
            if (unfinished.Token is not null)
            {
                // Another attempt gets another token; nobody would come back to this one.
                await to.AbandonAsync(file.ToObjectId, unfinished.Token, CancellationToken.None);
            }

            throw;
        }

        await to.CompleteAsync(file.ToObjectId, cancellation);
        return await HoldsAsync(to, file, cancellation);
    }

    private static async Task<bool> HoldsAsync(IModelStore to, VersionMoveFile file, CancellationToken cancellation)
    {
        try
        {
            await using (var copy = await to.OpenReadAsync(file.ToObjectId, cancellation))
            {
                if ((await ObjectHash.ComputeAsync(copy, null, cancellation)).Sha256 != file.Sha256)
                {
                    return false;
                }
            }

            // Whole, and perhaps not final yet.
            await to.CompleteAsync(file.ToObjectId, cancellation);
            return true;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
    }

    private Task<Result> SwitchAsync(VersionMove move, CancellationToken cancellation) =>
        commands.RunAsSystemAsync("version.moved", async (scope, token) =>
        {
            var row = await scope.Db.VersionMoves.Include(m => m.Files).SingleAsync(m => m.Id == move.Id, token);
            var version = await scope.Db.Versions.Include(v => v.Files).SingleAsync(v => v.Id == move.VersionId, token);
            if (row.Switch() is { Succeeded: false } ended)
            {
                return ended;
            }

            var before = new { version.Store };
            var moved = version.MoveTo(row.ToStore, row.Files.ToDictionary(f => f.FromObjectId, f => f.ToObjectId, StringComparer.Ordinal));
            if (moved.Succeeded)
            {
                scope.Audit("version", version.Id, await MoveCommands.NameAsync(scope, version, token), before, new { version.Store, AskedBy = row.RequestedByName });
            }

            return moved;
        }, cancellation);

    // An old object that another version has stays. No version can begin to share one that none has, so what is free stays free.
    private async Task CleanAsync(VersionMove move, IModelStore from, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var kept = await db.VersionFiles
            .Where(f => db.VersionMoveFiles.Any(m => m.MoveId == move.Id && m.FromObjectId == f.ObjectId) && db.Versions.Any(v => v.Id == f.VersionId && v.State != VersionState.Purged))
            .Select(f => f.ObjectId)
            .Distinct()
            .ToListAsync(cancellation);
        foreach (var id in move.Files.Select(f => f.FromObjectId).Except(kept, StringComparer.Ordinal))
        {
            await from.DeleteAsync(id, cancellation);
        }

        var row = await db.VersionMoves.SingleAsync(m => m.Id == move.Id, cancellation);
        if (row.Finish(time.GetUtcNow()).Succeeded)
        {
            await db.SaveChangesAsync(cancellation);
            log.Moved(move.VersionId, move.ToStore);
        }
    }

    private Task<Result> FailAsync(VersionMove move, string why, CancellationToken cancellation) =>
        commands.RunAsSystemAsync("version.move-fail", async (scope, token) =>
        {
            var row = await scope.Db.VersionMoves.SingleAsync(m => m.Id == move.Id, token);
            var version = await scope.Db.Versions.SingleAsync(v => v.Id == move.VersionId, token);
            var failed = row.Fail(why, scope.Now);
            if (failed.Succeeded)
            {
                scope.Audit("version", version.Id, await MoveCommands.NameAsync(scope, version, token), after: new { Move = "failed", row.ToStore, row.FailureMessage });
            }

            return failed;
        }, cancellation);
}
