using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Rollouts;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Rollouts.Execution;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Data.Rollouts;
using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>People who change the cluster, stop a rollout or ask for another one in the middle of it.</summary>
public sealed class PeopleFaultTests(ClusterFixture cluster)
{
    [Theory]
    [InlineData("scaled the old one down")]
    [InlineData("scaled the new one up")]
    [InlineData("changed the image")]
    [InlineData("applied as another manager")]
    [InlineData("deleted the new one")]
    [InlineData("deleted the old one")]
    [InlineData("deleted the service")]
    public async Task Rollout_PersonChangesTheClusterInTheMiddle_EndsAsPlannedAndSaysSo(string deed)
    {
        await using var world = await ClusterWorld.CreateAsync(cluster);
        await world.StartAsync();
        var first = await world.SucceedAsync(1);
        await world.ScriptAsync(2, PodScript.FailingProbe);
        var second = await world.ApproveAsync(2);
        await ClusterWorld.UntilAsync(async () => (await world.PodsAsync(second.EndpointId)).Count >= 3, () => world.PictureAsync(second.EndpointId));
        await world.CalmAsync();
        var (old, made) = ((await world.DeploymentAsync(second.EndpointId, 1))!, (await world.DeploymentAsync(second.EndpointId, 2))!);

        await DoAsync(world, deed, old, made);
        await world.ToldAsync(second, "It is put back.");
        await world.ScriptAsync(2, PodScript.Ready);

        await world.EndedAsync(second, RolloutState.Succeeded);
        await world.QuietAsync(second, 2);
        var image = (await world.DeploymentAsync(second.EndpointId, 2))!.Items("spec", "template", "spec", "containers").Single().Text("image");
        Assert.StartsWith("registry.example/ops-runtime@", image, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Endpoint_PersonScalesItAfterwards_IsShownAndPutBackByEitherDashboard()
    {
        await using var world = await ClusterWorld.CreateAsync(cluster);
        var acting = await world.StartAsync();
        var first = await world.SucceedAsync(1);
        await world.QuietAsync(first, 1);
        var other = await world.StartAsync();
        await world.CalmAsync();
        var path = world.PathOf((await world.DeploymentAsync(first.EndpointId, 1))!);

        await world.Api.MergeAsync(path, """{"spec":{"replicas":3}}""");
        await ClusterWorld.UntilAsync(
            () => Task.FromResult(new[] { acting, other }.All(d => Commands(d).Of(first.EndpointId) is [{ Path: "spec.replicas" }])),
            () => Task.FromResult("It was not shown."));
        await Task.Delay(TimeSpan.FromSeconds(2));
        Assert.Equal(3, (await world.Api.GetAsync(path)).Body.Number("spec", "replicas"));
        Assert.False(other.Services.GetRequiredService<LeaderLease>().IsHeld);
        Assert.True((await Commands(other).PutBackAsync(world.Ops.As("operator"), first.EndpointId)).Succeeded);

        await world.QuietAsync(first, 1);

        // The pass that puts it back is over a moment after the cluster shows it.
        await ClusterWorld.UntilAsync(
            () => Task.FromResult(new[] { acting, other }.All(d => Commands(d).Of(first.EndpointId).Count == 0)),
            () => Task.FromResult("It is still shown as changed."));

        static DriftCommands Commands(Dashboard of) => new(of.Services.GetRequiredService<CommandRunner>(), of.Services.GetRequiredService<RolloutFeed>(), of.Services.GetRequiredService<ReconcileQueue>());
    }

    [Fact]
    public async Task Endpoint_ServiceDeletedInTheMomentOfAnApply_IsMadeAnewAndToldOnce()
    {
        await using var world = await ClusterWorld.CreateAsync(cluster);
        await world.StartAsync();
        var first = await world.SucceedAsync(1);
        await world.QuietAsync(first, 1);
        await world.CalmAsync();
        var service = $"/api/v1/namespaces/{world.Space}/services/digits";
        var before = (await world.Api.GetAsync(service)).Body.Text("metadata", "uid");

        // The watch does not show the deletion, so that the next rollout's apply finds the Service still there.
        world.Faults.Tamper(e => e.Type == "DELETED" && e.Line.Contains("\"name\":\"digits\"", StringComparison.Ordinal) ? [] : [e.Line]);
        Assert.True((await world.Api.DeleteAsync(service)).Code < 300);
        var second = await world.SucceedAsync(2);
        world.Faults.Heal();

        await world.QuietAsync(second, 2);
        Assert.NotEqual(before, (await world.Api.GetAsync(service)).Body.Text("metadata", "uid"));
        await world.ToldAsync(second, "The Service digits was deleted. It is put back.");
        await Task.Delay(TimeSpan.FromSeconds(3));
        Assert.Single((await world.Ops.EventsAsync(second.Id)), e => e.Message == "The Service digits was deleted. It is put back.");
    }

    [Fact]
    public async Task Rollout_CanaryIsAborted_IsOutOfTheServiceBeforeItsReplicasGo()
    {
        await using var world = await ClusterWorld.CreateAsync(cluster);
        await world.StartAsync();
        var first = await world.SucceedAsync(1);
        var canary = await world.ApproveAsync(2, d => d with { Strategy = "canary", Steps = [new PlanStep { Weight = 50, WaitsForPerson = true }] });
        await ClusterWorld.UntilAsync(
            async () => (await world.Ops.RolloutAsync(canary.Id)) is { StepReachedAt: not null },
            async () => string.Join(" | ", (await world.Ops.EventsAsync(canary.Id)).Select(e => e.Message)));
        await world.CalmAsync();
        world.Faults.Calls.Clear();

        Assert.True((await world.Ops.Get<RolloutControl>().AbortAsync(world.Ops.As("operator"), canary.Id, "it is slow")).Succeeded);
        await world.EndedAsync(canary, RolloutState.Aborted);
        await world.QuietAsync(first, 1);

        var writes = world.Faults.Calls.Where(c => c.IsWrite).Select(c => $"{c.Method} {c.Target.Split('?')[0]}").ToList();
        var (leaves, goes) = (writes.FindIndex(w => w.EndsWith("/services/digits", StringComparison.Ordinal)), writes.FindIndex(w => w.Contains("/deployments/", StringComparison.Ordinal)));
        Assert.True(leaves >= 0 && leaves < goes, string.Join('\n', writes));
        var selector = (await world.Api.GetAsync($"/api/v1/namespaces/{world.Space}/services/digits")).Body["spec"]!["selector"]!.AsObject();
        Assert.Equal((await world.DeploymentAsync(first.EndpointId, 1))!.Text("metadata", "labels", ObjectLabels.PlanId), selector[ObjectLabels.PlanId]?.ToString());
    }

    [Theory]
    [InlineData("as it is decided")]
    [InlineData("when the step is left")]
    [InlineData("while the rest comes up")]
    [InlineData("while the old ones go")]
    public async Task Rollout_AbortedWhileItIsPromoted_GoesBackToWhatRan(string moment)
    {
        const int Replicas = 3;
        await using var world = await ClusterWorld.CreateAsync(cluster);
        await world.StartAsync();
        var first = await world.SucceedAsync(1, d => d with { Replicas = Replicas });
        var canary = await world.ApproveAsync(2, d => d with { Replicas = Replicas, Strategy = "canary", Steps = [new PlanStep { Weight = 30, WaitsForPerson = true }] });
        await UntilAsync(world, canary, async () => await world.Ops.RolloutAsync(canary.Id) is { StepReachedAt: not null });
        var pods = await world.PodsAsync(first.EndpointId);
        var held = moment == "while the old ones go" ? pods.First(p => p.Text("metadata", "labels", "app.kubernetes.io/version") == "1") : null;
        if (held is not null)
        {
            // One that takes its time to go: the promotion cannot be over before.
            await FinalizeAsync(world, held, """["ops-dashboard.example/held"]""");
        }
        else
        {
            var known = pods.Select(p => p.Text("metadata", "name")).ToHashSet();
            await cluster.ScriptAsync(
                p => p.Text("metadata", "namespace") == world.Space && p.Text("metadata", "labels", "app.kubernetes.io/version") == "2" && !known.Contains(p.Text("metadata", "name")), PodScript.FailingProbe);
        }

        using var over = new CancellationTokenSource();
        var watching = world.LeastReadyAsync(first.EndpointId, over.Token);
        var promoted = await world.Ops.Get<RolloutControl>().PromoteAsync(world.Ops.As("operator"), canary.Id, "looks good");
        Assert.True(promoted.Succeeded, promoted.Failure?.Message);
        await UntilAsync(world, canary, async () => moment switch
        {
            "as it is decided" => await world.Ops.RolloutAsync(canary.Id) is { IsPromoted: true } or { StepIndex: 1 },
            "when the step is left" => await world.Ops.RolloutAsync(canary.Id) is { StepIndex: 1 },
            "while the rest comes up" => (await world.DeploymentAsync(first.EndpointId, 2))!.Number("spec", "replicas") == Replicas && (await world.DeploymentAsync(first.EndpointId, 2))!.Number("status", "readyReplicas") == 1,
            _ => (await world.DeploymentAsync(first.EndpointId, 1))!.Number("spec", "replicas") == 0,
        });
        Assert.Equal(RolloutState.Running, (await world.Ops.RolloutAsync(canary.Id)).State);

        var aborted = await world.Ops.Get<RolloutControl>().AbortAsync(world.Ops.As("operator"), canary.Id, "it does not");
        Assert.True(aborted.Succeeded, aborted.Failure?.Message);
        await world.EndedAsync(canary, RolloutState.Aborted);
        if (held is not null)
        {
            await FinalizeAsync(world, held, "[]");
        }

        await world.QuietAsync(first, 1, Replicas);
        await over.CancelAsync();
        Assert.InRange(await watching, Replicas, 2 * Replicas);
        Assert.Equal((await world.Ops.RolloutAsync(first.Id)).PlanId, await StableAsync(world, first.EndpointId));
    }

    [Fact]
    public async Task Rollout_AnotherOneTakesItsPlace_OnlyTheLastOneStays()
    {
        await using var world = await ClusterWorld.CreateAsync(cluster);
        await world.StartAsync();
        var first = await world.SucceedAsync(1);
        await world.ScriptAsync(2, PodScript.FailingProbe);
        var second = await world.ApproveAsync(2);
        await ClusterWorld.UntilAsync(async () => await world.DeploymentAsync(second.EndpointId, 2) is not null, () => world.PictureAsync(second.EndpointId));

        var third = await world.SucceedAsync(3);
        await world.QuietAsync(third, 3);
        Assert.Equal(RolloutState.Superseded, (await world.Ops.RolloutAsync(second.Id)).State);
    }

    private static Task UntilAsync(ClusterWorld world, RolloutRef rollout, Func<Task<bool>> holds) => ClusterWorld.UntilAsync(
        holds,
        async () => $"{await world.PictureAsync(rollout.EndpointId)}: {string.Join(" | ", (await world.Ops.EventsAsync(rollout.Id)).Select(e => e.Message))}");

    private static async Task FinalizeAsync(ClusterWorld world, JsonObject pod, string finalizers)
    {
        var reply = await world.Api.MergeAsync($"/api/v1/namespaces/{world.Space}/pods/{pod.Text("metadata", "name")}", $$$"""{"metadata":{"finalizers":{{{finalizers}}}}}""");
        Assert.True(reply.Code == 200, reply.Message);
    }

    private static async Task<Guid?> StableAsync(ClusterWorld world, Guid endpointId)
    {
        await using var db = world.Ops.Open();
        return (await db.Endpoints.SingleAsync(e => e.Id == endpointId)).StablePlanId;
    }

    private static async Task DoAsync(ClusterWorld world, string deed, JsonObject old, JsonObject made)
    {
        var reply = deed switch
        {
            "scaled the old one down" => await world.Api.MergeAsync(world.PathOf(old), """{"spec":{"replicas":0}}"""),
            "scaled the new one up" => await world.Api.MergeAsync(world.PathOf(made), """{"spec":{"replicas":7}}"""),
            "changed the image" => await world.Api.MergeAsync(world.PathOf(made), Image(made, "evil.example/x:latest").ToJsonString()),
            "applied as another manager" => await world.Api.ApplyAsync(
                world.PathOf(made), new JsonObject { ["apiVersion"] = "apps/v1", ["kind"] = "Deployment", ["metadata"] = new JsonObject { ["name"] = made.Text("metadata", "name") }, ["spec"] = new JsonObject { ["replicas"] = 5 } }, "helm", "&force=true"),
            "deleted the new one" => await world.Api.DeleteAsync(world.PathOf(made)),
            "deleted the old one" => await world.Api.DeleteAsync(world.PathOf(old)),
            "deleted the service" => await world.Api.DeleteAsync($"/api/v1/namespaces/{world.Space}/services/digits"),
            _ => throw new ArgumentException(deed),
        };
        Assert.True(reply.Code < 300, reply.Message);
    }

    private static JsonObject Image(JsonObject deployment, string image)
    {
        var containers = deployment["spec"]!["template"]!["spec"]!["containers"]!.DeepClone().AsArray();
        containers[0]!["image"] = image;
        return new JsonObject { ["spec"] = new JsonObject { ["template"] = new JsonObject { ["spec"] = new JsonObject { ["containers"] = containers } } } };
    }
}
