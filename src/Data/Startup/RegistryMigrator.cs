using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Ops.Data.Access;
using Ops.Data.Approvals;
using Ops.Data.ModelStore;
using Ops.Data.Targets;

namespace Ops.Data.Startup;

/// <summary>Brings the database to the schema of this program and puts in what must always be there. Runs on every start, before anything else opens the registry.</summary>
/// <remarks>
/// Several processes may start at once: one does the work while the others wait, then find nothing left to do.
/// A process killed at any moment leaves either the old schema or the new one, and the next start goes on from there.
/// </remarks>
public sealed class RegistryMigrator(IDbContextFactory<RegistryDb> databases, TimeProvider time, ILogger<RegistryMigrator> log)
{
    /// <summary>The name of the target that every installation starts with: the machine it runs on.</summary>
    public const string LocalTargetName = "local";

    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    /// <summary>Migrates and seeds.</summary>
    /// <exception cref="RegistryUnusableException">As <see cref="MigrateAsync(Action, CancellationToken)"/>.</exception>
    public Task MigrateAsync(CancellationToken cancellation = default) => MigrateAsync(() => { }, cancellation);

    /// <summary>Migrates and seeds.</summary>
    /// <param name="inTurn">What else only one process may do at a time, once the schema is there.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="RegistryUnusableException">The database was written by a newer program, or another process holds on to it. The message is for the administrator.</exception>
    public async Task MigrateAsync(Action inTurn, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var turn = await WaitForTurnAsync(db, cancellation);

        var applied = (await db.Database.GetAppliedMigrationsAsync(cancellation)).ToList();
        var unknown = applied.Except(db.Database.GetMigrations()).ToList();
        if (unknown.Count > 0)
        {
            throw new RegistryUnusableException(
                $"The database was written by a newer version of Ops: it has the migration {unknown[^1]}, which this program does not know. "
                + "Start the newer version, or restore a backup that was taken before the upgrade.");
        }

        var pending = (await db.Database.GetPendingMigrationsAsync(cancellation)).ToList();
        if (pending.Count > 0)
        {
            if (applied.Count > 0 && await db.BackUpAsync(pending[0], cancellation) is { } backup)
            {
                log.BackedUp(backup);
            }

            log.Migrating(pending.Count, pending[^1]);
            await db.Database.MigrateAsync(cancellation);
        }

        await FillAsync(db, cancellation);
        await SeedAsync(db, cancellation);
        inTurn();
    }

    private async Task<IAsyncDisposable> WaitForTurnAsync(RegistryDb db, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        for (var attempt = 0; ; attempt++)
        {
            if (await db.TryBeginMigrationAsync(cancellation) is { } turn)
            {
                return turn;
            }

            if (time.GetElapsedTime(started) > LongestWait)
            {
                throw new RegistryUnusableException("Another process has been migrating this database for more than 5 minutes. Stop it, then start again.");
            }

            if (attempt == 0)
            {
                log.WaitsForTurn();
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), time, cancellation);
        }
    }

    // What a column that came with a later version of Ops says about older rows. A generated migration adds the column empty, so this is looked at
    // on every start: a process killed between the two, or an older one that still adds rows meanwhile, leaves nothing behind for good.
    private static Task<int> FillAsync(RegistryDb db, CancellationToken cancellation) =>
        db.Models.Where(m => m.LatestFormat == null && m.LatestVersion > 0).ExecuteUpdateAsync(
            model => model.SetProperty(
                m => m.LatestFormat,
                m => db.Versions.Where(v => v.ModelId == m.Id && v.Number == m.LatestVersion).Select(v => v.Format).FirstOrDefault()),
            cancellation);

    private async Task SeedAsync(RegistryDb db, CancellationToken cancellation)
    {
        var known = await db.ApprovalPolicies.Select(p => p.Environment).ToListAsync(cancellation);
        db.ApprovalPolicies.AddRange(Enum.GetValues<TargetEnvironment>().Except(known).Select(ApprovalPolicy.Default));

        if (!await db.Installations.AnyAsync(cancellation))
        {
            db.Installations.Add(new Installation { InstallationId = Guid.NewGuid() });
        }

        if (!await db.Targets.AnyAsync(t => t.Name == LocalTargetName, cancellation))
        {
            // Production, so that the first rollout of a new installation goes through an approval like any later one.
            db.Targets.Add(Target.Create(LocalTargetName, TargetKinds.Local, TargetEnvironment.Production, time.GetUtcNow()).Value);
        }

        await SeedStoresAsync(db, cancellation);
        await db.SaveChangesAsync(cancellation);
    }

    private async Task SeedStoresAsync(RegistryDb db, CancellationToken cancellation)
    {
        var builtIn = await db.Stores.SingleOrDefaultAsync(s => s.Name == Store.BuiltInName, cancellation);
        if (builtIn is null)
        {
            var now = time.GetUtcNow();
            builtIn = Store.Create(new() { Id = Guid.CreateVersion7(now), Name = Store.BuiltInName, Kind = StoreKinds.FileSystem, ByName = "system", Now = now }).Value;
            db.Stores.Add(builtIn);
        }

        if (!await db.StoreDefaults.AnyAsync(d => d.Scope == StoreDefaultScope.Everything, cancellation))
        {
            db.StoreDefaults.Add(StoreDefault.Of(StoreDefaultScope.Everything, builtIn.Id));
        }
    }
}
