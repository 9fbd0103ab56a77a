using System.Net;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.ModelStore.FileSystem;
using Ops.Dashboard.Features.ModelStore.Stores;
using Ops.Dashboard.Hosting;

namespace Ops.Dashboard.Tests.Features.ModelStore.Stores;

public sealed class PlaceRulesTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ops-places-");

    private string Root => folder.CreateSubdirectory("shares").FullName;

    public void Dispose() => folder.Delete(recursive: true);

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData(@"\..\..\x")]
    [InlineData("file:///etc/passwd")]
    [InlineData("://x")]
    [InlineData("s3://b/a/../../t2")]
    [InlineData("{root}/..%2f..%2fx")]
    [InlineData("{root}/%252e%252e%252f")]
    [InlineData("{root}/artifact\0")]
    [InlineData("{root}/../elsewhere")]
    [InlineData("{root}/a/./b")]
    [InlineData("{root}")]
    [InlineData("{root}-beside")]
    [InlineData("{root}/a\u202Eb")]
    [InlineData("relative/folder")]
    [InlineData("/etc")]
    [InlineData("/")]
    [InlineData("")]
    public void Resolve_AFolderThatIsNotBelowARoot_Refused(string path) =>
        Assert.Equal(FolderRules.Field, Rules().Resolve(path.Replace("{root}", Root, StringComparison.Ordinal)).Failure?.Field);

    [Fact]
    public void Resolve_ALinkOutOfTheRoot_Refused_AndOneWithinItFollowed()
    {
        var outside = folder.CreateSubdirectory("outside").FullName;
        var inside = Directory.CreateDirectory(Path.Combine(Root, "real")).FullName;
        File.CreateSymbolicLink(Path.Combine(Root, "out"), outside);
        File.CreateSymbolicLink(Path.Combine(Root, "in"), inside);

        Assert.NotNull(Rules().Resolve(Path.Combine(Root, "out")).Failure);
        Assert.NotNull(Rules().Resolve(Path.Combine(Root, "out", "deeper")).Failure);
        Assert.Equal(Path.Combine(inside, "deeper"), Rules().Resolve(Path.Combine(Root, "in", "deeper")).Value);
    }

    [Fact]
    public void Resolve_TheDataFolderOrAroundIt_Refused()
    {
        var rules = Rules(folder.FullName);
        Assert.NotNull(rules.Resolve(Path.Combine(folder.FullName, "data")).Failure);
        Assert.NotNull(rules.Resolve(Path.Combine(folder.FullName, "data", "store")).Failure);
        Assert.Null(rules.Resolve(Path.Combine(folder.FullName, "shares", "a")).Failure);
    }

    [Fact]
    public void Resolve_WithoutAllowedRoots_SaysWhatToConfigure() =>
        Assert.Contains("Ops:Stores:AllowedRoots", new FolderRules(new DataFolder(Path.Combine(folder.FullName, "data")), Options.Create(new StoresOptions())).Resolve("/srv/x").Failure?.Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("169.254.169.254", true)]
    [InlineData("::ffff:169.254.169.254", true)]
    [InlineData("169.254.0.1", true)]
    [InlineData("fe80::1", true)]
    [InlineData("fd00:ec2::254", true)]
    [InlineData("100.100.100.200", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("fd00:ec2::255", false)]
    public void IsRefused_OnlyWhereCloudsHandOutCredentials(string address, bool refused)
    {
        Assert.Equal(refused, new AddressRules(Options.Create(new StoresOptions())).IsRefused(IPAddress.Parse(address)));
        Assert.False(new AddressRules(Options.Create(new StoresOptions { AllowMetadataAddresses = true })).IsRefused(IPAddress.Parse(address)));
    }

    [Fact]
    public async Task Connect_ToARefusedAddress_NeverLeavesTheMachine()
    {
        var rules = new AddressRules(Options.Create(new StoresOptions()));
        using var http = new HttpClient(new SocketsHttpHandler { ConnectCallback = rules.ConnectAsync, UseProxy = false });
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => http.GetStringAsync(new Uri("http://169.254.169.254/latest/meta-data"), TestContext.Current.CancellationToken));
        Assert.IsType<Ops.Dashboard.Features.ModelStore.StoreUnavailableException>(refused.InnerException);

        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var accepted = listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        var get = http.GetStringAsync(new Uri($"http://{listener.LocalEndpoint}/"), TestContext.Current.CancellationToken);
        using var client = await accepted;
        await client.GetStream().WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"u8.ToArray(), TestContext.Current.CancellationToken);
        Assert.Equal("ok", await get);
    }

    [Fact]
    public void Options_EveryMistake_IsNamed()
    {
        var failures = new ValidateStoresOptions().Validate(null, new() { AllowedRoots = ["relative"], RefreshEvery = TimeSpan.Zero, ProbeEvery = TimeSpan.Zero, ProbeTimeout = TimeSpan.Zero, CheckTimeout = TimeSpan.Zero }).Failures!;
        Assert.Equal(5, failures.Count());
        Assert.All(failures, f => Assert.StartsWith("Ops:Stores:", f, StringComparison.Ordinal));
    }

    private FolderRules Rules(string? root = null) =>
        new(new DataFolder(Path.Combine(folder.FullName, "data")), Options.Create(new StoresOptions { AllowedRoots = [root ?? Root] }));
}
