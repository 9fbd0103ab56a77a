using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Features.Rollouts;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Dashboard.Features.Targets;
using Ops.Data.Rollouts;
using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>Rollouts of an endpoint that an autoscaler has made larger than its plan says: whatever takes its place carries as much before it gives any of it away.</summary>
public sealed class ScaledRolloutTests(ClusterFixture cluster)
{
    private const int Scaled = 6;

    /// <summary>Every way from one version to the next that goes on answering.</summary>
    public static TheoryData<string> Ways { get; } = ["rolling", "canary", "blue-green", "shadow"];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Rollout_OfAScaledEndpoint_CarriesTheLoadBeforeAnyOfItGoes(string strategy)
    {
        await using var world = await ClusterWorld.CreateAsync(cluster);
        await world.StartAsync();
        var first = await ScaledAsync(world);
        using var over = new CancellationTokenSource();
        var watching = world.LeastReadyAsync(first.EndpointId, over.Token);

        var second = await world.ApproveAsync(2, d => Strategies.Of(strategy, Autoscaled(d)));
        await world.EndedAsync(second, RolloutState.Succeeded);
        await world.QuietAsync(second, 2, Scaled);

        await over.CancelAsync();
        Assert.InRange(await watching, Scaled, 2 * Scaled);
        await ScalersAsync(world, 1);
    }

    [Fact]
    public async Task Rollback_OfAScaledEndpointToAPlanWithSteps_EndsAndCarriesTheLoad()
    {
        await using var world = await ClusterWorld.CreateAsync(cluster);
        await world.StartAsync();
        var first = await world.SucceedAsync(1, Autoscaled);
        var canary = await world.SucceedAsync(2, d => Strategies.Of("canary", Autoscaled(d)));
        var third = await world.SucceedAsync(3, Autoscaled);
        await ScaleAsync(world, third, 3);
        using var over = new CancellationTokenSource();
        var watching = world.LeastReadyAsync(first.EndpointId, over.Token);

        var back = await world.Ops.Get<RequestRollback>().RunAsync(world.Ops.As("operator"), first.EndpointId, (await world.Ops.RolloutAsync(canary.Id)).PlanId, "wrong answers");
        Assert.True(back.Succeeded, back.Failure?.Message);
        await world.EndedAsync(back.Value, RolloutState.Succeeded);
        await world.QuietAsync(back.Value, 2, Scaled);

        await over.CancelAsync();
        Assert.InRange(await watching, Scaled, Scaled + 1);
    }

    [Theory]
    [InlineData("rolling")]
    [InlineData("canary")]
    public async Task Rollout_OfAScaledEndpointIsAborted_AllOfItComesBack(string strategy)
    {
        await using var world = await ClusterWorld.CreateAsync(cluster);
        await world.StartAsync();
        var first = await ScaledAsync(world);
        using var over = new CancellationTokenSource();
        var watching = world.LeastReadyAsync(first.EndpointId, over.Token);
        var second = await world.ApproveAsync(2, d => Strategies.Of(strategy, Autoscaled(d)));

        // In the middle of it: some old replicas are gone and some new ones answer.
        await ClusterWorld.UntilAsync(
            async () => (await world.DeploymentAsync(first.EndpointId, 1))?.Number("spec", "replicas") < Scaled,
            () => world.PictureAsync(first.EndpointId));
        Assert.True((await world.Ops.Get<RolloutControl>().AbortAsync(world.Ops.As("operator"), second.Id, "it is slow")).Succeeded);
        await world.EndedAsync(second, RolloutState.Aborted);
        await world.QuietAsync(first, 1, Scaled);

        await over.CancelAsync();
        Assert.InRange(await watching, Scaled, 2 * Scaled);
        await ScalersAsync(world, 1);
    }

    [Fact]
    public async Task Rollout_OfAScaledEndpointToAPlanWithALowerMost_EndsAtThatMost()
    {
        await using var world = await ClusterWorld.CreateAsync(cluster);
        await world.StartAsync();
        await ScaledAsync(world);

        var second = await world.SucceedAsync(2, d => Autoscaled(d, most: 4));

        await world.QuietAsync(second, 2, 4);
    }

    [Fact]
    public async Task Endpoint_ScaledAndQuiet_IsLeftInPeaceAndShownAsItIs()
    {
        await using var world = await ClusterWorld.CreateAsync(cluster);
        var dashboard = await world.StartAsync();
        var first = await ScaledAsync(world);
        var feed = dashboard.Services.GetRequiredService<RolloutFeed>();

        await ClusterWorld.UntilAsync(
            () => Task.FromResult(feed.Snapshot().Single() is { Status: "", Wanted: Scaled, Ready: Scaled }),
            () => Task.FromResult($"{feed.Snapshot().Single()}"));
        await world.CalmAsync();

        // Less load: the number goes down the same way.
        await ScaleAsync(world, first, 1, to: 2);
        await ClusterWorld.UntilAsync(
            () => Task.FromResult(feed.Snapshot().Single() is { Status: "", Wanted: 2, Ready: 2 }),
            () => Task.FromResult($"{feed.Snapshot().Single()}"));
        Assert.DoesNotContain(await world.Ops.EventsAsync(first.Id), e => e.Kind == TargetEventKinds.Drifted);
    }

    private static DraftPlan Autoscaled(DraftPlan draft) => Autoscaled(draft, most: 8);

    private static DraftPlan Autoscaled(DraftPlan draft, int most) =>
        draft with { Kubernetes = new PlanKubernetes { Namespace = "", Image = "", Autoscaling = new() { MinReplicas = 2, MaxReplicas = most, CpuPercent = 50 } } };

    private static async Task<RolloutRef> ScaledAsync(ClusterWorld world)
    {
        var first = await world.SucceedAsync(1, Autoscaled);
        await ScaleAsync(world, first, 1);
        return first;
    }

    private static async Task ScaleAsync(ClusterWorld world, RolloutRef rollout, int version, int to = Scaled)
    {
        // As the cluster's own autoscaler does it, which has no figures to go by here.
        await ScalersAsync(world, 1);
        await world.QuietAsync(rollout, version, (int)(await world.DeploymentAsync(rollout.EndpointId, version))!.Number("spec", "replicas")!);
        var path = world.PathOf((await world.DeploymentAsync(rollout.EndpointId, version))!);
        var reply = await world.Api.MergeAsync($"{path}?fieldManager=kube-controller-manager", new JsonObject { ["spec"] = new JsonObject { ["replicas"] = to } }.ToJsonString());
        Assert.True(reply.Code == 200, reply.Message);
        await world.QuietAsync(rollout, version, to);
    }

    private static Task ScalersAsync(ClusterWorld world, int count) => ClusterWorld.UntilAsync(
        async () => (await ListAsync(world)).Count == count,
        async () => $"{(await ListAsync(world)).Count} autoscalers");

    private static async Task<IReadOnlyList<JsonNode>> ListAsync(ClusterWorld world) =>
        [.. (await world.Api.GetAsync($"/apis/autoscaling/v2/namespaces/{world.Space}/horizontalpodautoscalers")).Body.Items("items")];
}
