using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Inventory;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Inventory;

/// <summary>Sums as the scheduler makes them.</summary>
public sealed class PodRequestsTests
{
    [Fact]
    public void Sum_SidecarAfterAStep_RunsBesideTheContainersOnly() => Assert.Equal(5, Cpu(Pod(["2"], Step("5"), Sidecar("500m"))));

    [Fact]
    public void Sum_SidecarBeforeAStep_RunsBesideThatToo() => Assert.Equal(5.5m, Cpu(Pod(["2"], Sidecar("500m"), Step("5"))));

    [Fact]
    public void Sum_SidecarsAndContainers_AreMoreThanTheGreediestStep() => Assert.Equal(7, Cpu(Pod(["2", "3"], Sidecar("1"), Step("4"), Sidecar("1"))));

    [Fact]
    public void Sum_StepBetweenSidecars_CountsThoseBeforeIt() => Assert.Equal(6, Cpu(Pod(["1"], Sidecar("1"), Step("5"), Sidecar("3"))));

    [Fact]
    public void Sum_PodAsksAsAWhole_ItsContainersDoNotCount()
    {
        var pod = Pod(["2", "3"], Sidecar("1"));
        pod.Spec.Resources = new() { Requests = new Dictionary<string, ResourceQuantity> { ["cpu"] = new("4") } };
        pod.Spec.Overhead = new Dictionary<string, ResourceQuantity> { ["cpu"] = new("250m") };
        pod.Spec.Containers[0].Resources.Requests["memory"] = new("1Gi");

        Assert.Equal(4.25m, Cpu(pod));
        Assert.Equal(1 << 30, PodRequests.Sum([pod])["memory"]);
    }

    private static decimal Cpu(V1Pod pod) => PodRequests.Sum([pod])["cpu"];

    private static V1Container Step(string cpu) => new() { Resources = new() { Requests = new Dictionary<string, ResourceQuantity> { ["cpu"] = new(cpu) } } };

    // A limit without a request is a request of as much.
    private static V1Container Sidecar(string cpu) => new() { RestartPolicy = "Always", Resources = new() { Limits = new Dictionary<string, ResourceQuantity> { ["cpu"] = new(cpu) } } };

    private static V1Pod Pod(string[] containers, params V1Container[] before) => new() { Spec = new() { Containers = [.. containers.Select(Step)], InitContainers = [.. before] } };
}
