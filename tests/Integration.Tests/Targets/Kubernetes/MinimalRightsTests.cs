using System.Text.Json.Nodes;
using Ops.Dashboard.Features.Monitoring.Prometheus;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Data.Rollouts;
using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>The rights that the dashboard offers as a manifest are enough for everything it does, and what its test of the connection says of them is true.</summary>
public sealed class MinimalRightsTests(ClusterFixture cluster)
{
    [Fact]
    public async Task Check_AccountOfTheManifest_LacksNothingThatTheClusterHas()
    {
        var space = await cluster.NamespaceAsync();
        var config = Kubeconfig.Parse(await MinimalAccount.MakeAsync(cluster, space)).Value.Choose("").Value;
        using var access = KubeconfigAccess.Make(config, new() { AllowInsecure = true }, TimeProvider.System).Value;
        using var api = new ClusterFactory(null!, Microsoft.Extensions.Options.Options.Create(new KubernetesOptions()), TimeProvider.System).MakeApi(access);

        using var prometheus = new PrometheusClient();
        var checks = await ClusterChecker.RunAsync(api, new() { Namespace = space }, prometheus, null, default);

        // Whether a namespace is there need not be seen, and a cluster without the Gateway API says so.
        var lacking = checks.Where(c => c.Passed != true).ToDictionary(c => c.Name, c => c.Message);
        Assert.All(lacking.Keys, name => Assert.Contains(name, (string[])["Namespace", "HTTP routes"]));
        Assert.Contains("need not", lacking["Namespace"], StringComparison.Ordinal);
        Assert.True(!lacking.TryGetValue("HTTP routes", out var routes) || routes.StartsWith("The cluster has no Gateway API", StringComparison.Ordinal), routes);
        Assert.True(checks.Count >= ClusterRights.InNamespace.Count + ClusterRights.OnCluster.Count + 3);
        await cluster.Api.DeleteAsync($"/api/v1/namespaces/{space}");
    }

    [Fact]
    public async Task Rollout_AccountOfTheManifest_GoesFromTheFirstVersionOverACanaryToTheEnd()
    {
        await using var world = await ClusterWorld.CreateAsync(cluster, space => MinimalAccount.MakeAsync(cluster, space));
        await world.StartAsync();
        var first = await world.SucceedAsync(1);
        await world.QuietAsync(first, 1);
        var scaled = await world.SucceedAsync(2, d => d with
        {
            Strategy = "canary",
            Steps = [new PlanStep { Weight = 50 }],
            Kubernetes = new PlanKubernetes { Namespace = "", Image = "", Autoscaling = new() { MinReplicas = 2, MaxReplicas = 4, CpuPercent = 50 } },
        });
        await world.QuietAsync(scaled, 2);

        var retired = await world.Ops.Get<EndpointCommands>().RetireAsync(world.Ops.As("operator"), scaled.EndpointId);
        Assert.True(retired.Succeeded, retired.Failure?.Message);
        await ClusterWorld.UntilAsync(async () => await world.DeploymentAsync(scaled.EndpointId, 2) is null, () => world.PictureAsync(scaled.EndpointId));
    }

    [Fact]
    public async Task Rollout_AccountThatMayNotReadNodes_GoesToTheNodesThatALabelNames()
    {
        await using var world = await ClusterWorld.CreateAsync(cluster, space => MinimalAccount.MakeAsync(cluster, space, withNodes: false));
        await world.StartAsync();
        var node = $"n-{world.Space}";
        await cluster.AddNodeAsync(node, 0);

        var asked = await world.SucceedAsync(1, d => d with { Kubernetes = new() { Namespace = "", Image = "", NodeSelector = new Dictionary<string, string> { ["kubernetes.io/hostname"] = node } } });
        await world.QuietAsync(asked, 1);

        Assert.All(await world.PodsAsync(asked.EndpointId), p => Assert.Equal(node, p.Text("spec", "nodeName")));
        var inventory = await world.Ops.Get<KubernetesTargetDriver>().GetInventoryAsync(world.Ops.Target, CancellationToken.None);
        Assert.Equal((0, null, "The account of cluster may not read nodes."), (inventory.Nodes.Count, inventory.Problem, inventory.Hidden));
        await cluster.Api.DeleteAsync($"/api/v1/nodes/{node}");
    }

    [Theory]
    [InlineData("there", true, "is there")]
    [InlineData("missing", false, "kubectl create namespace")]
    [InlineData("going", false, "is being deleted")]
    public async Task Check_Namespace_IsThereOrNot(string how, bool passes, string said)
    {
        var space = how == "missing" ? "t-missing" : await cluster.NamespaceAsync();
        var path = $"/api/v1/namespaces/{space}";
        if (how == "going")
        {
            // Something in it that holds it up, as it happens.
            await cluster.Api.PostAsync($"{path}/configmaps", JsonNode.Parse("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","finalizers":["example.com/hold"]}}""")!);
            await cluster.Api.DeleteAsync(path);
        }

        using var access = KubeconfigAccess.Make(Kubeconfig.Parse(cluster.KubeConfig).Value.Choose("").Value, new() { AllowInsecure = true }, TimeProvider.System).Value;
        using var api = new ClusterFactory(null!, Microsoft.Extensions.Options.Options.Create(new KubernetesOptions()), TimeProvider.System).MakeApi(access);
        using var prometheus = new PrometheusClient();
        var check = Assert.Single(await ClusterChecker.RunAsync(api, new() { Namespace = space }, prometheus, null, default), c => c.Name == "Namespace");

        Assert.True(check.Passed == passes && check.Message.Contains(said, StringComparison.Ordinal), check.Message);
        await cluster.Api.MergeAsync($"{path}/configmaps/c", """{"metadata":{"finalizers":null}}""");
        await cluster.Api.DeleteAsync(path);
    }
}
