using System.Net.Http.Headers;
using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Testing;
using static Ops.Dashboard.Tests.Features.Targets.Kubernetes.Client.ScriptedApi;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Client;

/// <summary>What is sent again, when, and how many at once; and answers that are none of a cluster.</summary>
public sealed class ClusterSenderTests
{
    private const string Sample = """{"metadata":{"name":"a","namespace":"ops"}}""";
    private readonly ManualTime time = new();

    [Theory]
    [InlineData(429, "TooManyRequests")]
    [InlineData(503, "ServiceUnavailable")]
    public async Task Get_FailsForAWhile_IsSentAgainAfterGrowingPauses(int code, string reason)
    {
        var failures = 0;
        using var script = new ScriptedApi(_ => failures++ < 4 ? Status(code, reason) : Json(Sample));
        using var api = script.Client(time);

        var get = api.GetAsync<V1ConfigMap>("ops", "a", default);
        await time.AdvanceUntilAsync(() => get.IsCompleted, TimeSpan.FromMilliseconds(10));

        Assert.Equal("a", (await get).Metadata.Name);
        var at = script.Requests.Select(r => r.At).ToList();
        (double Least, double Most)[] pauses = [(0.1, 0.3), (0.2, 0.5), (0.4, 0.9), (0.8, 1.7)];
        Assert.Equal(5, at.Count);
        Assert.All(pauses.Index(), p => Assert.InRange((at[p.Index + 1] - at[p.Index]).TotalSeconds, p.Item.Least, p.Item.Most));
    }

    [Theory]
    [InlineData(false, 3)]
    [InlineData(true, 3)]
    [InlineData(false, 3600)]
    public async Task Get_RetryAfter_IsHonouredUpToHalfAMinute(bool asDate, int seconds)
    {
        var later = asDate ? new RetryConditionHeaderValue(time.GetUtcNow().AddSeconds(seconds)) : new RetryConditionHeaderValue(TimeSpan.FromSeconds(seconds));
        var asked = 0;
        using var script = new ScriptedApi(_ => asked++ == 0 ? Status(503, "ServiceUnavailable", retryAfter: later) : Json(Sample));
        using var api = script.Client(time);

        var get = api.GetAsync<V1ConfigMap>("ops", "a", default);
        await time.AdvanceUntilAsync(() => get.IsCompleted, TimeSpan.FromMilliseconds(50));

        await get;
        var at = script.Requests.Select(r => r.At).ToList();
        Assert.InRange((at[1] - at[0]).TotalSeconds, Math.Min(seconds, 30) - 0.2, Math.Min(seconds, 30) + 0.5);
    }

    [Theory]
    [InlineData(503, 1)]
    [InlineData(429, 5)]
    public async Task Create_IsSentAgainOnlyWhenTheClusterDidNothing(int code, int requests)
    {
        using var script = new ScriptedApi(_ => Status(code, "x"));
        using var api = script.Client(time);

        var create = api.CreateAsync(new V1ConfigMap { Metadata = new() { Name = "a", NamespaceProperty = "ops" } }, default);
        await time.AdvanceUntilAsync(() => create.IsCompleted, TimeSpan.FromMilliseconds(50));

        await Assert.ThrowsAsync<ClusterException>(() => create);
        Assert.Equal(requests, script.Requests.Count);
    }

    [Fact]
    public async Task Apply_FieldThatAnOldClusterDoesNotKnow_IsRefusedAtOnce()
    {
        const string Said = "failed to create typed patch object (ops/a; policy/v1, Kind=PodDisruptionBudget): .spec.unhealthyPodEvictionPolicy: field not declared in schema";
        using var script = new ScriptedApi(_ => Status(500, "InternalError", Said));
        using var api = script.Client(time);

        var refused = await Assert.ThrowsAsync<ClusterException>(() => api.ApplyAsync(new V1PodDisruptionBudget { Metadata = new() { Name = "a", NamespaceProperty = "ops" } }, new(), default));

        Assert.Equal(ClusterProblem.Invalid, refused.Problem);
        Assert.Contains("its Kubernetes is older than this needs", refused.Message, StringComparison.Ordinal);
        Assert.Contains("unhealthyPodEvictionPolicy", refused.Message, StringComparison.Ordinal);
        Assert.Single(script.Requests);
    }

    [Fact]
    public async Task Requests_MoreThanTheirRate_WaitForIt()
    {
        using var script = new ScriptedApi(_ => Json(Sample));
        using var api = script.Client(options: new() { RequestsPerSecond = 20, Burst = 20 });
        var started = TimeProvider.System.GetTimestamp();

        await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => api.GetAsync<V1ConfigMap>("ops", "a", default)));

        // The first 20 go at once, the other 20 need a second.
        Assert.InRange(TimeProvider.System.GetElapsedTime(started).TotalSeconds, 0.8, 10);
        Assert.InRange(script.Requests.Count(r => (r.At - script.Requests.First().At).TotalSeconds < 0.5), 20, 31);
    }

    [Theory]
    [InlineData("text/html", "<html>Sign in</html>", 200)]
    [InlineData("application/json", "<html>Sign in</html>", 200)]
    [InlineData("application/json", "{\"welcome\":true}", 200)]
    [InlineData("application/json", "[1]", 200)]
    [InlineData("text/html", "<html>Moved</html>", 302)]
    public async Task AnyCall_AnswerThatIsNoneOfAnApi_IsSaidPlainly(string type, string body, int code)
    {
        using var script = new ScriptedApi(_ => new((System.Net.HttpStatusCode)code) { Content = new StringContent(body, null, type) });
        using var api = script.Client(time);
        List<Func<Task>> calls =
        [
            () => api.VersionAsync(default),
            () => api.GetAsync<V1ConfigMap>("ops", "a", default),
            () => api.ListAsync<V1ConfigMap>(new("ops"), default),
            () => api.ApplyAsync(new V1ConfigMap { Metadata = new() { Name = "a", NamespaceProperty = "ops" } }, new(), default),
        ];
        if (type == "text/html")
        {
            calls.Add(() => api.MayAsync("ops", "", "pods", "get", default));
            calls.Add(() => api.RulesAsync("ops", default));
            calls.Add(() => api.ServesAsync(ClusterKind.Of<V1ConfigMap>(), default));
            calls.Add(() => api.ReadLogAsync("ops", "a", new() { Container = "server" }).ToListAsync().AsTask());
        }

        foreach (var call in calls)
        {
            var asked = call();
            await time.AdvanceUntilAsync(() => asked.IsCompleted, TimeSpan.FromMilliseconds(50));
            var refused = await Assert.ThrowsAsync<ClusterException>(() => asked);
            Assert.StartsWith("The cluster at https://cluster.example answers, but not as a Kubernetes API: ", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Checker_AnswerThatIsNoneOfAnApi_IsALine()
    {
        using var script = new ScriptedApi(_ => new() { Content = new StringContent("<html>Sign in</html>", null, "text/html") });
        using var api = script.Client(time);

        var check = ClusterChecker.RunAsync(api, new() { Namespace = "ops" }, null!, null, default);
        await time.AdvanceUntilAsync(() => check.IsCompleted, TimeSpan.FromMilliseconds(50));

        var line = Assert.Single(await check);
        Assert.Equal(("Reach the cluster", false), (line.Name, line.Passed));
        Assert.Contains("answers, but not as a Kubernetes API", line.Message, StringComparison.Ordinal);
    }
}
