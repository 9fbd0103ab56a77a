using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Ops.Data.Approvals;
using Ops.Data.ModelStore;
using Ops.Data.Registry;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Data.Tests.Providers;

/// <summary>What the database itself refuses, whatever a command forgot to check.</summary>
public abstract class ConstraintTests<TDatabase>(TDatabase database) : RegistryTests<TDatabase>(database)
    where TDatabase : TestDatabase
{
    [Fact]
    public Task Save_TwoModelsOfOneName_Refused() => RefusesSecondAsync(Examples.Model("twice"), Examples.Model("twice"));

    [Fact]
    public Task Save_TwoTargetsOfOneName_Refused() => RefusesSecondAsync(Examples.Target("twice"), Examples.Target("twice"));

    [Fact]
    public Task Save_TwoStoresOfOneName_Refused() => RefusesSecondAsync(Examples.Store("twice"), Examples.Store("twice"));

    [Fact]
    public async Task Save_TwoDefaultStoresOfOneScope_Refused()
    {
        var (one, other) = (Examples.Store(), Examples.Store());
        await SaveAsync(one, other);
        await RefusesSecondAsync(StoreDefault.Of(StoreDefaultScope.Dev, one.Id), StoreDefault.Of(StoreDefaultScope.Dev, other.Id));
    }

    [Fact]
    public Task Save_TwoPeopleOfOneName_Refused() => RefusesSecondAsync(Examples.Person("twice"), Examples.Person("TWICE"));

    [Fact]
    public async Task Save_TwoVersionsOfOneNumber_Refused()
    {
        var model = Examples.Model();
        var first = Examples.Version(model);
        var details = new NewVersion { Id = Guid.NewGuid(), ModelId = model.Id, Number = 1, Format = "onnx", Store = "local", UploadedById = Guid.NewGuid(), UploadedByName = "uli", Now = Examples.Noon };
        await SaveAsync(model);
        await RefusesSecondAsync(first, ModelVersion.Create([Examples.File("other.onnx")], details));
    }

    [Fact]
    public async Task Save_TwoEndpointsOfOneName_RefusedAcrossTargets()
    {
        var (here, there) = (Examples.Target(), Examples.Target());
        await SaveAsync(here, there);
        await RefusesSecondAsync(Examples.Endpoint(here, "twice"), Examples.Endpoint(there, "twice"));
    }

    [Fact]
    public async Task Save_TwoRolloutsOfOneNumber_Refused()
    {
        var (_, _, _, _, plan, _) = await SaveRolloutAsync();
        await Assert.ThrowsAsync<DbUpdateException>(() => SaveAsync(Examples.Rollout(plan: plan)));
    }

    [Fact]
    public async Task Save_TwoTokensOfOneHash_Refused()
    {
        var (_, _, _, endpoint, _, _) = await SaveRolloutAsync();
        var token = Examples.Token(endpoint);
        await RefusesSecondAsync(token, Examples.Token(endpoint, token.Hash));
    }

    [Fact]
    public async Task Save_TwoFilesOfOnePathInAnUpload_Refused() =>
        await Assert.ThrowsAsync<DbUpdateException>(() => SaveAsync(Examples.Upload(Examples.UploadFile("a"), Examples.UploadFile("a"))));

    [Fact]
    public async Task Save_OnePartTwice_Refused()
    {
        var upload = Examples.Upload();
        await SaveAsync(upload);
        UploadPart Part() => new() { FileId = upload.Files[0].Id, Number = 1, SizeBytes = 10, Sha256 = Examples.Sha256 };
        await RefusesSecondAsync(Part(), Part());
    }

    [Fact]
    public async Task Save_SecondWordOfOnePerson_RefusedEvenPastTheEntity()
    {
        var (_, _, _, _, _, rollout) = await SaveRolloutAsync(approvals: 2);
        var anna = Guid.NewGuid();
        Decision Word()
        {
            var given = Examples.Decision(rollout, person: anna);
            return new()
            {
                Id = Guid.NewGuid(),
                RolloutId = given.RolloutId,
                PersonId = anna,
                PersonName = given.PersonName,
                SignedInHow = given.SignedInHow,
                PlanHash = given.PlanHash,
                VersionDigest = given.VersionDigest,
                At = given.At,
            };
        }

        await RefusesSecondAsync(Word(), Word());
    }

    [Fact]
    public Task Save_APolicyTwice_Refused() =>
        Assert.ThrowsAsync<DbUpdateException>(() => SaveAsync(ApprovalPolicy.Default(TargetEnvironment.Dev)));

    [Fact]
    public async Task Save_AVersionOfNoModel_Refused() =>
        await Assert.ThrowsAsync<DbUpdateException>(() => SaveAsync(Examples.Version(Examples.Model())));

    [Fact]
    public async Task Delete_WhatOthersStandOn_Refused()
    {
        var (model, version, target, endpoint, _, _) = await SaveRolloutAsync();
        Func<RegistryDb, Task<int>>[] deletions =
        [
            db => db.Models.Where(m => m.Id == model.Id).ExecuteDeleteAsync(Cancel),
            db => db.Versions.Where(v => v.Id == version.Id).ExecuteDeleteAsync(Cancel),
            db => db.Targets.Where(t => t.Id == target.Id).ExecuteDeleteAsync(Cancel),
            db => db.Endpoints.Where(e => e.Id == endpoint.Id).ExecuteDeleteAsync(Cancel),
        ];
        foreach (var delete in deletions)
        {
            await using var db = Open();
            await Assert.ThrowsAnyAsync<DbException>(() => delete(db));
        }
    }

    [Fact]
    public async Task Delete_AnUpload_TakesItsFilesAndPartsAlong()
    {
        var upload = Examples.Upload();
        await SaveAsync(upload, new UploadPart { FileId = upload.Files[0].Id, Number = 1, SizeBytes = 10, Sha256 = Examples.Sha256 });

        await using (var db = Open())
        {
            Assert.Equal(1, await db.Uploads.Where(u => u.Id == upload.Id).ExecuteDeleteAsync(Cancel));
        }

        await using var fresh = Open();
        Assert.False(await fresh.UploadFiles.AnyAsync(f => f.UploadId == upload.Id, Cancel));
        Assert.False(await fresh.UploadParts.AnyAsync(p => p.FileId == upload.Files[0].Id, Cancel));
    }

    [Fact]
    public async Task Rewrite_WhatIsWrittenOnce_RefusedBeforeTheDatabaseIsAsked()
    {
        var (_, version, _, endpoint, plan, rollout) = await SaveRolloutAsync();
        var decision = Examples.Decision(rollout);
        object[] once = [Examples.Audit(), decision, Examples.Event(endpoint, rollout)];
        await SaveAsync(once);
        foreach (var entity in (object[])[.. once, plan, version.Files[0]])
        {
            foreach (var state in new[] { EntityState.Modified, EntityState.Deleted })
            {
                await using var db = Open();
                db.Entry(entity).State = state;
                var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => db.SaveChangesAsync(Cancel));
                Assert.Contains(entity.GetType().Name, refusal.Message, StringComparison.Ordinal);
                Assert.Throws<InvalidOperationException>(() => db.SaveChanges());
            }
        }
    }

    private async Task RefusesSecondAsync(object first, object second)
    {
        await SaveAsync(first);
        await Assert.ThrowsAsync<DbUpdateException>(() => SaveAsync(second));
    }
}

public sealed class SqliteConstraintTests(SqliteDatabase database) : ConstraintTests<SqliteDatabase>(database);

public sealed class PostgresConstraintTests(PostgresDatabase database) : ConstraintTests<PostgresDatabase>(database);
