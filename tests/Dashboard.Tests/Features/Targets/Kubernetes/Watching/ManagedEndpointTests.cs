using k8s.Models;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Dashboard.Features.Targets.Kubernetes.Watching;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Watching;

public sealed class ManagedEndpointTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly FakeCluster cluster = new() { LogSays = ["""{"EventId":1014,"State":{"Bytes":100,"Total":400}}"""] };

    [Fact]
    public async Task ReadSteps_InitStepAtWork_ShowsHowFarItIs()
    {
        cluster.Put(Pod("fetches", isFetching: true), "kubelet");
        cluster.Put(Pod("waits", isFetching: false), "kubelet");
        var managed = Managed();

        await managed.ReadStepsAsync(CancellationToken.None);

        var seen = Look(managed);
        Assert.Equal((ReplicaPhase.Loading, (100L, 400L)), (seen["fetches"].Phase, seen["fetches"].Progress));
        Assert.Null(seen["waits"].Progress);
        Assert.Equal(["fetches/fetch"], cluster.Logs);
    }

    [Fact]
    public async Task ReadSteps_LogIsNotGiven_KeepsWhatWasKnown()
    {
        cluster.Put(Pod("fetches", isFetching: true), "kubelet");
        var managed = Managed();
        cluster.LogSays = null;
        await managed.ReadStepsAsync(CancellationToken.None);
        Assert.Null(Look(managed)["fetches"].Progress);

        cluster.LogSays = ["""{"EventId":1014,"State":{"Bytes":300,"Total":400}}"""];
        await managed.ReadStepsAsync(CancellationToken.None);
        cluster.LogSays = null;
        await managed.ReadStepsAsync(CancellationToken.None);
        Assert.Equal((300L, 400L), Look(managed)["fetches"].Progress);
    }

    [Fact]
    public async Task Look_InitStepIsOver_ShowsNoProgress()
    {
        cluster.Put(Pod("fetches", isFetching: true), "kubelet");
        var managed = Managed();
        await managed.ReadStepsAsync(CancellationToken.None);
        cluster.Put(Pod("fetches", isFetching: false), "kubelet");
        Assert.Null(Look(managed)["fetches"].Progress);
    }

    [Fact]
    public async Task ReadSteps_ServerThatLoads_ShowsItsStepUntilItIsReady()
    {
        cluster.LogSays = ["""{"EventId":1029,"State":{"Step":"warm-up","Done":1,"Total":3}}"""];
        cluster.Put(Server("loads", isReady: false), "kubelet");
        var managed = Managed();

        await managed.ReadStepsAsync(CancellationToken.None);

        var seen = Look(managed)["loads"];
        Assert.Equal((ReplicaPhase.Loading, new LoadStep("warm-up", 1, 3), Start), (seen.Phase, seen.Step, seen.LoadingSince));
        Assert.Null(seen.Progress);
        Assert.Equal(["loads/server"], cluster.Logs);
        cluster.Put(Server("loads", isReady: true), "kubelet");
        Assert.Equal((ReplicaPhase.Ready, null, null), (Look(managed)["loads"].Phase, Look(managed)["loads"].Step, Look(managed)["loads"].LoadingSince));
    }

    [Fact]
    public async Task ReadSteps_DownloadIsOver_IsNotTakenForTheServersStep()
    {
        cluster.Put(Pod("fetches", isFetching: true), "kubelet");
        var managed = Managed();
        await managed.ReadStepsAsync(CancellationToken.None);
        cluster.Put(Server("fetches", isReady: false), "kubelet");
        Assert.Null(Look(managed)["fetches"].Step);

        cluster.LogSays = null;
        await managed.ReadStepsAsync(CancellationToken.None);
        Assert.Null(Look(managed)["fetches"].Step);
    }

    [Fact]
    public void Look_PodWithGpus_NamesThemByTheLabelsOfItsNode()
    {
        cluster.Show(new V1Node { Kind = "Node", Metadata = new() { Name = "gpu-1", Labels = new Dictionary<string, string> { ["nvidia.com/gpu.product"] = "NVIDIA-A100-SXM4-40GB", ["nvidia.com/mig-1g.10gb.product"] = "NVIDIA-A100-SXM4-80GB-MIG-1g.10gb" } } });
        cluster.Put(WithGpus("whole", "nvidia.com/gpu", 2, "gpu-1"), "kubelet");
        cluster.Put(WithGpus("part", "nvidia.com/mig-1g.10gb", 1, "gpu-1"), "kubelet");
        cluster.Put(WithGpus("hidden", "amd.com/gpu", 1, "gpu-2"), "kubelet");
        cluster.Put(WithGpus("waits", "nvidia.com/gpu", 2, null), "kubelet");
        cluster.Put(Pod("none", isFetching: true), "kubelet");

        var seen = Look(Managed());

        Assert.Equal("2 × nvidia.com/gpu (NVIDIA-A100-SXM4-40GB)", seen["whole"].Gpus);
        Assert.Equal("1 × nvidia.com/mig-1g.10gb (NVIDIA-A100-SXM4-80GB-MIG-1g.10gb)", seen["part"].Gpus);
        Assert.Equal("1 × amd.com/gpu", seen["hidden"].Gpus);
        Assert.Null(seen["waits"].Gpus);
        Assert.Null(seen["none"].Gpus);
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

    private static V1Pod Server(string name, bool isReady)
    {
        var pod = Pod(name, isFetching: false);
        pod.Status.InitContainerStatuses[0].State = new() { Terminated = new() { ExitCode = 0 } };
        pod.Status.ContainerStatuses = [new() { Name = "server", Ready = isReady, State = new() { Running = new() { StartedAt = Start.UtcDateTime } } }];
        return pod;
    }

    private static V1Pod WithGpus(string name, string resource, int count, string? node)
    {
        var pod = Pod(name, isFetching: false);
        pod.Spec.NodeName = node;
        pod.Spec.Containers = [new() { Name = "server", Resources = new() { Limits = new Dictionary<string, ResourceQuantity> { [resource] = new(count.ToString(System.Globalization.CultureInfo.InvariantCulture)), ["cpu"] = new("1") } } }];
        return pod;
    }

    private sealed class Deaf : ITargetEvents
    {
        public void Report(TargetEvent happened)
        {
        }
    }
}
