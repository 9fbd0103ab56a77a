using Microsoft.EntityFrameworkCore;
using Ops.Data.Access;
using Ops.Data.Approvals;
using Ops.Data.ModelStore;
using Ops.Data.Registry;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Data.Tests.Providers;

/// <summary>Of two who change the same thing at once, the second is told.</summary>
public abstract class ConcurrencyTests<TDatabase>(TDatabase database) : RegistryTests<TDatabase>(database)
    where TDatabase : TestDatabase
{
    [Fact]
    public async Task Save_AModelChangedMeanwhile_Conflicts()
    {
        var model = Examples.Model();
        await SaveAsync(model);
        await ConflictsAsync(db => db.Models.SingleAsync(m => m.Id == model.Id), m => m.Touch(Examples.Noon.AddDays(1)));
    }

    [Fact]
    public async Task Save_AVersionChangedMeanwhile_Conflicts()
    {
        var (_, version, _, _, _, _) = await SaveRolloutAsync();
        await ConflictsAsync(db => db.Versions.SingleAsync(v => v.Id == version.Id), v => v.MarkDamaged());
    }

    [Fact]
    public async Task Save_ARolloutDecidedByTwoAtOnce_OneOfThemIsTold()
    {
        // HAZARDS: racing approve and reject.
        var (_, _, _, _, _, rollout) = await SaveRolloutAsync();
        await using var yes = Open();
        await using var no = Open();
        var approved = await yes.Rollouts.Include(r => r.Decisions).SingleAsync(r => r.Id == rollout.Id, Cancel);
        var rejected = await no.Rollouts.Include(r => r.Decisions).SingleAsync(r => r.Id == rollout.Id, Cancel);
        Assert.True(approved.Decide(Examples.Decision(approved)).Succeeded);
        Assert.True(rejected.Decide(Examples.Decision(rejected, Verdict.Reject)).Succeeded);

        await yes.SaveChangesAsync(Cancel);
        await Assert.ThrowsAsync<DbUpdateConcurrencyException>(() => no.SaveChangesAsync(Cancel));

        await using var db = Open();
        var after = await db.Rollouts.Include(r => r.Decisions).SingleAsync(r => r.Id == rollout.Id, Cancel);
        Assert.Equal((RolloutState.Approved, Verdict.Approve), (after.State, Assert.Single(after.Decisions).Verdict));
    }

    [Fact]
    public async Task Save_AnEndpointTakenByTwoRollouts_OneGetsIt()
    {
        var (_, _, _, endpoint, _, _) = await SaveRolloutAsync();
        await ConflictsAsync(db => db.Endpoints.SingleAsync(e => e.Id == endpoint.Id), e => e.Activate(Guid.NewGuid()));
    }

    [Fact]
    public async Task Save_AnUploadCompletedTwice_Conflicts()
    {
        var upload = Examples.Upload();
        await SaveAsync(upload);
        await ConflictsAsync(db => db.Uploads.SingleAsync(u => u.Id == upload.Id), u => u.BeginVerification());
    }

    [Fact]
    public async Task Save_ATargetChangedMeanwhile_Conflicts()
    {
        var target = Examples.Target();
        await SaveAsync(target);
        await ConflictsAsync(db => db.Targets.SingleAsync(t => t.Id == target.Id), t => t.SetEnvironment(TargetEnvironment.Dev));
    }

    [Fact]
    public async Task Save_AStoreChangedMeanwhile_Conflicts()
    {
        var store = Examples.Store();
        await SaveAsync(store);
        await ConflictsAsync(db => db.Stores.SingleAsync(s => s.Id == store.Id), s => s.Change("{}", null, "anna", Examples.Noon));
    }

    [Fact]
    public async Task Save_ADefaultStoreMovedMeanwhile_Conflicts()
    {
        Store[] stores = [Examples.Store(), Examples.Store(), Examples.Store()];
        await SaveAsync([.. stores, StoreDefault.Of(StoreDefaultScope.Staging, stores[0].Id)]);
        var next = 1;
        await ConflictsAsync(db => db.StoreDefaults.SingleAsync(d => d.Scope == StoreDefaultScope.Staging), d => d.MoveTo(stores[next++].Id));
    }

    [Fact]
    public Task Save_APolicyChangedMeanwhile_Conflicts() => ConflictsAsync(
        db => db.ApprovalPolicies.SingleAsync(p => p.Environment == TargetEnvironment.Staging),
        p => p.Change(2, Roles.Approver, true, 10));

    [Fact]
    public Task Save_TheSetupLinkUsedTwice_OneMakesTheAdministrator() =>
        ConflictsAsync(db => db.Installations.SingleAsync(), i => i.CompleteSetup(Examples.Noon));

    [Fact]
    public async Task Save_AnAliasMovedMeanwhile_Conflicts()
    {
        var model = Examples.Model();
        ModelVersion[] versions = [Examples.Version(model), Examples.Version(model), Examples.Version(model)];
        await SaveAsync([model, .. versions, new ModelAlias { ModelId = model.Id, Name = "champion", VersionId = versions[0].Id, MovedByName = "olga" }]);
        var next = 1;
        await ConflictsAsync(db => db.Aliases.SingleAsync(a => a.ModelId == model.Id), a => a.VersionId = versions[next++].Id);
    }

    [Fact]
    public async Task Save_ALeaseTakenByTwo_OneHasIt()
    {
        var name = Examples.Name("lease");
        await SaveAsync(new Lease { Name = name, Holder = "nobody", ExpiresAt = Examples.Noon });
        await ConflictsAsync(db => db.Leases.SingleAsync(l => l.Name == name), l => (l.Holder, l.Revision) = ("me", l.Revision + 1));
    }

    [Fact]
    public async Task Save_ManyAddToOneModelAtOnce_EveryNumberIsGivenOnce()
    {
        var model = Examples.Model();
        await SaveAsync(model);

        var numbers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            while (true)
            {
                await using var db = Open();
                var fresh = await db.Models.SingleAsync(m => m.Id == model.Id, Cancel);
                var number = fresh.NextVersion("onnx", Examples.Noon).Value;
                try
                {
                    await db.SaveChangesAsync(Cancel);
                    return number;
                }
                catch (DbUpdateConcurrencyException)
                {
                    await Task.Yield();
                }
            }
        })));

        Assert.Equal(Enumerable.Range(1, 8), numbers.Order());
    }

    [Fact]
    public async Task Save_TwoWritersWithoutPause_NobodyIsToldThatTheDatabaseIsBusy()
    {
        await using var before = Open();
        var count = await before.AuditEntries.CountAsync(Cancel);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < 25; i++)
            {
                await using var db = Open();

                // Reads first, as commands do: this is where an upgrade from reader to writer could fail.
                await using var transaction = await db.Database.BeginTransactionAsync(Cancel);
                _ = await db.Models.CountAsync(Cancel);
                db.Add(Examples.Model());
                db.Add(Examples.Audit(Guid.NewGuid()));
                await db.SaveChangesAsync(Cancel);
                await transaction.CommitAsync(Cancel);
            }
        })));

        Assert.Equal(count + 100, await before.AuditEntries.CountAsync(Cancel));
    }

    private async Task ConflictsAsync<T>(Func<RegistryDb, Task<T>> read, Action<T> change)
    {
        await using var first = Open();
        await using var second = Open();
        var (one, other) = (await read(first), await read(second));
        change(one);
        change(other);
        await first.SaveChangesAsync(Cancel);
        await Assert.ThrowsAsync<DbUpdateConcurrencyException>(() => second.SaveChangesAsync(Cancel));
    }
}

public sealed class SqliteConcurrencyTests(SqliteDatabase database) : ConcurrencyTests<SqliteDatabase>(database);

public sealed class PostgresConcurrencyTests(PostgresDatabase database) : ConcurrencyTests<PostgresDatabase>(database);
