using Ops.Dashboard.Features.Monitoring.Prometheus;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Data.Rollouts;

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
}
