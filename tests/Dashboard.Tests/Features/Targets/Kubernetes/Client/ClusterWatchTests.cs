using System.Net.Http.Headers;
using System.Threading.Channels;
using k8s.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Testing;
using static Ops.Dashboard.Tests.Features.Targets.Kubernetes.Client.ScriptedApi;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Client;

/// <summary>How a watch goes on: after bookmarks, versions that are kept no longer, silence, refusals and streams that are cut.</summary>
public sealed class ClusterWatchTests
{
    private readonly ManualTime time = new();

    [Fact]
    public async Task Bookmark_StreamEndsAfterIt_GoesOnFromItsVersionWithoutAList()
    {
        var first = Channel.CreateUnbounded<string>();
        var streams = new Queue<HttpResponseMessage>([Stream(first)]);
        using var api = new ScriptedApi(r => IsWatch(r) ? streams.TryDequeue(out var next) ? next : Stream(Channel.CreateUnbounded<string>()) : List("10", ("a", "5")));
        await using var watch = Start(api);

        await first.Writer.WriteAsync(Event("BOOKMARK", """{"kind":"ConfigMap","metadata":{"resourceVersion":"77"}}"""));
        first.Writer.Complete();

        await time.AdvanceUntilAsync(() => api.Count("resourceVersion=77") == 1, TimeSpan.FromMilliseconds(10));
        Assert.Equal(1, api.Requests.Count(r => !r.Target.Contains("watch=", StringComparison.Ordinal)));
        Assert.Null(watch.Failure);
    }

    [Fact]
    public async Task Error410InTheStream_ListsAnew_AndWhatIsMissingIsGone()
    {
        var first = Channel.CreateUnbounded<string>();
        var streams = new Queue<HttpResponseMessage>([Stream(first)]);
        var lists = new Queue<HttpResponseMessage>([List("10", ("a", "5"), ("b", "6")), List("90", ("b", "6"))]);
        using var api = new ScriptedApi(r => IsWatch(r) ? streams.TryDequeue(out var next) ? next : Stream(Channel.CreateUnbounded<string>()) : lists.Dequeue());
        List<string> changes = [];
        await using var watch = Start(api, c => changes.Add($"{c.Object.Metadata.Name} {(c.IsGone ? "gone" : "there")}"));
        await time.AdvanceUntilAsync(() => api.Count("watch=") == 1, TimeSpan.FromMilliseconds(10));

        await first.Writer.WriteAsync(Event("ERROR", """{"kind":"Status","apiVersion":"v1","status":"Failure","message":"too old resource version","reason":"Expired","code":410}"""));

        await time.AdvanceUntilAsync(() => api.Count("resourceVersion=90") == 1, TimeSpan.FromMilliseconds(10));
        Assert.Equal(["a there", "b there", "a gone"], changes);
        Assert.Null(watch.Failure);
    }

    [Fact]
    public async Task Silence_LongerThanAServersBookmarks_OpensTheStreamAnew()
    {
        using var api = new ScriptedApi(r => IsWatch(r) ? Stream(Channel.CreateUnbounded<string>()) : List("10"));
        await using var watch = Start(api);
        await time.AdvanceUntilAsync(() => api.Count("watch=") == 1, TimeSpan.FromMilliseconds(1));

        time.Advance(TimeSpan.FromSeconds(149));
        await Task.Delay(50);
        Assert.Equal(1, api.Count("watch="));

        await time.AdvanceUntilAsync(() => api.Count("resourceVersion=10") == 2, TimeSpan.FromMilliseconds(500));
        Assert.Null(watch.Failure);
    }

