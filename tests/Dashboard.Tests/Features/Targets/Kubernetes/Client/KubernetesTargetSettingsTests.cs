using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Client;

public sealed class KubernetesTargetSettingsTests
{
    private static readonly KubernetesTargetSettings Settings = new() { Namespace = "models", Registries = ["registry.example"] };

    [Fact]
    public void Read_SettingsFromBefore_AreAsTheyWere()
    {
        var rules = KubernetesTargetSettings.Read("""{"namespace":"models","registries":["registry.example"]}""").Placement();

        Assert.Equal((0, 0, 0, null, null, null, false), (rules.NodeFilter.Count, rules.Tolerations.Count, rules.GpuTolerations.Count, rules.RuntimeClass, rules.GpuRuntimeClass, rules.PriorityClass, rules.AddsNodes));
    }

    [Fact]
    public void Placement_WithAndWithoutGpus_TakesWhatIsForThem()
    {
        var rules = (Settings with
        {
            NodeFilter = " pool = a ,zone=b", Tolerations = [" dedicated=ml ", ""], GpuTolerations = ["sku=gpu:NoSchedule"], RuntimeClass = "gvisor", GpuRuntimeClass = "nvidia", PriorityClass = "models",
        }).Clean().Placement();

        var cpu = rules.Fill(KubernetesSamples.Plan, 10L << 20).Kubernetes!;
        var gpu = rules.Fill(KubernetesSamples.Plan with { Resources = new() { Gpus = 1 } }, 0).Kubernetes!;

        Assert.Equal(new Dictionary<string, string> { ["kubernetes.io/os"] = "linux", ["pool"] = "a", ["zone"] = "b" }, cpu.NodeFilter);
        Assert.Equal([new PlanToleration("dedicated", "ml")], cpu.Tolerations);
        Assert.Equal(["dedicated=ml", "sku=gpu:NoSchedule"], gpu.Tolerations.Select(t => t.ToString()));
        Assert.Equal(("gvisor", "nvidia", "models", "models"), (cpu.RuntimeClass, gpu.RuntimeClass, cpu.PriorityClass, gpu.PriorityClass));
        Assert.Equal((522, 512), (cpu.DiskMiB, gpu.DiskMiB));
    }

    [Theory]
    [InlineData("pool=a, zone=b", null)]
    [InlineData("example.com/empty=", null)]
    [InlineData("pool", "nodeLabels")]
    [InlineData("pool=a,pool=b", "nodeLabels")]
    [InlineData("pool==a", "nodeLabels")]
    [InlineData("!pool", "nodeLabels")]
    [InlineData("pool=a\nhostNetwork: true", "nodeLabels")]
    [InlineData("node-role.kubernetes.io/control-plane=", "nodeLabels")]
    [InlineData("a234567890123456789012345678901234567890123456789012345678901234=x", "nodeLabels")]
    public void Check_LabelsOfNodes_AreEqualitiesAlone(string filter, string? field) => Assert.Equal(field, (Settings with { NodeFilter = filter }).Check().Failure?.Field);

    [Theory]
    [InlineData("sku=gpu:NoSchedule", true)]
    [InlineData("kubernetes.azure.com/scalesetpriority=spot:NoSchedule", true)]
    [InlineData("dedicated", true)]
    [InlineData("dedicated:NoExecute", true)]
    [InlineData("", false)]
    [InlineData("=ml:NoSchedule", false)]
    [InlineData("dedicated=ml:Never", false)]
    [InlineData("dedicated=ml:", false)]
    [InlineData("dedicated=ml\nhostNetwork: true", false)]
    [InlineData("dedicated=a b", false)]
    [InlineData("node.kubernetes.io/unschedulable:NoSchedule", false)]
    [InlineData("node.kubernetes.io/not-ready", false)]
    [InlineData("a234567890123456789012345678901234567890123456789012345678901234=x", false)]
    public void Check_ToleratedTaints_AreTaintsOfPeople(string taint, bool passes)
    {
        Assert.Equal(passes ? null : "tolerations", (Settings with { Tolerations = [taint] }).Check().Failure?.Field);
        Assert.Equal(passes ? null : "gpuTolerations", (Settings with { GpuTolerations = ["good", taint] }).Check().Failure?.Field);
    }

    [Theory]
    [InlineData("nvidia", true)]
    [InlineData("kata.example.com", true)]
    [InlineData("NVIDIA", false)]
    [InlineData("nvidia\nhostNetwork: true", false)]
    [InlineData("a/b", false)]
    public void Check_Classes_AreNames(string name, bool passes)
    {
        Assert.Equal(passes ? null : "runtimeClass", (Settings with { RuntimeClass = name }).Check().Failure?.Field);
        Assert.Equal(passes ? null : "gpuRuntimeClass", (Settings with { GpuRuntimeClass = name }).Check().Failure?.Field);
        Assert.Equal(passes ? null : "priorityClass", (Settings with { PriorityClass = name }).Check().Failure?.Field);
    }

    [Fact]
    public void Check_PriorityOfTheClusterItself_IsRefused() => Assert.Equal("priorityClass", (Settings with { PriorityClass = "system-node-critical" }).Check().Failure?.Field);
}
