using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Features.Rollouts.Execution;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>A registry that was restored: what it knows goes on running as it is, what it does not know is listed and can be deleted.</summary>
public sealed class RestoredRegistryTests(ClusterFixture cluster)
{
    [Fact]
    public async Task Dashboard_OverARestoredRegistry_TakesOverWhatRunsAndMakesNothingAnew()
    {
        await using var world = await ClusterWorld.CreateAsync(cluster);
        var before = await world.StartAsync();
        var rollout = await world.SucceedAsync(1);
        var quiet = await world.QuietAsync(rollout, 1);
        await world.CalmAsync();
        var backup = await world.Ops.BackUpAsync();
        var other = await world.SucceedAsync(1, d => d with { Endpoint = "later" });
        var seen = await UidsAsync(world, rollout.EndpointId);
        await before.StopAsync();
        await world.Ops.RestoreAsync(backup);

        var after = await world.StartAsync();
        await world.CalmAsync();
        await world.CalmAsync();

        Assert.Equal(quiet, await world.PictureAsync(rollout.EndpointId));
        Assert.Equal(seen, await UidsAsync(world, rollout.EndpointId));
        var left = after.Services.GetRequiredService<LeftObjects>();
        var one = Assert.Single(await left.OfAsync(world.Ops.Target.Id, default));
        Assert.Equal((other.EndpointId, "later"), (one.EndpointId, one.Name));

        // The restored row still names the dashboard of before, until nobody has renewed it for a while.
        await ClusterWorld.UntilAsync(() => Task.FromResult(after.Services.GetRequiredService<LeaderLease>().IsHeld), () => Task.FromResult("It does not act."));
        var deleted = await left.DeleteAsync(world.Ops.As("administrator"), world.Ops.Target.Id, other.EndpointId, "of before the restore");

        Assert.True(deleted.Succeeded, deleted.Failure?.Message);
        await ClusterWorld.UntilAsync(async () => (await world.PodsAsync(other.EndpointId)).Count == 0 && (await left.OfAsync(world.Ops.Target.Id, default)).Count == 0, () => world.PictureAsync(other.EndpointId));
        Assert.Equal(seen, await UidsAsync(world, rollout.EndpointId));
    }

    private static async Task<IReadOnlyList<string>> UidsAsync(ClusterWorld world, Guid endpointId) =>
        [.. (await world.PodsAsync(endpointId)).Select(p => $"{p.Text("metadata", "uid")} {p.Text("metadata", "labels", "app.kubernetes.io/version")}").Order(StringComparer.Ordinal)];
}