    [Fact]
    public async Task StreamsThatEndAtOnce_AreOpenedMoreAndMoreSlowly_AndTold_UntilOneLives()
    {
        Channel<string>? living = null;
        using var api = new ScriptedApi(r => !IsWatch(r) ? List("10", ("a", "5")) : living is null ? Stream() : Stream(living));
        await using var watch = Start(api);
        var began = time.GetUtcNow();

        await time.AdvanceUntilAsync(() => time.GetUtcNow() - began > TimeSpan.FromMinutes(2), TimeSpan.FromMilliseconds(250));

        // Pauses of 0.25, 0.5, 1, 2, 4, 8, 16 and then 30 seconds.
        var opened = api.Requests.Where(r => r.Target.Contains("watch=", StringComparison.Ordinal)).Select(r => r.At).ToList();
        Assert.InRange(opened.Count, 8, 12);
        Assert.InRange((opened[^1] - opened[^2]).TotalSeconds, 29, 32);
        Assert.Contains("ends at once", watch.Failure?.Message, StringComparison.Ordinal);
        Assert.NotNull(watch.DownSince);

        living = Channel.CreateUnbounded<string>();
        await time.AdvanceUntilAsync(() => watch.Failure is null, TimeSpan.FromMilliseconds(250));
        Assert.NotNull(watch.Find("ops", "a"));
    }

    [Fact]
    public async Task StreamsThatEndAfterTellingSomething_AreOpenedAtOnce()
    {
        var version = 10;
        using var api = new ScriptedApi(r => !IsWatch(r) ? List("10") : version > 40 ? Stream(Channel.CreateUnbounded<string>()) : Stream(Event("ADDED", Map("a", $"{++version}"))));
        await using var watch = Start(api);

        // Without a pause, so without the clock.
        await UntilAsync(() => watch.Find("ops", "a")?.Metadata.ResourceVersion == "41");
        Assert.Null(watch.Failure);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RefusedWithRetryAfter_WaitsThatLong(bool asDate)
    {
        var begun = time.GetUtcNow();
        var later = asDate ? new RetryConditionHeaderValue(begun.AddSeconds(20)) : new RetryConditionHeaderValue(TimeSpan.FromSeconds(20));
        var refusals = new Queue<HttpResponseMessage>([Status(429, "TooManyRequests", retryAfter: later)]);
        using var api = new ScriptedApi(r => !IsWatch(r) ? List("10") : refusals.TryDequeue(out var refusal) ? refusal : Stream(Channel.CreateUnbounded<string>()));
        await using var watch = Start(api);

        await time.AdvanceUntilAsync(() => api.Count("watch=") == 2, TimeSpan.FromMilliseconds(250));

        Assert.InRange((time.GetUtcNow() - begun).TotalSeconds, 19.5, 25);
        Assert.Equal(1, api.Requests.Count(r => !r.Target.Contains("watch=", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task PageForBrowsersInsteadOfAStream_IsSaidPlainly_AndItGoesOnAfterwards()
    {
        var isCaught = true;
        using var api = new ScriptedApi(r => !IsWatch(r) ? List("10") : isCaught ? new() { Content = new StringContent("<html>Sign in</html>", null, "text/html") } : Stream(Channel.CreateUnbounded<string>()));
        await using var watch = Start(api);

        await time.AdvanceUntilAsync(() => watch.Failure is not null, TimeSpan.FromMilliseconds(10));
        Assert.Contains("answers, but not as a Kubernetes API", watch.Failure?.Message, StringComparison.Ordinal);
        isCaught = false;
        await time.AdvanceUntilAsync(() => watch.Failure is null, TimeSpan.FromMilliseconds(250));
    }

    private ClusterWatch Start(ScriptedApi api, Action<Ops.Dashboard.Features.Targets.Kubernetes.ClusterChange>? changed = null)
    {
        var watch = new ClusterWatch(api.Client(time), ClusterKind.Of<V1ConfigMap>(), new("ops"), changed ?? (_ => { }), new(), time, NullLogger.Instance);
        watch.Start();
        return watch;
    }

    private static bool IsWatch(HttpRequestMessage request) => request.RequestUri!.Query.Contains("watch=", StringComparison.Ordinal);

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (var i = 0; i < 1000 && !holds(); i++)
        {
            await Task.Delay(10);
        }

        Assert.True(holds());
    }
}
