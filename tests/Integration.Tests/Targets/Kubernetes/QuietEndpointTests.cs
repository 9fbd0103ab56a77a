using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Features.Rollouts;
using Ops.Dashboard.Features.Targets;
using Ops.Data.Rollouts;
using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>What happens to an endpoint that nobody rolls anything out to is seen because the watches tell it, without waiting for the round that looks at every endpoint.</summary>
public sealed class QuietEndpointTests(ClusterFixture cluster)
{
    private const int Never = 600;

    [Fact]
    public async Task Pods_ThatBecomeUnreadyAndReadyAgain_AreSeenWithoutARound()
    {
        await using var world = await ClusterWorld.CreateAsync(cluster);
        var dashboard = await world.StartAsync(more: services => services.Configure<RolloutsOptions>(o => o.ResyncSeconds = Never));
        var rollout = await world.SucceedAsync(1);
        var (feed, observed) = (dashboard.Services.GetRequiredService<RolloutFeed>(), dashboard.Services.GetRequiredService<ObservedEndpoints>());
        await ReadyAsync(2);
        await world.CalmAsync();

        for (var turn = 0; turn < 3; turn++)
        {
            await world.ScriptAsync(1, PodScript.FailingProbe);
            await ReadyAsync(0);
            await world.ScriptAsync(1, PodScript.Ready);
            await ReadyAsync(2);
        }

        Task ReadyAsync(int count) => ClusterWorld.UntilAsync(
            () => Task.FromResult(Seen() == count && feed.Find(rollout.EndpointId)?.Ready == count),
            () => Task.FromResult($"{Seen()} of {count} replicas are seen to be ready, and {feed.Find(rollout.EndpointId)?.Ready} are told."));

        int? Seen() => observed.Find(rollout.EndpointId)?.Replicas.Count(r => r.Phase == ReplicaPhase.Ready);
    }
}
