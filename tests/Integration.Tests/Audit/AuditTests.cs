using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Features.Audit;
using Ops.Data.Access;
using Ops.Data.Audit;
using Ops.Integration.Tests.Support;

namespace Ops.Integration.Tests.Audit;

public abstract class AuditTests(OpsApp app)
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private AuditQueries Queries => app.Services.GetRequiredService<AuditQueries>();

    [Fact]
    public async Task ReadAsync_PagesForthAndBack_SeeEveryEntryOnceInOrder()
    {
        await AddAsync("paging", 120);
        var filter = new AuditFilter { Action = "paging." };
        var first = await Queries.ReadAsync(filter, null, null);
        var second = await Queries.ReadAsync(filter, first.Entries[^1].Id, null);
        var third = await Queries.ReadAsync(filter, second.Entries[^1].Id, null);
        var back = await Queries.ReadAsync(filter, null, third.Entries[0].Id);

        Assert.Equal((50, 50, 20), (first.Entries.Count, second.Entries.Count, third.Entries.Count));
        Assert.Equal(Enumerable.Range(0, 120).Reverse().Select(at => $"thing-{at}"), first.Entries.Concat(second.Entries).Concat(third.Entries).Select(entry => entry.SubjectName));
        Assert.Equal(second.Entries.Select(entry => entry.Id), back.Entries.Select(entry => entry.Id));
        Assert.Equal((false, true, true, true, true, false), (first.Newer, first.Older, second.Newer, second.Older, third.Newer, third.Older));
        Assert.True(back.Newer);
    }

    [Fact]
    public async Task ReadAsync_EachFilter_KeepsWhatMatches()
    {
        await AddAsync("filters", 10);
        var all = new AuditFilter { Action = "filters." };
        Assert.Equal(10, await CountAsync(all));
        Assert.Equal(5, await CountAsync(all with { Person = "ANN" }));
        Assert.Equal(5, await CountAsync(all with { Result = AuditResult.Refused }));
        Assert.Equal(5, await CountAsync(all with { Action = "filters.even" }));
        Assert.Equal(10, await CountAsync(all with { Subject = "thing" }));
        Assert.Equal(0, await CountAsync(all with { Subject = "thin" }));
        Assert.Equal(4, await CountAsync(all with { From = Start.AddMinutes(3), To = Start.AddMinutes(7) }));
        Assert.Equal(1, await CountAsync(all with { Text = "THING-7" }));
        Assert.Equal(1, await CountAsync(all with { Text = "key-7" }));
        Assert.Equal(0, await CountAsync(all with { Text = "key-" }));
        Assert.Equal(0, await CountAsync(all with { Text = "%" }));
        Assert.Equal(0, await CountAsync(all with { Person = "' OR 1=1 --" }));
    }

    [Fact]
    public async Task Export_Csv_HasTheFilteredEntriesAsTextAndIsAudited()
    {
        await AddAsync("csv", 3, "=HYPERLINK(\"http://evil\")");
        using var browser = await app.SignInAsync(Roles.Viewer);
        using var answer = await browser.Client.GetAsync("/audit/export?format=csv&action=csv.");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("text/csv", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("attachment", answer.Content.Headers.ContentDisposition?.DispositionType);
        var lines = (await answer.Content.ReadAsStringAsync()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, lines.Length);
        Assert.StartsWith("id,at,person,", lines[0], StringComparison.Ordinal);
        Assert.All(lines[1..], line => Assert.Contains("\"'=HYPERLINK(\"\"http://evil\"\")\"", line, StringComparison.Ordinal));

        var entry = Assert.Single(await app.AuditAsync("audit.export"), entry => entry.PersonId == browser.Person!.Id);
        Assert.Equal("?action=csv.", JsonDocument.Parse(entry.AfterJson!).RootElement.GetProperty("filter").GetString());
    }

    [Fact]
    public async Task Export_JsonLines_ManyEntries_EachLineIsADocument()
    {
        await AddAsync("many", 2500);
        using var browser = await app.SignInAsync(Roles.Viewer);
        var text = await browser.Client.GetStringAsync("/audit/export?format=jsonl&action=many.");
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2500, lines.Length);
        Assert.Equal(2500, lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("id").GetGuid()).Distinct().Count());
        Assert.Equal("new", JsonDocument.Parse(lines[0]).RootElement.GetProperty("after").GetProperty("state").GetString());
    }

    [Fact]
    public async Task Export_StrangerOrUnknownFormat_IsRefused()
    {
        using var stranger = app.OpenBrowser();
        using var toSignIn = await stranger.Client.GetAsync("/audit/export?format=csv");
        Assert.Equal(HttpStatusCode.Redirect, toSignIn.StatusCode);
        using var viewer = await app.SignInAsync(Roles.Viewer);
        using var answer = await viewer.Client.GetAsync("/audit/export?format=xlsx");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    private async Task<int> CountAsync(AuditFilter filter) => (await Queries.ReadAsync(filter, null, null)).Entries.Count;

    private async Task AddAsync(string feature, int count, string? name = null)
    {
        await using var db = app.OpenRegistry();
        for (var at = 0; at < count; at++)
        {
            db.AuditEntries.Add(new()
            {
                Id = Guid.CreateVersion7(Start.AddMinutes(at)),
                At = Start.AddMinutes(at),
                PersonName = at % 2 == 0 ? "anna" : "bob",
                SignedInHow = "password",
                Action = at % 2 == 0 ? $"{feature}.even" : $"{feature}.odd",
                SubjectKind = "thing",
                SubjectId = $"key-{at}",
                SubjectName = name ?? $"thing-{at}",
                Result = at % 2 == 0 ? AuditResult.Done : AuditResult.Refused,
                BeforeJson = """{"state":"old"}""",
                AfterJson = """{"state":"new"}""",
                CorrelationId = $"{feature}-{at}",
            });
        }

        await db.SaveChangesAsync();
    }
}

public sealed class SqliteAuditTests(OpsApp app) : AuditTests(app), IClassFixture<OpsApp>;

public sealed class PostgresAuditTests(PostgresOpsApp postgres) : AuditTests(postgres.App), IClassFixture<PostgresOpsApp>;
