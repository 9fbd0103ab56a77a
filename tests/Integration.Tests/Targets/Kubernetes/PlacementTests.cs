using System.Text.Json.Nodes;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Data;
using Ops.Data.Rollouts;
using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>Where pods go: what a target says of it reaches them, and what is seen of nodes is what there is.</summary>
public sealed class PlacementTests(ClusterFixture cluster)
{
    [Fact]
    public async Task Rollout_TargetKeptToSomeNodes_RunsOnThoseWithItsClasses()
    {
        await using var world = await ClusterWorld.CreateAsync(cluster, change: s => s with
        {
            NodeFilter = $"pool={s.Namespace}", Tolerations = ["dedicated=ml"], RuntimeClass = s.Namespace, PriorityClass = s.Namespace,
        });
        var (inside, outside) = ($"in-{world.Space}", $"out-{world.Space}");
        await cluster.AddNodeAsync(inside, 0);
        await cluster.AddNodeAsync(outside, 0);
        await MergeAsync($"/api/v1/nodes/{inside}", """{"metadata":{"labels":{"pool":"SPACE"}},"spec":{"taints":[{"key":"dedicated","value":"ml","effect":"NoSchedule"}]}}""".Replace("SPACE", world.Space, StringComparison.Ordinal));
        await world.StartAsync();
        await SeesAsync(world, nodes => nodes.SingleOrDefault()?.Name == inside && nodes[0].Taints.Count == 1);
        Assert.False((await world.TryRequestAsync(1, d => d with { Nodes = [outside] })).Succeeded);

        // One of its classes is not there yet, and the cluster says so of each pod.
        await MakeAsync("scheduling.k8s.io", "priorityclasses", new() { ["kind"] = "PriorityClass", ["value"] = 7 }, world.Space);
        var rollout = await world.ApproveAsync(1);
        await world.ToldAsync(rollout, "RuntimeClass");
        await MakeAsync("node.k8s.io", "runtimeclasses", new() { ["kind"] = "RuntimeClass", ["handler"] = "runc" }, world.Space);
        await world.EndedAsync(rollout, RolloutState.Succeeded);
        await world.QuietAsync(rollout, 1);

        Assert.All(await world.PodsAsync(rollout.EndpointId), pod =>
        {
            Assert.Equal((inside, world.Space, world.Space, 7), (pod.Text("spec", "nodeName"), pod.Text("spec", "runtimeClassName"), pod.Text("spec", "priorityClassName"), pod.Number("spec", "priority")));
            Assert.Equal((world.Space, "linux"), (pod.Text("spec", "nodeSelector", "pool"), pod.Text("spec", "nodeSelector", "kubernetes.io/os")));
            Assert.Contains(pod.Items("spec", "tolerations"), t => t.Text("key") == "dedicated" && t.Text("value") == "ml");
            Assert.Equal("513Mi", pod.Items("spec", "containers").Single().Text("resources", "requests", "ephemeral-storage"));
        });
        await world.Api.DeleteAsync($"/api/v1/nodes/{inside}");
        await world.Api.DeleteAsync($"/api/v1/nodes/{outside}");
    }

    [Fact]
    public async Task Rollout_NoNodeForItYet_WaitsAndEndsOnceTheClusterHasAddedOne()
    {
        await using var world = await ClusterWorld.CreateAsync(cluster, change: s => s with { NodeFilter = $"pool={s.Namespace}", AddsNodes = true });
        await world.StartAsync();
        var rollout = await world.ApproveAsync(1);
        await ClusterWorld.UntilAsync(
            async () => (await world.PodsAsync(rollout.EndpointId)).Any(p => Conditions.Find(p, "PodScheduled").Text("reason") == "Unschedulable"),
            () => world.PictureAsync(rollout.EndpointId));

        var added = $"in-{world.Space}";
        await cluster.AddNodeAsync(added, 0);
        await MergeAsync($"/api/v1/nodes/{added}", """{"metadata":{"labels":{"pool":"SPACE"}}}""".Replace("SPACE", world.Space, StringComparison.Ordinal));

        await world.EndedAsync(rollout, RolloutState.Succeeded);
        Assert.All(await world.PodsAsync(rollout.EndpointId), p => Assert.Equal(added, p.Text("spec", "nodeName")));
        await world.Api.DeleteAsync($"/api/v1/nodes/{added}");
    }

