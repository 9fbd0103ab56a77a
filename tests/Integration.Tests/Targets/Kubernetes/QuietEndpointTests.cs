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

    [Theory]
    [InlineData("services", "Service")]
    [InlineData("networkpolicies", "NetworkPolicy")]
    public async Task Object_ThatIsDeletedByAPerson_IsMadeAgainWithoutARound(string plural, string kind)
    {
        await using var world = await ClusterWorld.CreateAsync(cluster);
        await world.StartAsync(more: services => services.Configure<RolloutsOptions>(o => o.ResyncSeconds = Never));
        var rollout = await world.SucceedAsync(1);
        var whole = await world.QuietAsync(rollout, 1);
        await world.CalmAsync();

        var path = $"{(kind == "Service" ? "/api/v1" : "/apis/networking.k8s.io/v1")}/namespaces/{world.Space}/{plural}/digits";
        var gone = (await world.Api.GetAsync(path)).Body.Text("metadata", "uid");
        Assert.NotNull(gone);
        await world.Api.DeleteAsync(path);
        await world.Api.UntilAsync(path, o => o.Text("metadata", "uid") is { } made && made != gone);
        Assert.Equal(whole, await world.QuietAsync(rollout, 1));
    }
}
