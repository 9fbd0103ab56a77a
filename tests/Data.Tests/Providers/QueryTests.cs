using Microsoft.EntityFrameworkCore;
using Ops.Data.Access;
using Ops.Data.Rollouts;

namespace Ops.Data.Tests.Providers;

/// <summary>Questions that pages ask, answered alike by every database.</summary>
public abstract class QueryTests<TDatabase>(TDatabase database) : RegistryTests<TDatabase>(database)
    where TDatabase : TestDatabase
{
    [Fact]
    public async Task OrderBy_Moments_ByTheMomentWhateverItsOffset()
    {
        // In the order of their text, these would be the other way round.
        var moments = new[] { Examples.Noon.ToOffset(TimeSpan.FromHours(10)), Examples.Noon.AddTicks(10).ToOffset(TimeSpan.FromHours(-10)), Examples.Noon.AddSeconds(1) };
        var leases = moments.Select((m, i) => new Lease { Name = $"moment-{i}", Holder = "x", ExpiresAt = m }).Reverse().ToArray();
        await SaveAsync(leases);

        await using var db = Open();
        var mine = db.Leases.Where(l => l.Name.StartsWith("moment-"));
        Assert.Equal(["moment-0", "moment-1", "moment-2"], await mine.OrderBy(l => l.ExpiresAt).Select(l => l.Name).ToListAsync(Cancel));
        Assert.Equal(moments, await mine.OrderBy(l => l.ExpiresAt).Select(l => l.ExpiresAt).ToListAsync(Cancel));
        Assert.Equal(["moment-2"], await mine.Where(l => l.ExpiresAt > moments[1]).Select(l => l.Name).ToListAsync(Cancel));
        Assert.Equal(["moment-0"], await mine.Where(l => l.ExpiresAt <= Examples.Noon).Select(l => l.Name).ToListAsync(Cancel));
        Assert.Equal(Examples.Noon.AddSeconds(1), await mine.MaxAsync(l => l.ExpiresAt, Cancel));
    }

    [Fact]
    public async Task Page_ByGuidV7_GoesThroughTimeOnce()
    {
        var ids = Enumerable.Range(0, 25).Select(i => Guid.CreateVersion7(Examples.Noon.AddYears(1).AddMilliseconds(i))).ToArray();
        await SaveAsync([.. ids.OrderBy(_ => Guid.NewGuid()).Select(id => Examples.Audit(id))]);
        var from = Guid.CreateVersion7(Examples.Noon.AddYears(1).AddMilliseconds(-1));

        var seen = new List<Guid>();
        for (Guid? after = from; after is { } last;)
        {
            await using var db = Open();
            var page = await db.AuditEntries.Where(e => e.Id.CompareTo(last) > 0).OrderBy(e => e.Id).Take(10).Select(e => e.Id).ToListAsync(Cancel);
            seen.AddRange(page);
            after = page.Count > 0 ? page[^1] : null;
        }

        Assert.Equal(ids, seen);
    }

    [Fact]
    public async Task Page_ByGuidV7Backwards_NewestFirst()
    {
        var ids = Enumerable.Range(0, 12).Select(i => Guid.CreateVersion7(Examples.Noon.AddYears(-1).AddMilliseconds(i))).ToArray();
        await SaveAsync([.. ids.Select(id => Examples.Audit(id))]);
        var middle = ids[6];

        await using var db = Open();
        var page = await db.AuditEntries.Where(e => e.Id < middle).OrderByDescending(e => e.Id).Take(6).Select(e => e.Id).ToListAsync(Cancel);

        Assert.Equal(ids[..6].Reverse(), page);
    }

    [Fact]
    public async Task Page_ByName_InTheOrderOfBytesOnce()
    {
        string[] names = ["p-a", "p-a-1", "p-a1", "p-aa", "p-b", "p-b-2", "p-b0", "p-ba", "p0", "pa"];
        await SaveAsync([.. names.Reverse().Select(n => Examples.Model(n))]);

        var seen = new List<string>();
        for (string? after = "p"; after is not null;)
        {
            await using var db = Open();
            var last = after;
            var page = await db.Models.Where(m => m.Name.CompareTo("q") < 0 && string.Compare(m.Name, last) > 0).OrderBy(m => m.Name).Take(3).Select(m => m.Name).ToListAsync(Cancel);
            seen.AddRange(page);
            after = page.Count > 0 ? page[^1] : null;
        }

        Assert.Equal(names.Order(StringComparer.Ordinal), seen);
    }

    [Fact]
    public async Task Page_ByMomentAndId_BreaksTies()
    {
        var rows = Enumerable.Range(0, 6).Select(i => Examples.Model($"tie-{i}")).ToArray();
        foreach (var row in rows)
        {
            row.Touch(Examples.Noon.AddYears(2).AddSeconds(Array.IndexOf(rows, row) / 3));
        }

        await SaveAsync([.. rows]);
        var seen = new List<string>();
        var (at, id) = (Examples.Noon.AddYears(3), Guid.Empty);
        while (true)
        {
            await using var db = Open();
            var page = await db.Models
                .Where(m => m.Name.StartsWith("tie-") && (m.UpdatedAt < at || (m.UpdatedAt == at && m.Id > id)))
                .OrderByDescending(m => m.UpdatedAt).ThenBy(m => m.Id).Take(2).ToListAsync(Cancel);
            if (page.Count == 0)
            {
                break;
            }

            seen.AddRange(page.Select(m => m.Name));
            (at, id) = (page[^1].UpdatedAt, page[^1].Id);
        }

        Assert.Equal(rows.OrderByDescending(r => r.UpdatedAt).ThenBy(r => r.Id.ToString(), StringComparer.Ordinal).Select(r => r.Name), seen);
    }

    [Fact]
    public async Task Where_RolesAndTags_AskedInTheDatabase()
    {
        var (approver, both, other) = (Examples.Person(), Examples.Person(), Examples.Person());
        approver.SetRoles(Roles.Approver);
        both.SetRoles(Roles.Approver | Roles.Operator);
        other.SetRoles(Roles.OnCall);
        var model = Examples.Model();
        model.Describe("", ["kritisch", "vision"], Examples.Noon);
        await SaveAsync(approver, both, other, model);

        await using var db = Open();
        Guid[] mine = [approver.Id, both.Id, other.Id];
        Assert.Equal(
            new[] { approver.Id, both.Id }.Order(),
            (await db.Users.Where(p => mine.Contains(p.Id) && p.Roles.HasFlag(Roles.Approver)).Select(p => p.Id).ToListAsync(Cancel)).Order());
        Assert.Equal(2, await db.Users.CountAsync(p => mine.Contains(p.Id) && (p.Roles & (Roles.Operator | Roles.OnCall)) != 0, Cancel));
        Assert.Equal(model.Id, (await db.Models.SingleAsync(m => m.Tags.Contains("kritisch"), Cancel)).Id);
    }

    [Fact]
    public async Task Where_AWordInANameOrDescription_WithoutRegardToCaseOfLatinLetters()
    {
        var model = Examples.Model("search-me");
        model.Describe("Reads 100% of Digits_and more", [], Examples.Noon);
        await SaveAsync(model);

        await using var db = Open();
        foreach (var (word, found) in new[] { ("digits_AND", true), ("100%", true), ("100_", false), ("digitsXand", false) })
        {
            var lower = word.ToLowerInvariant();
#pragma warning disable CA1862 // A comparison with StringComparison has no translation to SQL.
            Assert.Equal(found, await db.Models.AnyAsync(m => m.Name == "search-me" && m.Description.ToLower().Contains(lower), Cancel));
#pragma warning restore CA1862
        }
    }
}

public sealed class SqliteQueryTests(SqliteDatabase database) : QueryTests<SqliteDatabase>(database);

public sealed class PostgresQueryTests(PostgresDatabase database) : QueryTests<PostgresDatabase>(database);
