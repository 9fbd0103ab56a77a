using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using System.Web;
using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.ModelStore.Uploads;
using Ops.Data.Access;

namespace Ops.Integration.Tests.Features.ModelStore;

public sealed class DirectUploadTests(DirectHost direct) : IClassFixture<DirectHost>
{
    private readonly (string Path, byte[] Bytes) file = DirectClient.File();

    private UploadHost Host => direct.Host;

    [Fact]
    public async Task Upload_PartsSentToTheStore_BecomesAVersionOfTheSameBytes()
    {
        var client = await ClientAsync();
        var upload = await client.BeginAsync(Model(), file);
        var server = direct.Server.Settings.Endpoint!.TrimEnd('/');
        var writes = Host.Store.Writes;
        Assert.Equal((server, null), (upload.Direct!.Server, upload.Direct.Trouble));
        foreach (var number in (int[])[2, 1])
        {
            await client.SendDirectAsync(upload, number, file.Bytes);
        }

        var reported = await client.ReportAsync(upload, file.Bytes, 1, 2);
        Assert.Equal([1, 2], reported.Recorded.Select(p => p.Number).Order());
        using var completed = await client.CompleteAsync(upload, file);
        using var again = await client.CompleteAsync(upload, file);

        Assert.True(completed.IsSuccessStatusCode && again.IsSuccessStatusCode);
        Assert.Equal("Completed", (await client.WaitForEndAsync(upload.Id)).State);
        await using var db = Host.Db();
        var stored = await db.UploadFiles.AsNoTracking().SingleAsync(f => f.UploadId == upload.Id);
        await using var bytes = await direct.Server.Store.OpenReadAsync(stored.ObjectId, default);
        using var read = new MemoryStream();
        await bytes.CopyToAsync(read);
        Assert.Equal(file.Bytes, read.ToArray());
        Assert.Equal(writes, Host.Store.Writes);
    }

