using Microsoft.EntityFrameworkCore;
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
        await using var controller = new GatewayController(world);
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

    [Fact]
    public async Task Canary_RouteThatTheGatewayRefuses_ReachesNoStepUntilItIsTaken()
    {
        await GatewayApi.InstallAsync(cluster);
        await using var world = await ClusterWorld.CreateAsync(cluster, gateway: "public");
        await using var controller = new GatewayController(world);
        await world.StartAsync();
        await world.SucceedAsync(1, Routed);

        controller.Refuses = ("Accepted", "NotAllowedByListeners", "no listener allows this namespace");
        var canary = await world.ApproveAsync(2, Canary(60));
        await world.ToldAsync(canary, "it waits until requests are shared as planned: the gateway public does not accept its route (NotAllowedByListeners: no listener allows this namespace).");
        await ToldOfEndpointAsync("The gateway public does not accept its route (NotAllowedByListeners: no listener allows this namespace). Requests to the gateway's address are not shared as planned");
        Assert.Null((await world.Ops.RolloutAsync(canary.Id)).StepReachedAt);

        controller.Refuses = ("ResolvedRefs", "BackendNotFound", "no such Service");
        await world.ToldAsync(canary, "the gateway public cannot lead its route to its Services (BackendNotFound: no such Service).");
        Assert.Null((await world.Ops.RolloutAsync(canary.Id)).StepReachedAt);

        controller.Refuses = null;
        await ClusterWorld.UntilAsync(async () => (await world.Ops.RolloutAsync(canary.Id)).StepReachedAt is not null, async () => (await world.Ops.RolloutAsync(canary.Id)).Status);
        await ToldOfEndpointAsync("The gateway takes the route now.");
        Assert.Equal([75, 25], await WeightsAsync(world));
        Assert.Equal(RolloutState.Running, (await world.Ops.RolloutAsync(canary.Id)).State);

        // Whether a rollout was under way already when the gateway said it is up to chance.
        async Task ToldOfEndpointAsync(string text) => await ClusterWorld.UntilAsync(
            async () => (await HistoryAsync()).Any(m => m.Contains(text, StringComparison.Ordinal)),
            async () => string.Join(" | ", await HistoryAsync()));

        async Task<List<string>> HistoryAsync()
        {
            await using var db = world.Ops.Open();
            return await db.RolloutEvents.Where(e => e.EndpointId == canary.EndpointId).Select(e => e.Message).ToListAsync();
        }
    }

    [Fact]
    public async Task Canary_GatewayThatDoesNotAnswer_FailsAtItsDeadlineAndGoesBack()
    {
        await GatewayApi.InstallAsync(cluster);
        await using var world = await ClusterWorld.CreateAsync(cluster, gateway: "public");
        await using var controller = new GatewayController(world);
        await world.StartAsync();
        await world.SucceedAsync(1, Routed);
        controller.IsAway = true;

        var canary = await world.ApproveAsync(2, Canary(10));
        await world.EndedAsync(canary, RolloutState.Failed);

        // What it said of the route before is not about these shares.
        await world.ToldAsync(canary, "s: Its replicas are ready; it waits until requests are shared as planned: the gateway public has not taken up the newest ones yet.");
        Assert.Null((await world.Ops.RolloutAsync(canary.Id)).StepReachedAt);
        await world.QuietAsync(canary, 1);
    }

    private static Func<DraftPlan, DraftPlan> Canary(int deadline) =>
        draft => Routed(draft) with { Strategy = "canary", ProgressDeadlineSeconds = deadline, RollBackOnFailure = true, Steps = [new PlanStep { Weight = 25, WaitsForPerson = true }] };

    private static DraftPlan Routed(DraftPlan draft) => draft with { Kubernetes = new PlanKubernetes { Namespace = "", Image = "", Hostname = "digits.example" } };

    private static string Path(ClusterWorld world) => $"/apis/gateway.networking.k8s.io/v1/namespaces/{world.Space}/httproutes/digits";

    private static Task UntilAsync(ClusterWorld world, params int[] weights) => ClusterWorld.UntilAsync(
        async () => (await WeightsAsync(world)).SequenceEqual(weights),
        async () => string.Join('/', await WeightsAsync(world)));

    // In the order of plans, so the older one first.
    private static async Task<IReadOnlyList<int>> WeightsAsync(ClusterWorld world) =>
        (await world.Api.GetAsync(Path(world))) is { Code: 200 } found ? [.. found.Body.Items("spec", "rules").Single().Items("backendRefs").Select(b => (int)b.Number("weight")!)] : [];
}
