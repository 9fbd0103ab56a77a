using k8s.Models;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Kubernetes.Inventory;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Inventory;

public sealed class NodeReaderTests
{
    [Fact]
    public void Read_GpuNode_TellsProductMemoryAndWhatIsFree()
    {
        var node = Node("gpu-1", new() { ["cpu"] = "64", ["memory"] = "256Gi", ["nvidia.com/gpu"] = "8", ["ephemeral-storage"] = "1Ti" });
        node.Metadata.Labels = new Dictionary<string, string> { ["nvidia.com/gpu.product"] = "NVIDIA-H100-80GB-HBM3", ["nvidia.com/gpu.memory"] = "81559" };
        node.Spec = new() { Taints = [new() { Key = "nvidia.com/gpu", Effect = "NoSchedule", Value = "present" }] };

        var read = Assert.Single(NodeReader.Read([node], [Pod("gpu-1", "Running", gpus: 3), Pod("gpu-1", "Succeeded", gpus: 1), Pod("gpu-2", "Running", gpus: 1)]));

        var pool = Assert.Single(read.GpuPools);
        Assert.Equal(new NodeGpuPool("nvidia.com/gpu", "NVIDIA-H100-80GB-HBM3", 81559L << 20, 8, 5), pool);
        Assert.Equal((8, 5), (read.Gpus.Count, read.Gpus.Count(g => g.MemoryFreeBytes is not null)));
        Assert.Equal(["nvidia.com/gpu=present:NoSchedule"], read.Taints);
        Assert.Equal((64, 2, 256L << 30, 4L << 30), (read.CpuCores, read.CpuPromised, read.MemoryBytes, read.MemoryPromisedBytes));
        Assert.Equal(("x64", "Debian 13, kernel 6.12", "containerd://2.1"), (read.Architecture, read.OperatingSystem, read.ContainerRuntime));
        Assert.Equal(["10.0.0.1"], read.Addresses);
    }

    [Theory]
    [InlineData("nvidia.com/mig-1g.10gb", "nvidia.com/mig-1g.10gb.product", "A100-MIG-1g.10gb", "nvidia.com/mig-1g.10gb.memory", "9856", 9856L << 20)]
    [InlineData("amd.com/gpu", "amd.com/gpu.product-name", "AMD_Instinct_MI300X", "amd.com/gpu.vram", "192G", 192L << 30)]
    [InlineData("gpu.intel.com/i915", "gpu.intel.com/product", "Max_1550", "gpu.intel.com/memory.max", "1000", 1000L)]
    [InlineData("habana.ai/gaudi", "unused", "Intel Gaudi", "unused2", "1", null)]
    public void Read_OtherVendors_AreKnown(string resource, string productLabel, string product, string memoryLabel, string memory, long? bytes)
    {
        var node = Node("n", new() { [resource] = "2", ["nvidia.com/other"] = "1" });
        node.Metadata.Labels = new Dictionary<string, string> { [productLabel] = product, [memoryLabel] = memory };

        Assert.Equal([new NodeGpuPool(resource, product, bytes, 2, 2)], Assert.Single(NodeReader.Read([node], [])).GpuPools);
    }

    [Fact]
    public void Read_InitStepAndSidecar_CountAsTheSchedulerCounts()
    {
        var pod = Pod("n", "Running");
        pod.Spec.InitContainers =
        [
            new() { Resources = new() { Requests = new Dictionary<string, ResourceQuantity> { ["cpu"] = new("5") } } },
            new() { RestartPolicy = "Always", Resources = new() { Limits = new Dictionary<string, ResourceQuantity> { ["cpu"] = new("500m") } } },
        ];

        Assert.Equal(5, Assert.Single(NodeReader.Read([Node("n", new() { ["cpu"] = "8" })], [pod])).CpuPromised);
    }

