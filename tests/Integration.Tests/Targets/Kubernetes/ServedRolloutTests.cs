using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Dashboard.Features.Serving;
using Ops.Data.Rollouts;
using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>What clients of an endpoint on a cluster get while it is rolled out: the real router and driver, and pods that say which version they are.</summary>
public sealed class ServedRolloutTests(ClusterFixture cluster)
{
    private readonly ConcurrentQueue<(string Version, string Body)> asked = new();

    [Fact]
    public async Task BlueGreen_PreviewThenSwitch_ClientsGetTheNewOneOnlyAfterIt_AndTheOldOnesStayForTheSetTime()
    {
        await using var world = await WorldAsync();
        var dashboard = await world.StartAsync();
        await using var router = await ClusterRouter.StartAsync(dashboard);
        var first = await world.SucceedAsync(1, Open);
        Assert.Equal(("1", "404"), (await router.AskAsync(), await router.AskAsync("preview/v2")));

        const int Keep = 4;
        var blue = await PreviewedAsync(world, Keep);
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(("1", "2"), (await router.AskAsync(), await router.AskAsync("preview/v2")));
        }

        await PromoteAsync(world, blue);
        await ClusterWorld.UntilAsync(async () => await router.AskAsync() == "2", () => router.AskAsync());
        var switched = TimeProvider.System.GetTimestamp();
        Assert.Equal("404", await router.AskAsync("preview/v2"));
        Assert.Equal(2, await ReadyAsync(world, first.EndpointId, "1"));
        await ClusterWorld.UntilAsync(async () => await ReadyAsync(world, first.EndpointId, "1") < 2, () => world.PictureAsync(first.EndpointId));

        // A pass is at most a second apart from the next.
        Assert.InRange(TimeProvider.System.GetElapsedTime(switched).TotalSeconds, Keep - 0.5, Keep + 10);
        await world.EndedAsync(blue, RolloutState.Succeeded);
        await world.QuietAsync(blue, 2);
        Assert.Equal("2", await router.AskAsync());
    }

    [Fact]
    public async Task BlueGreen_AbortedWhileTheOldOnesAreKept_ClientsGetThemAgainAtOnce()
    {
        await using var world = await WorldAsync();
        var dashboard = await world.StartAsync();
        await using var router = await ClusterRouter.StartAsync(dashboard);
        var first = await world.SucceedAsync(1, Open);
        using var over = new CancellationTokenSource();
        var watching = world.LeastReadyAsync(first.EndpointId, over.Token, version: 1);
        var blue = await PreviewedAsync(world, keepSeconds: 600);
        await PromoteAsync(world, blue);
        await ClusterWorld.UntilAsync(async () => await router.AskAsync() == "2", () => router.AskAsync());

        Assert.True((await world.Ops.Get<RolloutControl>().AbortAsync(world.Ops.As("operator"), blue.Id, "wrong answers")).Succeeded);
        List<string> answers = [];
        await ClusterWorld.UntilAsync(
            async () =>
            {
                answers.Add(await router.AskAsync());
                return answers[^1] == "1";
            },
            () => Task.FromResult(string.Join(' ', answers)),
            TimeSpan.FromSeconds(5));

        Assert.All(answers, a => Assert.True(a is "1" or "2", a));
        await world.EndedAsync(blue, RolloutState.Aborted);
        await world.QuietAsync(first, 1);
        await over.CancelAsync();
        Assert.Equal(2, await watching);
    }

    [Fact]
    public async Task Shadow_CopiesArriveAtTheNewOne_AndNoClientEverGetsItsAnswer()
    {
        const int Requests = 40;
        await using var world = await WorldAsync();
        var dashboard = await world.StartAsync();
        await using var router = await ClusterRouter.StartAsync(dashboard);
        await world.SucceedAsync(1, Open);
        var shadow = await world.ApproveAsync(2, d => Open(d) with { Strategy = "shadow", Steps = [new PlanStep { Weight = 100, WaitsForPerson = true }] });
        await ReachedAsync(world, shadow);
        asked.Clear();

        for (var i = 0; i < Requests; i++)
        {
            Assert.Equal("1", await router.AskAsync("v2/models/digits/infer", $"{{\"id\":\"{i}\"}}"));
        }

        // Copies go out after the client has its answer.
        var copies = dashboard.Services.GetRequiredService<ShadowCopies>();
        var plan = (await world.Ops.RolloutAsync(shadow.Id)).PlanId;
        await ClusterWorld.UntilAsync(() => Task.FromResult(copies.Of(plan) is var (sent, dropped) && sent + dropped == Requests), () => Task.FromResult($"{copies.Of(plan)}"));
        var expected = Enumerable.Range(0, Requests).Select(i => $"{{\"id\":\"{i}\"}}").Order(StringComparer.Ordinal);
        Assert.Equal(expected, asked.Where(a => a.Version == "1").Select(a => a.Body).Order(StringComparer.Ordinal));
        Assert.Equal(expected, asked.Where(a => a.Version == "2").Select(a => a.Body).Order(StringComparer.Ordinal));
        Assert.Equal(new ShadowCount(Requests, 0), copies.Of(plan));

        await PromoteAsync(world, shadow);
        await world.EndedAsync(shadow, RolloutState.Succeeded);
        await world.QuietAsync(shadow, 2);
        asked.Clear();
        Assert.Equal("2", await router.AskAsync());
        await Task.Delay(TimeSpan.FromMilliseconds(300));
        Assert.Single(asked);
    }

    private static DraftPlan Open(DraftPlan draft) => draft with { RequiresToken = false };

    private async Task<ClusterWorld> WorldAsync()
    {
        var world = await ClusterWorld.CreateAsync(cluster);
        world.Faults.Pods = async (pod, context) =>
        {
            var version = (await world.Api.GetAsync($"/api/v1/namespaces/{world.Space}/pods/{pod}")).Body.Text("metadata", "labels", "app.kubernetes.io/version") ?? "none";
            using StreamReader body = new(context.Request.Body);
            asked.Enqueue((version, await body.ReadToEndAsync()));
            await context.Response.WriteAsync(version);
        };
        return world;
    }

    private static async Task<RolloutRef> PreviewedAsync(ClusterWorld world, int keepSeconds)
    {
        var blue = await world.ApproveAsync(2, d => Open(d) with { Strategy = "blue-green", Steps = [new PlanStep { Weight = 0, WaitsForPerson = true }], KeepOldSeconds = keepSeconds });
        await ReachedAsync(world, blue);
        return blue;
    }

    private static Task ReachedAsync(ClusterWorld world, RolloutRef rollout) => ClusterWorld.UntilAsync(
        async () => await world.Ops.RolloutAsync(rollout.Id) is { StepReachedAt: not null },
        async () => string.Join(" | ", (await world.Ops.EventsAsync(rollout.Id)).Select(e => e.Message)));

    private static async Task PromoteAsync(ClusterWorld world, RolloutRef rollout)
    {
        var promoted = await world.Ops.Get<RolloutControl>().PromoteAsync(world.Ops.As("operator"), rollout.Id, "looks good");
        Assert.True(promoted.Succeeded, promoted.Failure?.Message);
    }

    private static async Task<int> ReadyAsync(ClusterWorld world, Guid endpointId, string version) =>
        (await world.PodsAsync(endpointId)).Count(p => p.Text("metadata", "labels", "app.kubernetes.io/version") == version && Conditions.Find(p, "Ready").Text("status") == "True");
}
