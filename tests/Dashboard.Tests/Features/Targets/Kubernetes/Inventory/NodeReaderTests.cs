using k8s.Models;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Kubernetes.Inventory;
using Ops.Dashboard.Features.Targets.Pages;

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
    public void Read_ConditionsOfAgents_AreMeantAsTheirNamesSay()
    {
        var node = Node("n", []);
        node.Status.Conditions =
        [
            Condition("Ready", "True"), Condition("MemoryPressure", "False"), Condition("NetworkUnavailable", "True"), Condition("KernelReady", "True"), Condition("StorageReady", "False"),
            Condition("KernelDeadlock", "True"), Condition("ReadonlyFilesystem", "False"), Condition("FrequentKubeletRestart", "Unknown"),
        ];

        var read = Assert.Single(NodeReader.Read([node], []));

        Assert.Equal(
            [("Ready", true, false), ("MemoryPressure", true, false), ("NetworkUnavailable", false, false), ("KernelReady", true, true), ("StorageReady", false, true), ("KernelDeadlock", false, true), ("ReadonlyFilesystem", true, true), ("FrequentKubeletRestart", null, true)],
            read.Conditions.Select(c => (c.Type, c.IsGood, c.IsNote)));
        Assert.Equal(
            [(State.Warning, "NetworkUnavailable"), (State.Neutral, "Not StorageReady"), (State.Neutral, "KernelDeadlock"), (State.Neutral, "FrequentKubeletRestart unknown")],
            NodeWords.Troubles(read).Select(t => (t.State, t.Text)));

        static V1NodeCondition Condition(string type, string status) => new() { Type = type, Status = status };
    }

    [Fact]
    public void Read_GpusThatDoNotWork_AreOfTheNodeButNotFree()
    {
        var node = Node("n", new() { ["nvidia.com/gpu"] = "8" });
        node.Status.Allocatable = new Dictionary<string, ResourceQuantity> { ["nvidia.com/gpu"] = new("6") };
        var none = Node("o", new() { ["amd.com/gpu"] = "4" });
        none.Status.Allocatable = new Dictionary<string, ResourceQuantity> { ["amd.com/gpu"] = new("0") };

        var read = NodeReader.Read([node, none], [Pod("n", "Running", gpus: 2)]);

        Assert.Equal(new NodeGpuPool("nvidia.com/gpu", "NVIDIA GPU", null, 6, 4) { Capacity = 8 }, Assert.Single(read[0].GpuPools));
        Assert.Equal([("8 × NVIDIA GPU", "6 of 8 usable, 4 free")], NodeWords.Gpus(read[0]));
        Assert.Equal([("4 × AMD GPU", "0 of 4 usable, 0 free")], NodeWords.Gpus(read[1]));
        Assert.Null(read[1].GpuNote);
    }

    [Fact]
    public void Read_PodsOfANode_CountAgainstItsMost()
    {
        var read = Assert.Single(NodeReader.Read([Node("n", new() { ["pods"] = "110" })], [Pod("n", "Running"), Pod("n", "Pending"), Pod("n", "Failed"), Pod("other", "Running")]));

        Assert.Equal((110, 2), (read.PodsAllocatable, read.Pods));
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
