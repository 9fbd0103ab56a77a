using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Data.Rollouts;
using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>A cluster with the Gateway API: who gets how many requests follows the steps of a rollout.</summary>
public sealed class GatewayTests(ClusterFixture cluster)
{
    [Fact]
    public async Task Rollout_CanaryBehindAGateway_WeightsOfTheRouteFollowItsSteps()
    {
        await GatewayApi.InstallAsync(cluster);
        await using var world = await ClusterWorld.CreateAsync(cluster, gateway: "public");
        await world.StartAsync();
        var first = await world.SucceedAsync(1, Routed);
        await UntilAsync(world, 2);

        var canary = await world.ApproveAsync(2, d => Routed(d) with { Strategy = "canary", Steps = [new PlanStep { Weight = 25, WaitsForPerson = true }] });
        await UntilAsync(world, 75, 25);
        Assert.True((await world.Ops.Get<RolloutControl>().AbortAsync(world.Ops.As("operator"), canary.Id, "it is slow")).Succeeded);
        await world.EndedAsync(canary, RolloutState.Aborted);
        await UntilAsync(world, 2);

        var second = await world.ApproveAsync(3, d => Routed(d) with { Strategy = "canary", Steps = [new PlanStep { Weight = 50 }] });
        await world.EndedAsync(second, RolloutState.Succeeded);
        await UntilAsync(world, 2);
        var route = (await world.Api.GetAsync(Path(world))).Body;
        Assert.Equal(("public", "digits.example"), (route.Items("spec", "parentRefs").Single().Text("name"), route["spec"]!["hostnames"]![0]!.ToString()));
        Assert.Equal((await world.DeploymentAsync(first.EndpointId, 3))!.Text("metadata", "name"), route.Items("spec", "rules").Single().Items("backendRefs").Single().Text("name"));
    }

    private static DraftPlan Routed(DraftPlan draft) => draft with { Kubernetes = new PlanKubernetes { Namespace = "", Image = "", Hostname = "digits.example" } };

    private static string Path(ClusterWorld world) => $"/apis/gateway.networking.k8s.io/v1/namespaces/{world.Space}/httproutes/digits";

    private static Task UntilAsync(ClusterWorld world, params int[] weights) => ClusterWorld.UntilAsync(
        async () => (await WeightsAsync(world)).SequenceEqual(weights),
        async () => string.Join('/', await WeightsAsync(world)));

    // In the order of plans, so the older one first.
    private static async Task<IReadOnlyList<int>> WeightsAsync(ClusterWorld world) =>
        (await world.Api.GetAsync(Path(world))) is { Code: 200 } found ? [.. found.Body.Items("spec", "rules").Single().Items("backendRefs").Select(b => (int)b.Number("weight")!)] : [];
}
