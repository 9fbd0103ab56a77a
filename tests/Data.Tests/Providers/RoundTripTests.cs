using System.Collections;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Ops.Data.Access;
using Ops.Data.Approvals;
using Ops.Data.ModelStore;
using Ops.Data.Registry;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Data.Tests.Providers;

/// <summary>Everything that is written comes back the same.</summary>
public abstract class RoundTripTests<TDatabase>(TDatabase database) : RegistryTests<TDatabase>(database)
    where TDatabase : TestDatabase
{
    [Fact]
    public async Task Save_OneOfEverything_ComesBackTheSame()
    {
        var written = new Dictionary<(IEntityType Type, string Key), Dictionary<string, object?>>();
        await using (var db = Open())
        {
            AddOneOfEverything(db);
            await db.SaveChangesAsync(Cancel);
            foreach (var entry in db.ChangeTracker.Entries())
            {
                written[(entry.Metadata, Key(entry.Metadata, entry.Entity))] = entry.Properties.ToDictionary(p => p.Metadata.Name, p => p.CurrentValue);
            }

            var ours = db.Model.GetEntityTypes().Where(t => t.ClrType.Namespace!.StartsWith("Ops.", StringComparison.Ordinal));
            Assert.Empty(ours.Except(written.Keys.Select(k => k.Type)).Select(t => t.Name));
        }

        await using var fresh = Open();
        foreach (var ((type, key), properties) in written)
        {
            var row = await ((IQueryable<object>)fresh.GetType().GetMethod(nameof(DbContext.Set), [])!.MakeGenericMethod(type.ClrType).Invoke(fresh, null)!)
                .AsAsyncEnumerable().SingleAsync(r => Key(type, r) == key);
            foreach (var (name, before) in properties)
            {
                AssertSame($"{type.ClrType.Name}.{name}", before, fresh.Entry(row).Property(name).CurrentValue);
            }
        }
    }

    [Fact]
    public async Task Read_Children_ComeWithTheirParents()
    {
        Rollout rollout;
        ModelVersion version;
        Upload upload;
        await using (var db = Open())
        {
            (rollout, version, upload) = AddOneOfEverything(db);
            await db.SaveChangesAsync(Cancel);
        }

        await using var fresh = Open();
        Assert.Single((await fresh.Rollouts.Include(r => r.Decisions).SingleAsync(r => r.Id == rollout.Id, Cancel)).Decisions);
        Assert.Equal(2, (await fresh.Versions.Include(v => v.Files).SingleAsync(v => v.Id == version.Id, Cancel)).Files.Count);
        Assert.Single((await fresh.Uploads.Include(u => u.Files).SingleAsync(u => u.Id == upload.Id, Cancel)).Files);
        var plan = await fresh.Plans.SingleAsync(p => p.Id == rollout.PlanId, Cancel);
        Assert.True(plan.IsIntact);
        Assert.Equal(rollout.PlanHash, PlanSpec.HashOf(plan.Spec.ToCanonicalJson()));
    }

    [Fact]
    public async Task Save_Enums_AreWordsInTheDatabase_RolesAreBits()
    {
        await using var db = Open();
        var (rollout, _, _) = AddOneOfEverything(db);
        await db.SaveChangesAsync(Cancel);

        Assert.Contains("Approved", await db.Database.SqlQueryRaw<string>("""SELECT "State" AS "Value" FROM "Rollouts" """).ToListAsync(Cancel));
        Assert.Contains("Approve", await db.Database.SqlQueryRaw<string>("""SELECT "Verdict" AS "Value" FROM "Decisions" """).ToListAsync(Cancel));
        Assert.Contains("Staging", await db.Database.SqlQueryRaw<string>("""SELECT "Environment" AS "Value" FROM "Targets" """).ToListAsync(Cancel));
        Assert.Contains((int)rollout.ApproverRole, await db.Database.SqlQueryRaw<int>("""SELECT "ApproverRole" AS "Value" FROM "Rollouts" """).ToListAsync(Cancel));
    }

    private static (Rollout Rollout, ModelVersion Version, Upload Upload) AddOneOfEverything(RegistryDb db)
    {
        var model = Examples.Model();
        Assert.True(model.Describe("Liest Ziffern: 零壹贰 🙂", ["vision", "digits"], Examples.Noon.AddHours(1)).Succeeded);
        var version = Examples.Version(model);
        var retention = RetentionRule.For(model.Id);
        Assert.True(retention.Change(new(true, 3, 30), "anna", Examples.Noon).Succeeded);
        db.AddRange(retention, VersionMove.Begin(version, "other", () => Guid.NewGuid().ToString("N"), "anna", Examples.Noon));
        var target = Examples.Target();
        var endpoint = Examples.Endpoint(target);
        var plan = Examples.Plan(endpoint, version);
        var rollout = Examples.Rollout(plan: plan);
        Assert.True(rollout.Decide(Examples.Decision(rollout)).Succeeded);
        endpoint.Activate(rollout.Id);
        endpoint.Settle(rollout.Id, plan.Id);
        Assert.True(endpoint.Accept([Examples.Change("spec.replicas", "olga accepted: 零")]).Succeeded);
        endpoint.AskPutBack(Guid.NewGuid());
        Assert.True(endpoint.NoteOpen([Examples.Open("spec.paused")], null));
        var upload = Examples.Upload(Examples.UploadFile());
        var person = Examples.Person();
        person.Disable(Examples.Noon.ToOffset(TimeSpan.FromHours(8)));

        db.AddRange(model, version, target, endpoint, plan, rollout, upload, person);
        db.Add(new ModelAlias { ModelId = model.Id, Name = "champion", VersionId = version.Id, MovedAt = Examples.Noon, MovedByName = "olga" });
        db.Add(new UploadPart { FileId = upload.Files[0].Id, Number = 1, SizeBytes = 10, Sha256 = Examples.Sha256, Receipt = "etag" });
        db.Add(new Lease { Name = Examples.Name("lease"), Holder = "me", ExpiresAt = Examples.Noon });
        db.AddRange(Examples.Token(endpoint), Examples.Event(endpoint, rollout), Examples.Event(endpoint), Examples.Audit(), Examples.Transfer());
        db.Attach(db.Installations.Single());
        db.AttachRange(db.ApprovalPolicies.ToList());
        db.AddRange(Examples.Store());
        db.AttachRange(db.StoreDefaults.ToList());
        return (rollout, version, upload);
    }

    private static string Key(IEntityType type, object entity) =>
        string.Join('/', type.FindPrimaryKey()!.Properties.Select(p => p.PropertyInfo!.GetValue(entity)));

    private static void AssertSame(string what, object? before, object? after)
    {
        var same = before is IEnumerable a and not string && after is IEnumerable b
            ? a.Cast<object>().SequenceEqual(b.Cast<object>())
            : Equals(before, after);
        Assert.True(same, $"{what} was {before} and came back as {after}.");
    }
}

public sealed class SqliteRoundTripTests(SqliteDatabase database) : RoundTripTests<SqliteDatabase>(database);

public sealed class PostgresRoundTripTests(PostgresDatabase database) : RoundTripTests<PostgresDatabase>(database);
