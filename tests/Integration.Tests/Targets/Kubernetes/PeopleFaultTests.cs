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
    [InlineData("added a variable")]
    [InlineData("added a container")]
    [InlineData("took the network of the host")]
    [InlineData("added a port to the service")]
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
        var pods = (await world.DeploymentAsync(second.EndpointId, 2))!["spec"]!["template"]!["spec"]!;
        var server = Assert.Single(pods["containers"]!.AsArray())!;
        Assert.StartsWith("registry.example/ops-runtime@", server["image"]!.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("LD_PRELOAD", server.ToJsonString(), StringComparison.Ordinal);
        Assert.Null(pods["hostNetwork"]);
        Assert.Single((await world.Api.GetAsync($"/api/v1/namespaces/{world.Space}/services/digits")).Body["spec"]!["ports"]!.AsArray());
    }

    [Fact]
    public async Task Endpoint_PersonAddsToItsPodsAfterwards_IsTakenOutAtOnceAndARestartIsLetBe()
    {
        await using var world = await ClusterWorld.CreateAsync(cluster);
        await world.StartAsync();
        var first = await world.SucceedAsync(1);
        await world.QuietAsync(first, 1);
        await world.CalmAsync();
        var made = (await world.DeploymentAsync(first.EndpointId, 1))!;

        // As `kubectl rollout restart` does it.
        var restart = await world.Api.MergeAsync(world.PathOf(made), """{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":"2026-01-01T00:00:00Z"}}}}}""");
        Assert.True(restart.Code < 300, restart.Message);
        await DoAsync(world, "added a variable", made, (await world.DeploymentAsync(first.EndpointId, 1))!);

        await ClusterWorld.UntilAsync(
            async () => (await world.Ops.EventsOfEndpointAsync(first.EndpointId)).Any(e => e.Message.Contains("containers[server].env[LD_PRELOAD] of the Deployment", StringComparison.Ordinal)),
            async () => string.Join(" | ", (await world.Ops.EventsOfEndpointAsync(first.EndpointId)).Select(e => e.Message)));
        await world.QuietAsync(first, 1);
        await ClusterWorld.UntilAsync(
            async () => (await world.DeploymentAsync(first.EndpointId, 1))!["spec"]!["template"]!.ToJsonString() is var pods && !pods.Contains("LD_PRELOAD", StringComparison.Ordinal)
                && pods.Contains("restartedAt", StringComparison.Ordinal),
            () => world.PictureAsync(first.EndpointId));
    }

    [Fact]
    public async Task Rollout_PersonTakesTheLabelAwayAndThenChangesTheImage_BothArePutBack()
    {
        await using var world = await ClusterWorld.CreateAsync(cluster);
        await world.StartAsync();
        await world.SucceedAsync(1);
        await world.ScriptAsync(2, PodScript.FailingProbe);
        var second = await world.ApproveAsync(2);
        await ClusterWorld.UntilAsync(async () => (await world.PodsAsync(second.EndpointId)).Count >= 3, () => world.PictureAsync(second.EndpointId));
        await world.CalmAsync();
        var made = (await world.DeploymentAsync(second.EndpointId, 2))!;

        // For a watch by labels it is deleted, and added again under the same uid once the label is put back.
        var without = new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { [ObjectLabels.ManagedBy] = null } } };
        Assert.True((await world.Api.MergeAsync(world.PathOf(made), without.ToJsonString())).Code < 300);
        await ClusterWorld.UntilAsync(
            async () => (await world.DeploymentAsync(second.EndpointId, 2)).Text("metadata", "labels", ObjectLabels.ManagedBy) == ObjectLabels.Manager,
            () => world.PictureAsync(second.EndpointId));
        await world.CalmAsync();
        await DoAsync(world, "changed the image", made, (await world.DeploymentAsync(second.EndpointId, 2))!);

        await ClusterWorld.UntilAsync(
            async () => (await world.DeploymentAsync(second.EndpointId, 2)).Items("spec", "template", "spec", "containers").Single().Text("image")!.StartsWith("registry.example/", StringComparison.Ordinal),
            () => world.PictureAsync(second.EndpointId));
        Assert.Equal(made.Text("metadata", "uid"), (await world.DeploymentAsync(second.EndpointId, 2)).Text("metadata", "uid"));
        await world.ScriptAsync(2, PodScript.Ready);
        await world.EndedAsync(second, RolloutState.Succeeded);
        await world.QuietAsync(second, 2);
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
    public async Task Endpoint_PersonEmptiesTheSecret_IsFilledAgainAtOnceAndTold()
    {
        await using var world = await ClusterWorld.CreateAsync(cluster);
        await world.StartAsync();
        var first = await world.SucceedAsync(1);
        await world.QuietAsync(first, 1);
        await world.CalmAsync();
        var path = $"/api/v1/namespaces/{world.Space}/secrets";
        var secret = (await world.Api.GetAsync(path)).Body.Items("items").Single(s => s.Text("metadata", "name")!.EndsWith("-fetch", StringComparison.Ordinal));
        path = $"{path}/{secret.Text("metadata", "name")}";

        Assert.True((await world.Api.MergeAsync(path, """{"data":null}""")).Code < 300);

        await world.Api.UntilAsync(path, s => s.Text("data", "manifest.json") == secret.Text("data", "manifest.json"));
        await ClusterWorld.UntilAsync(
            async () => (await EventsAsync()).Any(m => m.Contains("data[manifest.json] of the Secret", StringComparison.Ordinal) && m.EndsWith("It is put back.", StringComparison.Ordinal)),
            async () => string.Join(" | ", await EventsAsync()));
        Assert.DoesNotContain(await EventsAsync(), m => m.Contains("store.example", StringComparison.Ordinal));

        async Task<List<string>> EventsAsync()
        {
            await using var db = world.Ops.Open();
            return await db.RolloutEvents.Where(e => e.EndpointId == first.EndpointId).Select(e => e.Message).ToListAsync();
        }
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
            "added a variable" => await world.Api.MergeAsync(world.PathOf(made), Containers(made, c => ((c[0]!["env"] as JsonArray) ?? (JsonArray)(c[0]!["env"] = new JsonArray())!).Add(new JsonObject { ["name"] = "LD_PRELOAD", ["value"] = "/tmp/x.so" })).ToJsonString()),
            "added a container" => await world.Api.MergeAsync(world.PathOf(made), Containers(made, c => c.Insert(0, new JsonObject { ["name"] = "evil", ["image"] = "evil.example/x:latest" })).ToJsonString()),
            "took the network of the host" => await world.Api.MergeAsync(world.PathOf(made), """{"spec":{"template":{"spec":{"hostNetwork":true}}}}"""),
            "added a port to the service" => await PortAsync(world),
            "deleted the new one" => await world.Api.DeleteAsync(world.PathOf(made)),
            "deleted the old one" => await world.Api.DeleteAsync(world.PathOf(old)),
            "deleted the service" => await world.Api.DeleteAsync($"/api/v1/namespaces/{world.Space}/services/digits"),
            _ => throw new ArgumentException(deed),
        };
        Assert.True(reply.Code < 300, reply.Message);
    }

    private static async Task<RawReply> PortAsync(ClusterWorld world)
    {
        var path = $"/api/v1/namespaces/{world.Space}/services/digits";
        var ports = (await world.Api.GetAsync(path)).Body["spec"]!["ports"]!.DeepClone().AsArray();
        ports.Insert(0, new JsonObject { ["name"] = "debug", ["port"] = 9999, ["targetPort"] = 9999 });
        return await world.Api.MergeAsync(path, new JsonObject { ["spec"] = new JsonObject { ["ports"] = ports } }.ToJsonString());
    }

    private static JsonObject Image(JsonObject deployment, string image) => Containers(deployment, c => c[0]!["image"] = image);

    private static JsonObject Containers(JsonObject deployment, Action<JsonArray> change)
    {
        var containers = deployment["spec"]!["template"]!["spec"]!["containers"]!.DeepClone().AsArray();
        change(containers);
        return new JsonObject { ["spec"] = new JsonObject { ["template"] = new JsonObject { ["spec"] = new JsonObject { ["containers"] = containers } } } };
    }
}
