using k8s.Models;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Dashboard.Features.Targets.Kubernetes.Watching;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Watching;

public sealed class ManagedEndpointTests
{
    private readonly FakeCluster cluster = new() { LogSays = ["""{"EventId":1014,"State":{"Bytes":100,"Total":400}}"""] };

    [Fact]
    public async Task ReadFetches_InitStepAtWork_ShowsHowFarItIs()
    {
        cluster.Put(Pod("fetches", isFetching: true), "kubelet");
        cluster.Put(Pod("waits", isFetching: false), "kubelet");
        var managed = Managed();

        await managed.ReadFetchesAsync(CancellationToken.None);

        var seen = Look(managed);
        Assert.Equal((ReplicaPhase.Loading, (100L, 400L)), (seen["fetches"].Phase, seen["fetches"].Progress));
        Assert.Null(seen["waits"].Progress);
        Assert.Equal(["fetches/fetch"], cluster.Logs);
    }

    [Fact]
    public async Task ReadFetches_LogIsNotGiven_KeepsWhatWasKnown()
    {
        cluster.Put(Pod("fetches", isFetching: true), "kubelet");
        var managed = Managed();
        cluster.LogSays = null;
        await managed.ReadFetchesAsync(CancellationToken.None);
        Assert.Null(Look(managed)["fetches"].Progress);

        cluster.LogSays = ["""{"EventId":1014,"State":{"Bytes":300,"Total":400}}"""];
        await managed.ReadFetchesAsync(CancellationToken.None);
        cluster.LogSays = null;
        await managed.ReadFetchesAsync(CancellationToken.None);
        Assert.Equal((300L, 400L), Look(managed)["fetches"].Progress);
    }

    [Fact]
    public async Task Look_InitStepIsOver_ShowsNoProgress()
    {
        cluster.Put(Pod("fetches", isFetching: true), "kubelet");
        var managed = Managed();
        await managed.ReadFetchesAsync(CancellationToken.None);
        cluster.Put(Pod("fetches", isFetching: false), "kubelet");
        Assert.Null(Look(managed)["fetches"].Progress);
    }

    private ManagedEndpoint Managed() => new(KubernetesSamples.Endpoint, cluster, null!);

    private static Dictionary<string, ReplicaObservation> Look(ManagedEndpoint managed) =>
        managed.Look(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), new Deaf(), new(), always: false).Replicas.ToDictionary(r => r.Id, StringComparer.Ordinal);

    private static V1Pod Pod(string name, bool isFetching) => new()
    {
        Kind = "Pod",
        Metadata = new() { Name = name, Labels = ObjectLabels.Of(KubernetesSamples.Endpoint, KubernetesSamples.Revision()) },
        Spec = new() { NodeName = "gpu-1" },
        Status = new()
        {
            Phase = "Pending",
            InitContainerStatuses = [new() { Name = "fetch", State = isFetching ? new() { Running = new() } : new() { Waiting = new() { Reason = "PodInitializing" } } }],
        },
    };

    private sealed class Deaf : ITargetEvents
    {
        public void Report(TargetEvent happened)
        {
        }
    }
}
