using System.Net;
using System.Security.Cryptography;
using Amazon.Runtime;
using Amazon.S3;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.S3;
using Ops.Testing;
using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Features.ModelStore.Conformance;

/// <summary>What the options for older and unusual servers change on the wire.</summary>
public sealed class S3OptionsTests : IAsyncLifetime
{
    private const int Size = (16 * 1024 * 1024) + 1000;
    private static readonly byte[] Bytes = RandomNumberGenerator.GetBytes(Size);
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);
    private readonly string id = ObjectIds.Create();
    private S3TestStore made = null!;

    private Uri Server => new(made.Settings.Endpoint!);

    public async ValueTask InitializeAsync() => made = await S3TestStore.MakeAsync();

    public ValueTask DisposeAsync()
    {
        made.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task LegacySigning_On_SendsNothingOfNewerS3()
    {
        await using var road = await RecordingRoad.OpenAsync(Server);
        using var store = made.Open(made.Settings with { Endpoint = road.Address, LegacySigning = true });

        var address = await UseAsync(store);
        await AssertAllPassAsync(store);

        Assert.Contains(road.Seen, request => request.Target.Contains("partNumber=2", StringComparison.Ordinal) && request.Headers["Content-Length"] == "1000");
        Assert.All(road.Seen, AssertPlainlySigned);
        Assert.DoesNotContain(road.Seen, request => request.Headers.Keys.Concat(request.Headers.Values).Append(request.Text).Any(IsOfChecksums));
        Assert.Empty(address.Headers);
        Assert.DoesNotContain("checksum", address.Address.AbsoluteUri, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task LegacySigning_Off_SendsTheHashOfEveryPartAndStillNoChunks()
    {
        await using var road = await RecordingRoad.OpenAsync(Server);
        using var store = made.Open(made.Settings with { Endpoint = road.Address, LegacySigning = false });

        var address = await UseAsync(store);

        var hash = Convert.ToBase64String(SHA256.HashData(Bytes.AsSpan(16 * 1024 * 1024)));
        Assert.Equal("SHA256", road.Seen.Single(request => request.Method == "POST" && request.Target.EndsWith("?uploads", StringComparison.Ordinal)).Headers["x-amz-checksum-algorithm"]);
        Assert.All(road.Seen.Where(request => request.Method == "PUT" && request.Target.Contains("partNumber=2", StringComparison.Ordinal)), request => Assert.Equal(hash, request.Headers["x-amz-checksum-sha256"]));
        Assert.Contains(hash, road.Seen.Single(request => request.Text.Contains("CompleteMultipartUpload", StringComparison.Ordinal)).Text, StringComparison.Ordinal);
        Assert.All(road.Seen, AssertPlainlySigned);
        Assert.Equal(hash, address.Headers["x-amz-checksum-sha256"]);
    }

    [Fact]
    public async Task LegacySigning_PartsFromBrowsers_AreComparedByTheDashboardInstead()
    {
        using var store = made.Open(made.Settings with { LegacySigning = true });
        await using var host = await UploadHost.StartAsync(store: store);
        var client = await host.ClientAsync();
        var file = DirectClient.File();
        var upload = await client.BeginAsync("weights", file);
        var second = UploadClient.Part(upload.Files[0], 2, file.Bytes);
        await client.SendDirectAsync(upload, 1, file.Bytes);
        var address = await client.AddressAsync(upload, 2, second);
        using var changed = await DirectClient.PutAsync(address, new byte[second.Length]);
        Assert.Equal((HttpStatusCode.OK, 2), (changed.StatusCode, (await client.ReportAsync(upload, file.Bytes, 1, 2)).Recorded.Count));

        using (await client.CompleteAsync(upload, file))
        {
            var reopened = await client.WaitAsync(upload.Id, s => s is { State: "Open", Message: not null });
            Assert.Empty(reopened.Files[0].Parts);
        }

        await client.SendDirectAsync(upload, 1, file.Bytes);
        await client.SendDirectAsync(upload, 2, file.Bytes);
        await client.ReportAsync(upload, file.Bytes, 1, 2);
        using var completed = await client.CompleteAsync(upload, file);
        Assert.Equal("Completed", (await client.WaitForEndAsync(upload.Id)).State);
    }

    [Fact]
    public async Task PathStyle_OnOrOff_PutsTheBucketIntoThePathOrTheHost()
    {
        // Only the tests' own server knows the names of buckets as hosts.
        using var server = await S3Server.StartAsync();
        using var own = await S3TestStore.MakeAsync(server);
        await using var road = await RecordingRoad.OpenAsync(server.Endpoint);
        var settings = own.Settings with { Endpoint = "http://s3.test", Proxy = road.Address };
        var bucket = settings.Bucket;

        foreach (var (pathStyle, host, root) in new[] { (true, "s3.test", $"/{bucket}/"), (false, $"{bucket}.s3.test", "/") })
        {
            var before = road.Seen.Count;
            using var store = own.Open(settings with { PathStyle = pathStyle });

            var address = await UseAsync(store);

            Assert.All(road.Seen.Skip(before), request => Assert.Equal((host, true), (request.Host, new Uri(request.Target).AbsolutePath.StartsWith(root, StringComparison.Ordinal))));
            Assert.Equal((host, $"{root}{own.Key(id)}"), (address.Address.Host, address.Address.AbsolutePath));
            Assert.Equal($"http://{host}/", store.Server.AbsoluteUri);
        }
    }

    [Fact]
    public async Task CaPem_OfTheServersAuthority_IsTrustedAndAddressesNameTheServer()
    {
        using var certificates = new TestCertificates();
        await using var road = await RecordingRoad.OpenAsync(Server, certificates);
        using var store = made.Open(made.Settings with { Endpoint = road.Address, CaPem = certificates.AuthorityPem });

        var address = await UseAsync(store);
        await AssertAllPassAsync(store);

        Assert.Equal(road.Address, address.Address.GetLeftPart(UriPartial.Authority));
        Assert.Equal(road.Address, (await store.SourceForAsync(id, Lifetime, default)).GetLeftPart(UriPartial.Authority));
    }

    [Fact]
    public async Task CaPem_MissingOrOfAnotherAuthorityOrForAnotherName_IsRefusedPlainly()
    {
        using var certificates = new TestCertificates();
        using var others = new TestCertificates();
        await using var road = await RecordingRoad.OpenAsync(Server, certificates);
        await using var elsewhere = await RecordingRoad.OpenAsync(Server, certificates, "127.0.0.2");

        foreach (var (endpoint, pem) in new[] { (road.Address, null), (road.Address, others.AuthorityPem), (elsewhere.Address, certificates.AuthorityPem) })
        {
            using var store = made.Open(made.Settings with { Endpoint = endpoint, CaPem = pem });
            var refused = await Assert.ThrowsAsync<StoreUnavailableException>(() => store.BeginAsync(id, Size, default));
            Assert.Equal((StoreProblem.Certificate, $"The certificate of {endpoint} is not trusted. Add the certificate of its authority (PEM), or correct the host name."), (refused.Problem, refused.Message));
        }

        Assert.Empty(road.Seen.Concat(elsewhere.Seen));
    }

    [Fact]
    public async Task PublicEndpoint_Another_IsInAddressesForBrowsersOnly()
    {
        await using var road = await RecordingRoad.OpenAsync(Server);
        using var store = made.Open(made.Settings with { PublicEndpoint = road.Address });

        var address = await UseAsync(store);
        var download = (await store.DownloadAddressAsync(id, "model.gguf", Lifetime, default))!;
        using var http = new HttpClient();

        Assert.Empty(road.Seen);
        Assert.Equal(Bytes, await http.GetByteArrayAsync(download));
        Assert.Equal((road.Address, road.Address), (address.Address.GetLeftPart(UriPartial.Authority), download.GetLeftPart(UriPartial.Authority)));
        Assert.Equal(Server, new Uri((await store.SourceForAsync(id, Lifetime, default)).GetLeftPart(UriPartial.Authority)));
        Assert.Single(road.Seen);
    }

    [Fact]
    public async Task Proxy_Set_CarriesEveryRequest()
    {
        // A name that only the proxy can make something of.
        await using var road = await RecordingRoad.OpenAsync(Server);
        using var store = made.Open(made.Settings with { Endpoint = "http://store.invalid:9000", Proxy = road.Address });

        await UseAsync(store);
        await AssertAllPassAsync(store);

        Assert.All(road.Seen, request => Assert.StartsWith("http://store.invalid:9000/", request.Target, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Proxy_Down_IsNamedInThePlainReason()
    {
        using var proxy = new FaultProxy(Server);
        var address = proxy.Address.GetLeftPart(UriPartial.Authority);
        proxy.IsDown = true;
        using var store = made.Open(made.Settings with { Proxy = address });

        var down = await Assert.ThrowsAsync<StoreUnavailableException>(() => store.BeginAsync(id, Size, default));

        Assert.Equal(StoreProblem.Unreachable, down.Problem);
        Assert.Contains($"does not answer through the proxy {address}. Check both addresses", down.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(S3Encryption.None, null)]
    [InlineData(S3Encryption.Aes256, null)]
    [InlineData(S3Encryption.Kms, "key-7")]
    public async Task Encryption_Chosen_IsAskedForWithEveryObject(string encryption, string? key)
    {
        await using var road = await RecordingRoad.OpenAsync(Server);
        using var store = made.Open(made.Settings with { Endpoint = road.Address, Encryption = encryption, KmsKeyId = key });

        // Whether the server can is its own business.
        await Record.ExceptionAsync(() => store.BeginAsync(id, Size, default));
        await Record.ExceptionAsync(() => store.WritePartAsync(new(id, null, 3, 3), new(1, 0, 3), new MemoryStream(new byte[3]), default));

        Assert.Equal(["POST", "PUT"], road.Seen.Select(request => request.Method).Distinct());
        Assert.All(road.Seen, request => Assert.Equal(
            (encryption == S3Encryption.None ? null : encryption, key),
            (request.Headers.GetValueOrDefault("x-amz-server-side-encryption"), request.Headers.GetValueOrDefault("x-amz-server-side-encryption-aws-kms-key-id"))));
    }

    [Fact]
    public void Encryption_TheServerCannot_IsSaidSo()
    {
        var refusal = new AmazonS3Exception("Not here.", ErrorType.Sender, "NotImplemented", "id", HttpStatusCode.NotImplemented);

        Assert.Contains("Set encryption to none", S3Errors.Translate(made.Settings with { Encryption = S3Encryption.Aes256 }, refusal).Message, StringComparison.Ordinal);
        Assert.DoesNotContain("encrypt", S3Errors.Translate(made.Settings with { LegacySigning = false }, refusal).Message, StringComparison.Ordinal);
    }

    private static void AssertPlainlySigned(Seen request)
    {
        Assert.DoesNotContain(request.Headers.Keys, name => name.Equals("x-amz-trailer", StringComparison.OrdinalIgnoreCase) || name.Equals("x-amz-decoded-content-length", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain("aws-chunked", request.Headers.GetValueOrDefault("Content-Encoding", ""), StringComparison.Ordinal);
        Assert.DoesNotContain("STREAMING", request.Headers.GetValueOrDefault("x-amz-content-sha256", ""), StringComparison.Ordinal);
        Assert.DoesNotContain("Transfer-Encoding", request.Headers.Keys);
    }

    private static bool IsOfChecksums(string text) => text.Contains("checksum", StringComparison.OrdinalIgnoreCase) || text.Contains("crc", StringComparison.OrdinalIgnoreCase);

    private static async Task AssertAllPassAsync(S3Store store)
    {
        var run = new StoreCheckRun();
        await store.CheckAsync(run, null, default);
        Assert.DoesNotContain(run.Checks, check => check.Passed == false);
    }

    // Everything that uploads, downloads and the collector need. The object stays.
    private async Task<DirectPart> UseAsync(S3Store store)
    {
        var small = ObjectIds.Create();
        await store.WritePartAsync(await store.BeginAsync(small, 3, default), new(1, 0, 3), new MemoryStream(new byte[3]), default);
        await store.DeleteAsync(small, default);
        var unfinished = await store.BeginAsync(id, Size, default);
        List<AcknowledgedPart> parts = [];
        foreach (var range in new[] { unfinished.Part(1), unfinished.Part(2) })
        {
            var written = await store.WritePartAsync(unfinished, range, new MemoryStream(Bytes, (int)range.Offset, range.Length), default);
            parts.Add(new(range.Number, range.Length, written.Sha256, written.Receipt));
        }

        var address = (await store.AddressForPartAsync(unfinished, unfinished.Part(2), parts[1].Sha256, Lifetime, default))!;
        await store.AssembleAsync(unfinished, parts, default);
        await using var stream = await store.OpenReadAsync(id, default);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        Assert.Equal(Bytes, copy.ToArray());
        Assert.Contains(await store.ListAsync(default).ToListAsync(), item => item.ObjectId == id);
        return address;
    }
}