    [Fact]
    public async Task Plan_SealedBeforeItsTargetWasKeptToOtherNodes_GoesOnWhereItRunsAndBeginsNowhereAnew()
    {
        const string Why = "The plan was made before its target kept to nodes with pool=ml. Plan it anew.";
        await using var world = await ClusterWorld.CreateAsync(cluster);
        var node = $"ml-{world.Space}";
        await cluster.AddNodeAsync(node, 0);
        await MergeAsync($"/api/v1/nodes/{node}", """{"metadata":{"labels":{"pool":"ml"}}}""");
        await world.StartAsync();
        var first = await world.SucceedAsync(1);
        var asked = await world.RequestAsync(2);
        await world.ChangeTargetAsync(s => s with { NodeFilter = "pool=ml" });

        // What waited for its approval meanwhile ends with a sentence, instead of being tried for ever, and what runs goes on.
        await world.DecideAsync(asked);
        Assert.Equal(Why, (await world.EndedAsync(asked, RolloutState.Failed)).Status);
        await world.QuietAsync(first, 1);

        // The same as a way back is refused where it is asked for.
        await world.SucceedAsync(3);
        var back = await world.Ops.Get<RequestRollback>().RunAsync(world.Ops.As("operator"), first.EndpointId, (await world.Ops.RolloutAsync(first.Id)).PlanId);
        Assert.Equal((FailureKind.Conflict, Why), (back.Failure?.Kind, back.Failure?.Message));
        var again = await world.Ops.Get<RetryRollout>().RunAsync(world.Ops.As("operator"), asked.Id);
        Assert.Equal((FailureKind.Conflict, Why), (again.Failure?.Kind, again.Failure?.Message));
        Assert.All(await world.PodsAsync(first.EndpointId), p => Assert.Equal(node, p.Text("spec", "nodeName")));
        await world.Api.DeleteAsync($"/api/v1/nodes/{node}");
    }

    [Fact]
    public async Task Inventory_NodeThatChanges_IsSeenAsItIs()
    {
        await using var world = await ClusterWorld.CreateAsync(cluster);
        await world.StartAsync();
        var (name, path) = ($"gpu-{world.Space}", $"/api/v1/nodes/gpu-{world.Space}");
        await cluster.AddNodeAsync(name, 4);
        await SeesAsync(world, NodeIs(n => n.GpuPools is [{ Resource: "nvidia.com/gpu", Capacity: 4, Allocatable: 4, Free: 4 }] && n.Taints is ["nvidia.com/gpu=present:NoSchedule"] && n is { PodsAllocatable: 110, Pods: 0 }));

        await MergeAsync(path + "/status", """{"status":{"allocatable":{"nvidia.com/gpu":"3"}}}""");
        await SeesAsync(world, NodeIs(n => n.GpuPools is [{ Capacity: 4, Allocatable: 3, Free: 3 }]));

        var rollout = await world.SucceedAsync(1, d => d with { Gpus = 1, Nodes = [name] });
        await SeesAsync(world, NodeIs(n => n.GpuPools is [{ Allocatable: 3, Free: 1 }] && n.Pods == 2));

        await MergeAsync(path, """{"spec":{"unschedulable":true,"taints":[{"key":"sku","value":"gpu","effect":"NoSchedule"}]}}""");
        await SeesAsync(world, NodeIs(n => n.IsUnschedulable && n.Taints.Contains("sku=gpu:NoSchedule") && !n.Taints.Contains("nvidia.com/gpu=present:NoSchedule")));

        Assert.True((await world.Ops.Get<EndpointCommands>().RetireAsync(world.Ops.As("operator"), rollout.EndpointId)).Succeeded);
        await SeesAsync(world, NodeIs(n => n.GpuPools is [{ Free: 3 }] && n.Pods == 0));
        await world.Api.DeleteAsync(path);
        await SeesAsync(world, nodes => nodes.All(n => n.Name != name));

        Func<IReadOnlyList<Node>, bool> NodeIs(Func<Node, bool> holds) => nodes => nodes.FirstOrDefault(n => n.Name == name) is { } node && holds(node);
    }

    /// <summary>Waits until the driver shows nodes of which something holds.</summary>
    private static async Task SeesAsync(ClusterWorld world, Func<IReadOnlyList<Node>, bool> holds)
    {
        IReadOnlyList<Node> seen = [];
        await ClusterWorld.UntilAsync(
            async () => holds(seen = (await world.Ops.Get<KubernetesTargetDriver>().GetInventoryAsync(world.Ops.Target, CancellationToken.None)).Nodes),
            () => Task.FromResult(string.Join(" | ", seen.Select(n => $"{n.Name} {string.Join(',', n.Taints)} {string.Join(',', n.GpuPools)} {n.Pods} pods"))));
    }

    private async Task MakeAsync(string group, string plural, JsonObject body, string name)
    {
        body["apiVersion"] = $"{group}/v1";
        body["metadata"] = new JsonObject { ["name"] = name };
        var made = await cluster.Api.PostAsync($"/apis/{group}/v1/{plural}", body);
        Assert.True(made.Code == 201, made.Message);
    }

    private async Task MergeAsync(string path, string body)
    {
        var changed = await cluster.Api.MergeAsync(path, body);
        Assert.True(changed.Code == 200, changed.Message);
    }
}
