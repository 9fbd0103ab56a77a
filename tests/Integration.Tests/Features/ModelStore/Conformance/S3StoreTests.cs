using System.Net;
using System.Security.Cryptography;
using Amazon.S3.Model;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.S3;
using Ops.Dashboard.Features.ModelStore.Stores;

namespace Ops.Integration.Tests.Features.ModelStore.Conformance;

public sealed class S3StoreTests : IAsyncLifetime
{
    private const int Size = (16 * 1024 * 1024) + 1000;
    private static readonly byte[] Bytes = RandomNumberGenerator.GetBytes(Size);
    private readonly string id = ObjectIds.Create();
    private S3TestStore made = null!;

    private S3Store Store => made.Store;

    public async ValueTask InitializeAsync() => made = await S3TestStore.MakeAsync();

    public ValueTask DisposeAsync()
    {
        made.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Assemble_APartWasReplacedOrIsMissing_NamesThem()
    {
        var (unfinished, parts) = await SendAsync(Store);
        await made.Bare.UploadPartAsync(new() { BucketName = made.Settings.Bucket, Key = made.Key(id), UploadId = unfinished.Token, PartNumber = 2, InputStream = new MemoryStream(new byte[1000]), ChecksumSHA256 = made.Settings.LegacySigning ? null : Convert.ToBase64String(SHA256.HashData(new byte[1000])) });

        var replaced = await Assert.ThrowsAsync<PartsLostException>(() => Store.AssembleAsync(unfinished, parts, default));
        var missing = await Assert.ThrowsAsync<PartsLostException>(() => Store.AssembleAsync(unfinished, [parts[1]], default));
        parts[1] = await WriteAsync(Store, unfinished, 2);
        await Store.AssembleAsync(unfinished, parts, default);

        Assert.Equal([2], replaced.Numbers);
        Assert.Equal([1, 2], missing.Numbers);
        Assert.Equal(Bytes, await ReadAsync(Store));
    }

    [Fact]
    public async Task Assemble_TheAnswerIsLost_IsDone()
    {
        using var proxy = new FaultProxy(new Uri(made.Settings.Endpoint!));
        using var store = made.Open(made.Settings with { Endpoint = proxy.Address.AbsoluteUri });
        var (unfinished, parts) = await SendAsync(Store);

        // Which of the answers below gets lost does not matter: whatever the server has done already must not be an error.
        for (var cut = 1; cut <= 3; cut++)
        {
            proxy.CutAnswers(cut, after: 0);
            await store.AssembleAsync(unfinished, parts, default);
        }

        Assert.Equal(Bytes, await ReadAsync(Store));
    }

    [Fact]
    public async Task WritePart_TheServerIsDown_SaysSoAndWorksAfterwards()
    {
        using var proxy = new FaultProxy(new Uri(made.Settings.Endpoint!));
        using var store = made.Open(made.Settings with { Endpoint = proxy.Address.AbsoluteUri });
        var unfinished = await Store.BeginAsync(id, Size, default);
        proxy.IsDown = true;

        var down = await Assert.ThrowsAsync<StoreUnavailableException>(() => WriteAsync(store, unfinished, 2));
        var run = new StoreCheckRun();
        await store.CheckAsync(run, null, default);
        var checks = run.Checks;
        proxy.IsDown = false;
        var part = await WriteAsync(store, unfinished, 2);

        Assert.Equal(StoreProblem.Unreachable, down.Problem);
        Assert.Contains("does not answer", down.Message, StringComparison.Ordinal);
        Assert.Equal([("Reach the server", false)], checks.Select(check => (check.Name, check.Passed ?? true)));
        Assert.Equal(1000, part.SizeBytes);
    }

    [Fact]
    public async Task Read_TheConnectionBreaksAgainAndAgain_GoesOnWhereItBroke()
    {
        await AssembleAsync();
        using var proxy = new FaultProxy(new Uri(made.Settings.Endpoint!));
        using var store = made.Open(made.Settings with { Endpoint = proxy.Address.AbsoluteUri });
        await using var stream = await store.OpenReadAsync(id, default);
        proxy.CutAnswers(3, after: 100_000);
        using var copy = new MemoryStream();

        await stream.CopyToAsync(copy);

        Assert.Equal(Bytes, copy.ToArray());
    }

    [Fact]
    public async Task Read_TheObjectChangesMeanwhile_IsRefused()
    {
        await AssembleAsync();
        await using var stream = await Store.OpenReadAsync(id, default);
        await stream.ReadExactlyAsync(new byte[1000]);
        await made.Bare.PutObjectAsync(new PutObjectRequest { BucketName = made.Settings.Bucket, Key = made.Key(id), InputStream = new MemoryStream(new byte[Size]) });
        stream.Position = 9_000_000;

        var changed = await Assert.ThrowsAsync<StoreUnavailableException>(() => stream.ReadExactlyAsync(new byte[10]).AsTask());

        Assert.Contains("changed", changed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AddressForPart_UsedForAnythingElse_IsRefused()
    {
        var unfinished = await Store.BeginAsync(id, Size, default);
        var last = Bytes[(16 * 1024 * 1024)..];
        var address = (await Store.AddressForPartAsync(unfinished, unfinished.Part(2), Convert.ToHexStringLower(SHA256.HashData(last)), TimeSpan.FromMinutes(5), default))!;
        using var http = new HttpClient();

        Assert.Equal(HttpStatusCode.Forbidden, await PutAsync(http, address, last, url => url.Replace("partNumber=2", "partNumber=1", StringComparison.Ordinal)));
        Assert.Equal(HttpStatusCode.Forbidden, await PutAsync(http, address, last, url => url.Replace(id, ObjectIds.Create(), StringComparison.Ordinal)));
        Assert.Equal(HttpStatusCode.Forbidden, await PutAsync(http, address, [1, 2, 3], url => url));
        Assert.Equal(HttpStatusCode.OK, await PutAsync(http, address, last, url => url));
        var stored = await Store.ListPartsAsync(unfinished, default).SingleAsync();
        Assert.Equal((2, 1000L), (stored.Number, stored.SizeBytes));
        Assert.Null(await Store.AddressForPartAsync(await Store.BeginAsync(ObjectIds.Create(), 3, default), new(1, 0, 3), null, TimeSpan.FromMinutes(5), default));
        await Store.DeleteAsync(id, default);
    }

    [Fact]
    public async Task AddressForPart_AfterItsTime_IsRefused()
    {
        var unfinished = await Store.BeginAsync(id, Size, default);
        var last = Bytes[(16 * 1024 * 1024)..];
        var address = (await Store.AddressForPartAsync(unfinished, unfinished.Part(2), Convert.ToHexStringLower(SHA256.HashData(last)), TimeSpan.FromSeconds(1), default))!;
        using var http = new HttpClient();

        await Task.Delay(TimeSpan.FromSeconds(2.5));

        Assert.Equal(HttpStatusCode.Forbidden, await PutAsync(http, address, last, url => url));
        Assert.Empty(await Store.ListPartsAsync(unfinished, default).ToListAsync());
    }

    [Fact]
    public async Task DownloadAddress_SavesUnderTheFilesName_AndNothingElse()
    {
        await AssembleAsync();
        var address = (await Store.DownloadAddressAsync(id, "gewicht \"ü\".onnx", TimeSpan.FromMinutes(5), default))!;
        using var http = new HttpClient();

        using var answer = await http.GetAsync(address);
        using var other = await http.GetAsync(new Uri(address.AbsoluteUri.Replace(id, ObjectIds.Create(), StringComparison.Ordinal)));

        Assert.Equal(Bytes, await answer.Content.ReadAsByteArrayAsync());
        Assert.Equal("attachment", answer.Content.Headers.ContentDisposition?.DispositionType);
        Assert.Equal("gewicht \"ü\".onnx", answer.Content.Headers.ContentDisposition?.FileNameStar);
        Assert.Equal(HttpStatusCode.Forbidden, other.StatusCode);
    }

    [Fact]
    public async Task WrongSettings_SayWhatToDo()
    {
        using var secret = made.Open(made.Settings, made.Credentials with { SecretKey = "wrong" });
        using var bucket = made.Open(made.Settings with { Bucket = "no-such-bucket-at-all" });

        var wrongSecret = await Assert.ThrowsAsync<StoreUnavailableException>(() => secret.BeginAsync(id, Size, default));
        var wrongBucket = await Assert.ThrowsAsync<StoreUnavailableException>(() => bucket.BeginAsync(id, Size, default));
        var run = new StoreCheckRun();
        await secret.CheckAsync(run, null, default);
        var checks = run.Checks;

        Assert.True(wrongSecret.Problem is StoreProblem.Credentials or StoreProblem.Forbidden, wrongSecret.Message);
        Assert.Contains("secret", wrongSecret.Message, StringComparison.Ordinal);
        Assert.Equal(StoreProblem.NoSuchPlace, wrongBucket.Problem);
        Assert.Contains(checks, check => check is { Name: "Write an object", Passed: false });
        Assert.DoesNotContain(made.Credentials.SecretKey, string.Concat(checks), StringComparison.Ordinal);
    }

    [Fact]
    public async Task EveryRequest_ToWhereCloudsHandOutCredentials_IsNotSent()
    {
        using var store = made.Open(made.Settings with { Endpoint = "http://169.254.169.254" }, addresses: new AddressRules(Options.Create(new StoresOptions())));

        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(() => store.ListAsync(default).AnyAsync().AsTask());

        Assert.Equal((StoreProblem.Refused, "169.254.169.254 stands for an address from which a cloud hands out credentials of the machine."), (refused.Problem, refused.Message));
    }

    [Fact]
    public async Task Server_ThatSendsElsewhere_IsNotFollowed()
    {
        await using var road = await RecordingRoad.OpenAsync(new Uri(made.Settings.Endpoint!));
        await using var other = await RecordingRoad.OpenAsync(new Uri(made.Settings.Endpoint!));
        road.RedirectTo = new Uri(other.Address);
        using var store = made.Open(made.Settings with { Endpoint = road.Address });

        foreach (var use in new Func<Task>[] { () => store.BeginAsync(id, Size, default), () => store.OpenReadAsync(id, default), () => store.ListAsync(default).AnyAsync().AsTask() })
        {
            var refused = await Assert.ThrowsAsync<StoreUnavailableException>(use);
            Assert.Equal((StoreProblem.Refused, $"{road.Address} sends requests on to {other.Address}, which is not followed. If that is the store, give it as the address."), (refused.Problem, refused.Message));
        }

        Assert.Empty(other.Seen);
    }

    private static async Task<HttpStatusCode> PutAsync(HttpClient http, DirectPart address, byte[] bytes, Func<string, string> change)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, change(address.Address.AbsoluteUri)) { Content = new ByteArrayContent(bytes) };
        foreach (var (name, value) in address.Headers)
        {
            request.Headers.Add(name, value);
        }

        using var answer = await http.SendAsync(request);
        return answer.StatusCode;
    }

    private static async Task<AcknowledgedPart> WriteAsync(S3Store store, UnfinishedObject unfinished, int number)
    {
        var range = unfinished.Part(number);
        var written = await store.WritePartAsync(unfinished, range, new MemoryStream(Bytes, (int)range.Offset, range.Length), default);
        return new(number, range.Length, written.Sha256, written.Receipt);
    }

    private async Task<(UnfinishedObject Unfinished, List<AcknowledgedPart> Parts)> SendAsync(S3Store store)
    {
        var unfinished = await store.BeginAsync(id, Size, default);
        return (unfinished, [await WriteAsync(store, unfinished, 1), await WriteAsync(store, unfinished, 2)]);
    }

    private async Task AssembleAsync()
    {
        var (unfinished, parts) = await SendAsync(Store);
        await Store.AssembleAsync(unfinished, parts, default);
    }

    private async Task<byte[]> ReadAsync(S3Store store)
    {
        await using var stream = await store.OpenReadAsync(id, default);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        return copy.ToArray();
    }
}
