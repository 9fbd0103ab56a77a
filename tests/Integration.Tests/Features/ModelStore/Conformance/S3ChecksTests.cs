using System.Net;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.S3;
using Ops.Testing;

namespace Ops.Integration.Tests.Features.ModelStore.Conformance;

/// <summary>What the checks of a bucket say when one thing is wrong.</summary>
public sealed class S3ChecksTests : IAsyncLifetime
{
    private static readonly Uri Origin = new("https://ops.example.org");
    private S3TestStore made = null!;

    public async ValueTask InitializeAsync() => made = await S3TestStore.MakeAsync();

    public ValueTask DisposeAsync()
    {
        made.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Check_ClocksDiffer_SaysSoAndTriesNothingElse()
    {
        using var store = made.Open(made.Settings, time: new ManualTime(TimeProvider.System.GetUtcNow().AddMinutes(6)));

        var failed = Assert.Single(await RunAsync(store));

        Assert.Equal(("Reach the server", false), (failed.Name, failed.Passed));
        Assert.Contains("differs from this machine's by more than 5 minutes. Set both by NTP.", failed.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("OPTIONS", "", "Uploads straight from browsers (CORS)", "Browsers at https://ops.example.org may not send parts. Give the bucket a CORS rule that allows this origin the method PUT and the header x-amz-checksum-sha256")]
    [InlineData("PUT", "X-Amz-Signature", "Signed address for a part", "Check that the public address leads to the same server")]
    [InlineData("GET", "X-Amz-Signature", "Signed address for reading", "Check the key's rights")]
    [InlineData("GET", "list-type", "List objects", "Allow it to read, write, list and delete objects")]
    [InlineData("POST", "uploads", "Begin an upload in parts", "Allow it to read, write, list and delete objects and to use multipart uploads")]
    [InlineData("DELETE", "", "Delete it", "Allow it to read, write, list and delete objects")]
    public async Task Check_OneThingIsForbidden_NamesItAndWhatToDo(string method, string target, string name, string advice)
    {
        await using var road = await RecordingRoad.OpenAsync(new Uri(made.Settings.Endpoint!));
        road.Answer = request => request.Method == method && request.Target.Contains(target, StringComparison.Ordinal) ? (int)HttpStatusCode.Forbidden : null;
        using var store = made.Open(made.Settings with { Endpoint = road.Address });

        var failed = (await RunAsync(store)).First(check => check.Passed == false);

        Assert.Equal(name, failed.Name);
        Assert.Contains(advice, failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_OnlyBrowsersReachThePublicEndpoint_SaysThatItWasNotTried()
    {
        using var proxy = new FaultProxy(new Uri(made.Settings.Endpoint!));
        proxy.IsDown = true;
        using var store = made.Open(made.Settings with { PublicEndpoint = proxy.Address.GetLeftPart(UriPartial.Authority) });

        var checks = await RunAsync(store);

        Assert.DoesNotContain(checks, check => check.Passed == false);
        Assert.Equal(2, checks.Count(check => check.Passed is null && check.Message.Contains($"cannot reach {proxy.Address.Authority}", StringComparison.Ordinal)));
        Assert.Equal(("Give an upload in parts up", true), (checks[^1].Name, checks[^1].Passed));
    }

    [Fact]
    public async Task Check_NobodySaysWhereBrowsersAre_LeavesCorsOut()
    {
        var run = new StoreCheckRun();
        await made.Store.CheckAsync(run, null, default);

        Assert.Null(run.Checks.Single(check => check.Name.Contains("CORS", StringComparison.Ordinal)).Passed);
        Assert.False(run.HasFailed);
    }

    private static async Task<IReadOnlyList<StoreCheck>> RunAsync(S3Store store)
    {
        var run = new StoreCheckRun();
        await store.CheckAsync(run, Origin, default);
        return run.Checks;
    }
}
