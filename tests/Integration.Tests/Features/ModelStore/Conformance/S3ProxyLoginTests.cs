using System.Net;
using System.Security.Cryptography;
using System.Text;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.S3;
using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Features.ModelStore.Conformance;

/// <summary>A store behind a proxy that asks who is there.</summary>
public sealed class S3ProxyLoginTests : IAsyncLifetime
{
    private const int Size = (16 * 1024 * 1024) + 1000;
    private const string User = "ops";
    private const string Password = "pä:ss wörd";
    private static readonly byte[] Bytes = RandomNumberGenerator.GetBytes(Size);
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
    public async Task PlainServer_GivesTheLoginWithEveryRequestAtOnce()
    {
        await using var road = await OpenRoadAsync();
        using var store = Open("http://store.invalid:9000", road.Address, User, Password);

        Assert.Equal(Bytes, await CarryAsync(store));

        // A part is never sent for nothing first.
        Assert.All(road.Seen, request => Assert.True(IsLoggedIn(request)));
    }

    [Theory]
    [InlineData(null, null, "wants a user and a password")]
    [InlineData(User, "wrong", "does not accept the user ops with this password")]
    public async Task PlainServer_WithoutTheRightLogin_IsSaidPlainly(string? user, string? password, string words)
    {
        await using var road = await OpenRoadAsync();
        using var store = Open("http://store.invalid:9000", road.Address, user, password);

        await AssertRefusedAsync(() => store.BeginAsync(id, Size, default), words, password);
        await AssertRefusedAsync(() => store.WritePartAsync(new(id, null, 3, 3), new(1, 0, 3), new MemoryStream(new byte[3]), default), words, password);
    }

    [Fact]
    public async Task ServerWithTls_GivesTheLoginToTheProxyAndNeverToTheServer()
    {
        using var certificates = new TestCertificates();
        await using var road = await RecordingRoad.OpenAsync(Server, certificates);
        using var proxy = new LoginProxy(User, Password);
        using var store = Open(road.Address, proxy.Address, User, Password, certificates.AuthorityPem);

        Assert.Equal(Bytes, await CarryAsync(store));

        Assert.NotEqual(0, proxy.Opened);
        Assert.NotEmpty(road.Seen);
        Assert.DoesNotContain(road.Seen, request => request.Headers.ContainsKey("Proxy-Authorization"));
    }

    [Theory]
    [InlineData(null, null, "wants a user and a password")]
    [InlineData(User, "wrong", "does not accept the user ops with this password")]
    public async Task ServerWithTls_WithoutTheRightLogin_IsSaidPlainly(string? user, string? password, string words)
    {
        using var proxy = new LoginProxy(User, Password);
        using var store = Open("https://store.invalid:9000", proxy.Address, user, password);

        await AssertRefusedAsync(() => store.BeginAsync(id, Size, default), words, password);
        Assert.Equal(0, proxy.Opened);
    }

    private static bool IsLoggedIn(Seen request) =>
        request.Headers.GetValueOrDefault("Proxy-Authorization") == "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}"));

    private static async Task AssertRefusedAsync(Func<Task> work, string words, string? password)
    {
        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(work);
        Assert.Equal(StoreProblem.Credentials, refused.Problem);
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(password ?? Password, refused.Message, StringComparison.Ordinal);
    }

    // Carries what is asked of it as a proxy, for those who log in.
    private async Task<RecordingRoad> OpenRoadAsync()
    {
        var road = await RecordingRoad.OpenAsync(Server);
        road.Answer = request => IsLoggedIn(request) ? null : (int)HttpStatusCode.ProxyAuthenticationRequired;
        return road;
    }

    private S3Store Open(string endpoint, string proxy, string? user, string? password, string? caPem = null) => made.Open(
        made.Settings with { Endpoint = endpoint, Proxy = proxy, ProxyUser = user, CaPem = caPem }, made.Credentials with { ProxyPassword = password });

    // Into the store in two parts, and out again.
    private async Task<byte[]> CarryAsync(S3Store store)
    {
        var unfinished = await store.BeginAsync(id, Size, default);
        List<AcknowledgedPart> parts = [];
        foreach (var range in new[] { unfinished.Part(1), unfinished.Part(2) })
        {
            var written = await store.WritePartAsync(unfinished, range, new MemoryStream(Bytes, (int)range.Offset, range.Length), default);
            parts.Add(new(range.Number, range.Length, written.Sha256, written.Receipt));
        }

        await store.AssembleAsync(unfinished, parts, default);
        await using var stream = await store.OpenReadAsync(id, default);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        return copy.ToArray();
    }
}
