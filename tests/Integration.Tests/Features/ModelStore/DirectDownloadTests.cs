using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Web;
using Microsoft.EntityFrameworkCore;
using Ops.Data.Access;
using Ops.Data.Audit;
using Ops.Integration.Tests.Features.ModelStore.Conformance;

namespace Ops.Integration.Tests.Features.ModelStore;

/// <summary>Downloads from a real S3 server that hands out addresses: the dashboard sends the client there.</summary>
public sealed class DirectDownloadTests(DirectHost shared) : IClassFixture<DirectHost>
{
    private const string FileName = "große Gewichte + 'x', 5 %; (1).gguf";
    private static readonly byte[] Bytes = UploadClient.Weights((16 * 1024 * 1024) + 1000);

    [Fact]
    public async Task Get_WholeFile_ComesFromTheStoreUnderItsName()
    {
        using var http = SignedIn(await ModelAsync());

        using var sent = await http.GetAsync(Address);
        using var answer = await FollowAsync(sent, _ => { });

        Assert.Equal(HttpStatusCode.Redirect, sent.StatusCode);
        Assert.Equal(new Uri(shared.Server.Settings.Endpoint!).Authority, sent.Headers.Location!.Authority);
        Assert.True(sent.Headers.CacheControl is { NoStore: true }, $"The address may be kept: {sent.Headers.CacheControl}");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(Bytes, await answer.Content.ReadAsByteArrayAsync());
        Assert.Equal(("attachment", FileName), (answer.Content.Headers.ContentDisposition?.DispositionType, answer.Content.Headers.ContentDisposition?.FileNameStar));
        Assert.Equal("application/octet-stream", answer.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Get_BrokenOff_GoesOnFromWhereItWasAndOnlyWithTheSameFile()
    {
        using var http = SignedIn(await ModelAsync());
        EntityTagHeaderValue tag;
        using (var sent = await http.GetAsync(Address))
        using (var whole = await FollowAsync(sent, _ => { }))
        {
            tag = whole.Headers.ETag!;
        }

        // A client that goes on asks the dashboard again: the address it had may be too old by then.
        const int at = 16 * 1024 * 1024;
        using var again = await SendAsync(http, r => (r.Headers.Range, r.Headers.IfRange) = (new(at, null), new(tag)));
        using var rest = await FollowAsync(again, r => (r.Headers.Range, r.Headers.IfRange) = (new(at, null), new(tag)));
        using var piece = await FollowAsync(again, r => r.Headers.Range = new(100, 199));

        Assert.Equal(HttpStatusCode.PartialContent, rest.StatusCode);
        Assert.Equal((at, Bytes.Length - 1, Bytes.Length), (rest.Content.Headers.ContentRange?.From, rest.Content.Headers.ContentRange?.To, rest.Content.Headers.ContentRange?.Length));
        Assert.Equal(Bytes[at..], await rest.Content.ReadAsByteArrayAsync());
        Assert.Equal((HttpStatusCode.PartialContent, FileName), (piece.StatusCode, piece.Content.Headers.ContentDisposition?.FileNameStar));
        Assert.Equal(Bytes[100..200], await piece.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Get_AddressOfTheStore_IsForThisObjectAndAFewMinutesOnly()
    {
        using var http = SignedIn(await ModelAsync());
        using var sent = await http.GetAsync(Address);
        var address = sent.Headers.Location!;
        var query = HttpUtility.ParseQueryString(address.Query);

        var seconds = int.Parse(query["X-Amz-Expires"]!, CultureInfo.InvariantCulture);

        // Five minutes; what is signed counts from the beginning of a second.
        Assert.InRange(seconds, 1, 301);

        // Its time is signed: nobody can make it longer, nor let it begin later.
        using var longer = await GetAsync(address.AbsoluteUri.Replace($"X-Amz-Expires={seconds}", "X-Amz-Expires=604800", StringComparison.Ordinal));
        await using var db = shared.Host.Db();
        var id = await db.VersionFiles.Where(f => f.Path == FileName).Select(f => f.ObjectId).FirstAsync();
        var expired = (await shared.Host.Store.DownloadAddressAsync(id, FileName, TimeSpan.FromSeconds(1), default))!;
        await Task.Delay(TimeSpan.FromSeconds(3));
        using var late = await GetAsync(expired.AbsoluteUri);

        Assert.Equal(HttpStatusCode.Forbidden, longer.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, late.StatusCode);
    }

    [Fact]
    public async Task Get_StrangerOrDisabledAccount_GetsNoAddress()
    {
        await ModelAsync();
        var person = await shared.Host.PersonAsync("gone", Roles.Viewer);
        await using (var db = shared.Host.Db())
        {
            (await db.Users.SingleAsync(p => p.Id == person.Id)).Disable(TimeProvider.System.GetUtcNow());
            await db.SaveChangesAsync();
        }

        using var strange = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = shared.Host.Address };
        using var disabled = SignedIn(shared.Host.ClientFor(person));
        using var unknown = await strange.GetAsync(Address);
        using var refused = await disabled.GetAsync(Address);

        Assert.Equal((HttpStatusCode.Unauthorized, null), (unknown.StatusCode, unknown.Headers.Location));
        Assert.Equal((HttpStatusCode.Forbidden, null), (refused.StatusCode, refused.Headers.Location));
        Assert.DoesNotContain("X-Amz-", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_EveryAddressThatIsHandedOut_IsWrittenDown()
    {
        await ModelAsync();
        var person = await shared.Host.PersonAsync("vera", Roles.Viewer);
        using var http = SignedIn(shared.Host.ClientFor(person));

        // With an address the whole file can be had, whatever the range that was asked for.
        using (await http.GetAsync(Address))
        using (await SendAsync(http, r => r.Headers.Range = new(100, 199)))
        {
        }

        await using var db = shared.Host.Db();
        Assert.Equal(2, await db.AuditEntries.CountAsync(e => e.Action == "version.download" && e.PersonName == "vera" && e.Result == AuditResult.Done));
    }

    private static string Address => "/models/direct/versions/1/files/" + Uri.EscapeDataString(FileName);

    private async Task<UploadClient> ModelAsync()
    {
        var client = await shared.Host.ClientAsync();
        await using var db = shared.Host.Db();
        if (!await db.Models.AnyAsync(m => m.Name == "direct"))
        {
            Assert.Equal("Completed", (await client.UploadAsync("direct", (FileName, Bytes))).State);
        }

        return client;
    }

    // The redirect is looked at before it is followed.
    private HttpClient SignedIn(UploadClient client)
    {
        var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = shared.Host.Address };
        http.DefaultRequestHeaders.Authorization = client.Http.DefaultRequestHeaders.Authorization;
        return http;
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpClient http, Action<HttpRequestMessage> change)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Address);
        change(request);
        return await http.SendAsync(request);
    }

    private static async Task<HttpResponseMessage> FollowAsync(HttpResponseMessage sent, Action<HttpRequestMessage> change)
    {
        Assert.Equal(HttpStatusCode.Redirect, sent.StatusCode);
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, sent.Headers.Location);
        change(request);
        return await http.SendAsync(request);
    }

    private static async Task<HttpResponseMessage> GetAsync(string address)
    {
        using var http = new HttpClient();
        return await http.GetAsync(new Uri(address));
    }
}
