using Ops.Dashboard.Features.Targets.Kubernetes;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes;

public sealed class ClusterSharesTests
{
    private static readonly ClusterSettings WithGateway = new() { Namespace = KubernetesSamples.Namespace, Registries = [], Gateway = (null, "public") };

    [Theory]
    [InlineData(false, true, true, "cluster names no gateway")]
    [InlineData(true, false, true, "cluster has no Gateway API that this dashboard may use")]
    [InlineData(true, true, false, "the plan names no host for the gateway of cluster")]
    [InlineData(true, true, true, null)]
    public async Task WhyByReplicas_SaysWhatIsMissing(bool namesGateway, bool hasApi, bool namesHost, string? expected)
    {
        FakeCluster cluster = new() { Settings = WithGateway with { Gateway = namesGateway ? WithGateway.Gateway : null }, HasRoutes = hasApi };
        var plan = KubernetesSamples.Plan with { Kubernetes = KubernetesSamples.Plan.Kubernetes! with { Hostname = namesHost ? "digits.example" : null } };

        Assert.Equal(expected, await new ClusterShares(cluster).WhyByReplicasAsync(plan, default));
    }

    [Fact]
    public async Task WhyByReplicas_NoSuchCluster_SaysNothing() =>
        Assert.Null(await new ClusterShares(new None()).WhyByReplicasAsync(KubernetesSamples.Plan, default));

    private sealed class None : IClusters
    {
        public Task<ICluster> GetAsync(Guid targetId, CancellationToken cancellation) => throw new InvalidOperationException("There is no such cluster.");
    }
}