    [Fact]
    public async Task EveryRequest_OfAnotherPerson_FindsNothing()
    {
        var client = await ClientAsync();
        var upload = await client.BeginAsync(Model(), file);
        var part = new PartName(upload.Files[0].Id, 2, UploadClient.Hash([1]));
        var mallory = await ClientAsync();
        var viewer = await Host.ClientAsync($"v-{Guid.NewGuid():N}"[..12], Roles.Viewer);

        HttpStatusCode[] answers =
        [
            (await mallory.TryAddressesAsync(upload.Id, part)).StatusCode,
            (await mallory.TryReportAsync(upload.Id, part)).StatusCode,
            (await mallory.TryReportAsync(upload.Id)).StatusCode,
            (await mallory.Http.PostAsJsonAsync($"/api/uploads/{upload.Id}/through-dashboard", new SendThroughDashboard("NotAllowed"))).StatusCode,
            (await mallory.CompleteAsync(upload, file)).StatusCode,
        ];
        HttpStatusCode[] forbidden = [(await viewer.TryAddressesAsync(upload.Id, part)).StatusCode, (await viewer.TryReportAsync(upload.Id, part)).StatusCode];

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.NotFound, answer));
        Assert.All(forbidden, answer => Assert.Equal(HttpStatusCode.Forbidden, answer));
        Assert.Null((await client.StatusAsync(upload.Id)).Direct!.Trouble);
    }

    [Fact]
    public async Task Addresses_OfPartsThatAreNot_AreRefused()
    {
        var client = await ClientAsync();
        var upload = await client.BeginAsync(Model(), file);
        var id = upload.Files[0].Id;
        var hash = UploadClient.Hash([1]);

        Assert.All(
            [new PartName(id, 10_001, hash), new(id, 3, hash), new(id, 0, hash), new(id, -1, hash), new(Guid.NewGuid(), 1, hash)],
            part => Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (client.TryAddressesAsync(upload.Id, part).Result.StatusCode, client.TryReportAsync(upload.Id, part).Result.StatusCode)));
        Assert.Equal(HttpStatusCode.BadRequest, (await client.TryAddressesAsync(upload.Id, new PartName(id, 1, "x"))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await client.TryReportAsync(upload.Id, new PartName(id, 1))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await client.Http.PostAsJsonAsync($"/api/uploads/{upload.Id}/through-dashboard", new SendThroughDashboard("7"))).StatusCode);
    }

    [Fact]
    public async Task Address_Altered_IsRefusedByTheStore()
    {
        var client = await ClientAsync();
        var upload = await client.BeginAsync(Model(), file);
        var other = await client.BeginAsync(Model(), file);
        var part = UploadClient.Part(upload.Files[0], 2, file.Bytes);
        var address = await client.AddressAsync(upload, 2, part);
        var foreign = await client.AddressAsync(other, 2, part);
        var (uri, foreignUri) = (new Uri(address.Url), new Uri(foreign.Url));
        var token = HttpUtility.ParseQueryString(uri.Query)["uploadId"]!;
        var foreignToken = HttpUtility.ParseQueryString(foreignUri.Query)["uploadId"]!;

        string[] altered =
        [
            address.Url.Replace(uri.AbsolutePath, foreignUri.AbsolutePath, StringComparison.Ordinal),
            address.Url.Replace("partNumber=2", "partNumber=1", StringComparison.Ordinal),
            address.Url.Replace(Uri.EscapeDataString(token), Uri.EscapeDataString(foreignToken), StringComparison.Ordinal),
            Regex.Replace(address.Url, "X-Amz-Expires=[0-9]+", "X-Amz-Expires=9000"),
        ];
        foreach (var url in altered)
        {
            Assert.NotEqual(address.Url, url);
            using var answer = await DirectClient.PutAsync(address, part, url);
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        }

        // Whether the store refuses another length or takes it: it does not count.
        using var shorter = await DirectClient.PutAsync(address, part[..10]);
        Assert.Empty((await client.ReportAsync(upload, file.Bytes, 2)).Recorded);
    }

    [Fact]
    public async Task Report_APartThatIsNotInTheStore_DoesNotCount()
    {
        var client = await ClientAsync();
        var upload = await client.BeginAsync(Model(), file);
        await client.SendDirectAsync(upload, 2, file.Bytes);

        var reported = await client.ReportAsync(upload, file.Bytes, 1, 2);

        Assert.Equal(2, Assert.Single(reported.Recorded).Number);
        var range = Assert.Single((await client.StatusAsync(upload.Id)).Files[0].Parts);
        Assert.Equal((2, 2), (range[0], range[1]));
        using var completed = await client.CompleteAsync(upload, file);
        Assert.Equal(HttpStatusCode.Conflict, completed.StatusCode);
    }

    [Fact]
    public async Task Look_TheBrowserAndTheDashboardWereGone_FindsWhatIsThereAndAsksForTheRest()
    {
        var person = await Host.PersonAsync($"p-{Guid.NewGuid():N}"[..12]);
        var client = Host.ClientFor(person);
        var upload = await client.BeginAsync(Model(), file);
        await client.SendDirectAsync(upload, 1, file.Bytes);

        await direct.RestartAsync();
        client = Host.ClientFor(person);
        var found = await client.ReportAsync(upload, file.Bytes);
        Assert.Equal(1, Assert.Single(found.Found).Number);
        Assert.Empty(found.Recorded);
        Assert.Single((await client.ReportAsync(upload, file.Bytes, 1)).Recorded);
        Assert.Empty((await client.ReportAsync(upload, file.Bytes)).Found);

        // What counts is never written again: the dashboard compares it.
        var kept = await client.AddressAsync(upload, 1, UploadClient.Part(upload.Files[0], 1, file.Bytes));
        Assert.True(kept.SameOrigin);
        await client.SendDirectAsync(upload, 2, file.Bytes);
        await client.ReportAsync(upload, file.Bytes, 2);
        using var completed = await client.CompleteAsync(upload, file);
        Assert.Equal("Completed", (await client.WaitForEndAsync(upload.Id)).State);
    }

    [Fact]
    public async Task ThroughDashboard_Once_StaysSoAndTakesPartsOfBothWays()
    {
        var client = await ClientAsync();
        var upload = await client.BeginAsync(Model(), file);
        await client.SendDirectAsync(upload, 1, file.Bytes);
        await client.ReportAsync(upload, file.Bytes, 1);

        using var told = await client.Http.PostAsJsonAsync($"/api/uploads/{upload.Id}/through-dashboard", new SendThroughDashboard("NotAllowed"));
        Assert.Equal(HttpStatusCode.NoContent, told.StatusCode);
        Assert.Equal("NotAllowed", (await client.StatusAsync(upload.Id)).Direct!.Trouble);
        var second = UploadClient.Part(upload.Files[0], 2, file.Bytes);
        Assert.True((await client.AddressAsync(upload, 2, second)).SameOrigin);
        using var put = await client.PutAsync(upload.Id, upload.Files[0].Id, 2, second);
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        using var completed = await client.CompleteAsync(upload, file);

        Assert.Equal("Completed", (await client.WaitForEndAsync(upload.Id)).State);
        await using var db = Host.Db();
        Assert.Equal(1, await db.AuditEntries.CountAsync(e => e.Action == "upload.through-dashboard" && e.SubjectId == upload.Id.ToString()));
    }

    [Fact]
    public async Task Look_TheStoreHasLostTheFile_AsksForAllOfItAgain()
    {
        var client = await ClientAsync();
        var upload = await client.BeginAsync(Model(), file);
        await client.SendDirectAsync(upload, 2, file.Bytes);
        await client.ReportAsync(upload, file.Bytes, 2);
        await using (var db = Host.Db())
        {
            var lost = await db.UploadFiles.AsNoTracking().SingleAsync(f => f.UploadId == upload.Id);
            await direct.Server.Store.AbandonAsync(lost.ObjectId, lost.StoreToken, default);
        }

        var answer = await client.ReportAsync(upload, file.Bytes);

        Assert.Equal(upload.Files[0].Id, Assert.Single(answer.Lost));
        Assert.Empty((await client.StatusAsync(upload.Id)).Files[0].Parts);
        await client.SendDirectAsync(upload, 2, file.Bytes);
        Assert.Single((await client.ReportAsync(upload, file.Bytes, 2)).Recorded);
    }

    [Fact]
    public async Task Addresses_WithoutAHashOrOfAFileOfOnePart_AreTheDashboards()
    {
        var client = await ClientAsync();
        var small = ("small.gguf", UploadClient.Weights(1000));
        var upload = await client.BeginAsync(Model(), small);
        var large = await client.BeginAsync(Model(), file);

        Assert.True((await client.AddressAsync(upload, 1, small.Item2)).SameOrigin);
        using var without = await client.TryAddressesAsync(large.Id, new PartName(large.Files[0].Id, 1));
        Assert.True(Assert.Single((await without.Content.ReadFromJsonAsync<PartAddress[]>())!).SameOrigin);
    }

    private static string Model() => $"m-{Guid.NewGuid():N}"[..20];

    private Task<UploadClient> ClientAsync() => Host.ClientAsync($"p-{Guid.NewGuid():N}"[..12]);
}
