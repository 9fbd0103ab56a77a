using Ops.Dashboard.Features.Targets;
using Ops.Data.Targets;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Inventory;

/// <summary>Since when a cluster is down, whether anybody looks at its page or not.</summary>
public sealed class OutageTests
{
    [Fact]
    public async Task Inventory_ClusterStopsAnswering_SaysSinceWhenItDoesNot()
    {
        await using var world = await DrivenDouble.StartAsync();
        var target = Target.Create(new()
        {
            Id = KubernetesSamples.Endpoint.TargetId,
            Name = "cluster",
            Kind = TargetKinds.Kubernetes,
            Environment = TargetEnvironment.Dev,
            SettingsJson = "{}",
            ByName = "tests",
            Now = TimeProvider.System.GetUtcNow(),
        }).Value;
        Assert.Null((await world.Driver.GetInventoryAsync(target, default)).Outage);

        var ended = TimeProvider.System.GetUtcNow();
        await world.Cluster.DisposeAsync();
        TargetInventory inventory;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while ((inventory = await world.Driver.GetInventoryAsync(target, patience.Token)).Outage is null)
        {
            await Task.Delay(50, patience.Token);
        }

        var noticed = TimeProvider.System.GetUtcNow();
        await Task.Delay(TimeSpan.FromSeconds(1), patience.Token);
        var again = await world.Driver.GetInventoryAsync(target, patience.Token);

        Assert.NotNull(inventory.Problem);
        Assert.InRange(inventory.Outage.Since, ended, noticed);
        Assert.False(inventory.Outage.IsLonger);
        Assert.Equal(inventory.Outage, again.Outage);
    }
}