    [Fact]
    public void Check_NodesOfAllSorts_SaysWhyEachDoesNotFit()
    {
        var plan = KubernetesSamples.Plan with { Resources = new() { CpuThreads = 2, MemoryMiB = 1024, Gpus = 1 }, Kubernetes = KubernetesSamples.Plan.Kubernetes! with { NodeSelector = new Dictionary<string, string> { ["pool"] = "a" } } };
        var good = new Node
        {
            Name = "good", Architecture = "x64", CpuCores = 8, MemoryBytes = 64L << 30, MemoryFreeBytes = 64L << 30,
            Labels = new Dictionary<string, string> { ["pool"] = "a" }, Taints = ["nvidia.com/gpu:NoSchedule"], GpuPools = [new("nvidia.com/gpu", "H100", null, 8, 3)],
            Conditions = [new("Ready", true, "", "", null)],
        };

        Assert.Equal(3, NodeFit.Check(plan, good).Replicas);
        Refuses("is cordoned", good with { IsUnschedulable = true });
        Refuses("is not ready: kubelet stopped", good with { Conditions = [new("Ready", false, "", "kubelet stopped", null)] });
        Refuses("has not told how it is", good with { Conditions = [new("Ready", null, "", "", null)] });
        Refuses("has MemoryPressure", good with { Conditions = [new("MemoryPressure", false, "", "", null)] });
        Refuses("has no label pool", good with { Labels = new Dictionary<string, string>() });
        Refuses("has pool=b, the plan wants a", good with { Labels = new Dictionary<string, string> { ["pool"] = "b" } });
        Refuses("taint dedicated=db:NoSchedule", good with { Taints = ["dedicated=db:NoSchedule"] });
        Refuses("has 1 of 8 cores left", good with { CpuPromised = 7 });
        Refuses("has 512 MiB of memory left", good with { MemoryPromisedBytes = (64L << 30) - (512L << 20) });
        Refuses("has 0 of 8 nvidia.com/gpu (H100) left", good with { GpuPools = [new("nvidia.com/gpu", "H100", null, 8, 0)] });
        Refuses("offers no nvidia.com/gpu, only amd.com/gpu", good with { GpuPools = [new("amd.com/gpu", "MI300X", null, 8, 8)] });
        Refuses("is not among the chosen nodes", good, plan with { Nodes = ["other"] });

        void Refuses(string why, Node node, PlanSpec? other = null)
        {
            var verdict = NodeFit.Check(other ?? plan, node);
            Assert.Equal(0, verdict.Replicas);
            Assert.Contains(why, Assert.Single(verdict.Refusals), StringComparison.Ordinal);
        }
    }

    private static V1Node Node(string name, Dictionary<string, string> capacity)
    {
        var amounts = capacity.ToDictionary(c => c.Key, c => new ResourceQuantity(c.Value));
        return new()
        {
            Metadata = new() { Name = name },
            Status = new()
            {
                Capacity = amounts,
                Allocatable = amounts,
                Addresses = [new() { Type = "InternalIP", Address = "10.0.0.1" }, new() { Type = "Hostname", Address = name }],
                NodeInfo = new() { Architecture = "amd64", OsImage = "Debian 13", KernelVersion = "6.12", ContainerRuntimeVersion = "containerd://2.1" },
            },
        };
    }

    private static V1Pod Pod(string node, string phase, int gpus = 0) => new()
    {
        Metadata = new() { Name = Guid.NewGuid().ToString() },
        Spec = new()
        {
            NodeName = node,
            Containers =
            [
                new()
                {
                    Resources = new()
                    {
                        Requests = new Dictionary<string, ResourceQuantity> { ["cpu"] = new("2"), ["memory"] = new("4Gi") },
                        Limits = gpus == 0 ? null : new Dictionary<string, ResourceQuantity> { ["nvidia.com/gpu"] = new($"{gpus}"), ["cpu"] = new("9") },
                    },
                },
            ],
        },
        Status = new() { Phase = phase },
    };
}
