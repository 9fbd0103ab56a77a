using System.Text.Json.Nodes;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Data.Rollouts;
using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>Pods that do not come up, nodes that are taken away and limits that are in the way: what ran before goes on running, and the page says why.</summary>
public sealed class PodFaultTests(ClusterFixture cluster)
{
    [Fact]
    public async Task Rollout_PodsThatDoNotComeUp_FailsAndLeavesTheOldOnesAlone()
    {
        await using var world = await ClusterWorld.CreateAsync(cluster);
        await world.StartAsync();
        (string Endpoint, PodScript Script, string Said)[] cases =
        [
            ("crashes", PodScript.CrashLoop(3, "no such operator"), "It ended with exit code 3: no such operator."),
            ("never-ready", PodScript.FailingProbe, "fails its check for readiness and gets no requests: HTTP probe failed with statuscode: 503."),
            ("no-image", PodScript.NoImage, "Its image cannot be fetched: it is not there."),
            ("out-of-memory", PodScript.OutOfMemory, "It used more memory than the plan gives it and was killed."),
            ("altered", PodScript.InitFailure("model.onnx does not match its SHA-256. It was changed or damaged and is not loaded.") with { ExitCode = 65 }, "The files are not the ones that were approved: their SHA-256 differs."),
        ];
        await Task.WhenAll(cases.Select(async c =>
        {
            await world.ScriptAsync(2, c.Script, c.Endpoint);
            var first = await world.SucceedAsync(1, d => d with { Endpoint = c.Endpoint });
            var second = await world.ApproveAsync(2, d => d with { Endpoint = c.Endpoint, ProgressDeadlineSeconds = 10 });
            using var over = new CancellationTokenSource();
            var watching = world.LeastReadyAsync(first.EndpointId, over.Token, version: 1);

            var failed = await world.EndedAsync(second, RolloutState.Failed);
            await world.QuietAsync(first, 1);

            await over.CancelAsync();
            Assert.Equal(2, await watching);
            var told = string.Join(" | ", (await world.Ops.EventsAsync(second.Id)).Select(e => e.Message).Append(failed.Status));
            Assert.Contains(c.Said, told, StringComparison.Ordinal);
            Assert.All(cases.Where(other => other != c), other => Assert.DoesNotContain(other.Said, told, StringComparison.Ordinal));
        }));
    }

    [Fact]
    public async Task Rollout_OverTheQuota_WaitsSaysSoAndEndsWhenThereIsRoom()
    {
        await using var world = await ClusterWorld.CreateAsync(cluster);
        await world.StartAsync();
        var first = await world.SucceedAsync(1);
        var quota = $"/api/v1/namespaces/{world.Space}/resourcequotas";
        await world.Api.PostAsync(quota, JsonNode.Parse("""{"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"q"},"spec":{"hard":{"pods":"2"}}}""")!);
        await world.Api.UntilAsync(quota + "/q", q => q.Text("status", "used", "pods") == "2");

        var second = await world.ApproveAsync(2);
        await world.ToldAsync(second, "may not make a pod, because the namespace's quota is used up: q, requested: pods=1");
        Assert.Equal(2, (await world.DeploymentAsync(first.EndpointId, 1))?.Number("status", "readyReplicas"));
        await world.Api.DeleteAsync(quota + "/q");

        await world.EndedAsync(second, RolloutState.Succeeded);
        await world.QuietAsync(second, 2);
    }

    [Fact]
    public async Task Rollout_GpusTakenByOthersMeanwhile_WaitsSaysSoAndEndsWhenTheyAreFree()
    {
        await using var world = await ClusterWorld.CreateAsync(cluster);
        await world.StartAsync();
        var node = $"gpu-{world.Space}";
        await cluster.AddNodeAsync(node, 1);
        var asked = await world.RequestAsync(1, d => d with { Gpus = 1, Replicas = 1, Nodes = [node] });
        var other = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = new JsonObject { ["name"] = "other" },
            ["spec"] = new JsonObject
            {
                ["nodeName"] = node,
                ["containers"] = new JsonArray(new JsonObject { ["name"] = "c", ["image"] = "other/one:1", ["resources"] = new JsonObject { ["limits"] = new JsonObject { ["nvidia.com/gpu"] = "1" } } }),
            },
        };
        var taken = await world.Api.PostAsync($"/api/v1/namespaces/{world.Space}/pods", other);
        Assert.True(taken.Code == 201, taken.Message);
        var rollout = await world.DecideAsync(asked);

        await world.ToldAsync(rollout, "too little nvidia.com/gpu left");
        await world.Api.DeleteAsync($"/api/v1/namespaces/{world.Space}/pods/other");

        await world.EndedAsync(rollout, RolloutState.Succeeded);
        await world.QuietAsync(rollout, 1, replicas: 1);
        await world.Api.DeleteAsync($"/api/v1/nodes/{node}");
    }

    [Fact]
    public async Task Endpoint_NodeDrained_KeepsAReadyReplicaAllTheTime()
    {
        await using var world = await ClusterWorld.CreateAsync(cluster);
        await world.StartAsync();
        string[] nodes = [$"a-{world.Space}", $"b-{world.Space}"];
        await Task.WhenAll(nodes.Select(n => cluster.AddNodeAsync(n, 2)));
        var first = await world.SucceedAsync(1, d => d with { Nodes = nodes, Gpus = 1 });
        using var over = new CancellationTokenSource();
        var watching = world.LeastReadyAsync(first.EndpointId, over.Token, version: 1);

        await world.Api.MergeAsync($"/api/v1/nodes/{nodes[0]}", """{"spec":{"unschedulable":true}}""");
        await ClusterWorld.UntilAsync(
            async () =>
            {
                var left = (await world.PodsAsync(first.EndpointId)).Where(p => p.Text("spec", "nodeName") == nodes[0]).ToList();
                foreach (var name in left.Select(p => p.Text("metadata", "name")))
                {
                    // As kubectl drain does: refused ones are asked for again.
                    await world.Api.PostAsync($"/api/v1/namespaces/{world.Space}/pods/{name}/eviction", new JsonObject { ["apiVersion"] = "policy/v1", ["kind"] = "Eviction", ["metadata"] = new JsonObject { ["name"] = name } });
                }

                return left.Count == 0;
            },
            () => world.PictureAsync(first.EndpointId));

        // What the Deployment says of its pods lags behind, so the pods themselves are looked at.
        await ClusterWorld.UntilAsync(
            async () => await world.PodsAsync(first.EndpointId) is { Count: 2 } pods && pods.All(p => p.Text("spec", "nodeName") == nodes[1] && Conditions.Find(p, "Ready").Text("status") == "True"),
            () => world.PictureAsync(first.EndpointId));
        await world.QuietAsync(first, 1);

        await over.CancelAsync();
        Assert.InRange(await watching, 1, 2);
        foreach (var node in nodes)
        {
            await world.Api.DeleteAsync($"/api/v1/nodes/{node}");
        }
    }
}
