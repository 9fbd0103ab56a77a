using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Kubernetes.Inventory;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Inventory;

public sealed class NodeFitTests
{
    private static readonly PlacementRules Rules = new() { NodeFilter = new Dictionary<string, string> { ["team"] = "ml" } };

    private static readonly PlanSpec Plan = Rules.Fill(
        KubernetesSamples.Plan with { Resources = new() { CpuThreads = 2, MemoryMiB = 1024, Gpus = 1 }, Kubernetes = KubernetesSamples.Plan.Kubernetes! with { NodeSelector = new Dictionary<string, string> { ["pool"] = "a" } } },
        10L << 30);

    private static readonly Node Good = new()
    {
        Name = "good", Architecture = "x64", CpuCores = 8, MemoryBytes = 64L << 30, MemoryFreeBytes = 64L << 30,
        Labels = new Dictionary<string, string> { ["pool"] = "a", ["team"] = "ml", ["kubernetes.io/os"] = "linux" }, Taints = ["nvidia.com/gpu:NoSchedule"], GpuPools = [new("nvidia.com/gpu", "H100", null, 8, 3)],
        Conditions = [new("Ready", true, "", "", null)], PodsAllocatable = 110, Pods = 20, Disks = [new("ephemeral storage", "", 200L << 30, 100L << 30)],
    };

    [Fact]
    public void Check_NodesOfAllSorts_SaysWhyEachDoesNotFit()
    {
        Assert.Equal(3, NodeFit.Check(Plan, Good).Replicas);
        Refuses("is cordoned", Good with { IsUnschedulable = true });
        Refuses("is not ready: kubelet stopped", Good with { Conditions = [new("Ready", false, "", "kubelet stopped", null)] });
        Refuses("has not told how it is", Good with { Conditions = [new("Ready", null, "", "", null)] });
        Refuses("has no label pool", Without("pool"));
        Refuses("has pool=b, the plan wants a", With("pool", "b"));
        Refuses("has no label team, the target uses only nodes with team=ml", Without("team"));
        Refuses("has team=web, the target uses only nodes with team=ml", With("team", "web"));
        Refuses("runs windows, and the images of the runtime are for linux", With("kubernetes.io/os", "windows"));
        Refuses("taint dedicated=db:NoSchedule", Good with { Taints = ["dedicated=db:NoSchedule"] });
        Refuses("has 1 of 8 cores left", Good with { CpuPromised = 7 });
        Refuses("has 512 MiB of memory left", Good with { MemoryPromisedBytes = (64L << 30) - (512L << 20) });
        Refuses("has 0 of 8 nvidia.com/gpu (H100) left", Good with { GpuPools = [new("nvidia.com/gpu", "H100", null, 8, 0)] });
        Refuses("has 0 of 6 nvidia.com/gpu (H100) left, 2 more are not usable", Good with { GpuPools = [new("nvidia.com/gpu", "H100", null, 6, 0) { Capacity = 8 }] });
        Refuses("has 8 nvidia.com/gpu (H100), none of them usable", Good with { GpuPools = [new("nvidia.com/gpu", "H100", null, 0, 0) { Capacity = 8 }] });
        Refuses("offers no nvidia.com/gpu, only amd.com/gpu", Good with { GpuPools = [new("amd.com/gpu", "MI300X", null, 8, 8)] });
        Refuses("runs 110 pods and takes no more than 110", Good with { Pods = 110 });
        Refuses("has 5 GiB of disk left, a replica needs 10.5 GiB", Good with { Disks = [new("ephemeral storage", "", 200L << 30, 5L << 30)] });
        Refuses("is not among the chosen nodes", Good, Plan with { Nodes = ["other"] });
    }

    [Fact]
    public void Check_FewPodsOrLittleDiskLeft_FitsThatOften()
    {
        var many = Good with { GpuPools = [new("nvidia.com/gpu", "H100", null, 64, 64)], CpuCores = 256 };

        Assert.Equal(2, NodeFit.Check(Plan, many with { Pods = 108 }).Replicas);
        Assert.Equal(9, NodeFit.Check(Plan, many).Replicas);
    }

    [Fact]
    public void Check_ConditionsThatTheSchedulerDoesNotLookAt_DecideNothing()
    {
        Assert.True(NodeFit.Check(Plan, Good with { Conditions = [.. Good.Conditions, new("KernelDeadlock", false, "", "", null) { IsNote = true }, new("StorageReady", null, "", "", null) { IsNote = true }] }).Fits);
        Assert.True(NodeFit.Check(Plan, Good with { Conditions = [.. Good.Conditions, new("MemoryPressure", false, "", "", null)] }).Fits);

        // What Kubernetes marks so itself.
        Refuses("is short of memory: too little left", Good with { Conditions = [.. Good.Conditions, new("MemoryPressure", false, "", "too little left", null)], Taints = ["node.kubernetes.io/memory-pressure:NoSchedule"] });
    }

    [Theory]
    [InlineData("sku=gpu:NoSchedule", "sku=gpu:NoSchedule", true)]
    [InlineData("sku=gpu:NoSchedule", "sku:NoSchedule", true)]
    [InlineData("sku=gpu:NoSchedule", "sku=gpu", true)]
    [InlineData("dedicated=ml:NoExecute", "dedicated", true)]
    [InlineData("dedicated:NoSchedule", "dedicated=:NoSchedule", true)]
    [InlineData("dedicated=ml:NoSchedule", "dedicated=db:NoSchedule", false)]
    [InlineData("dedicated=ml:NoExecute", "dedicated=ml:NoSchedule", false)]
    [InlineData("dedicated=ml:NoSchedule", "other=ml:NoSchedule", false)]
    [InlineData("dedicated=ml:PreferNoSchedule", null, true)]
    public void Check_TaintOfANode_FitsWhereTheTargetPutsUpWithIt(string taint, string? tolerated, bool fits)
    {
        var rules = new Ops.Dashboard.Features.Targets.Kubernetes.Client.KubernetesTargetSettings { Tolerations = tolerated is null ? [] : [tolerated] }.Placement();

        Assert.Equal(fits, NodeFit.Check(rules.Fill(KubernetesSamples.Plan, 0), Good with { Taints = [taint] }).Fits);
    }

    private static Node Without(string label) => Good with { Labels = Good.Labels.Where(l => l.Key != label).ToDictionary() };

    private static Node With(string label, string value) => Good with { Labels = new Dictionary<string, string>(Good.Labels) { [label] = value } };

    private static void Refuses(string why, Node node, PlanSpec? other = null)
    {
        var verdict = NodeFit.Check(other ?? Plan, node);
        Assert.Equal(0, verdict.Replicas);
        Assert.Contains(why, Assert.Single(verdict.Refusals), StringComparison.Ordinal);
    }
}
