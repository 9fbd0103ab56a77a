using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Objects;

public sealed class PlanGuardTests
{
    private static readonly string[] Registries = ["registry.example/ops"];

    [Fact]
    public void Check_PlanAsTheWizardMakesIt_Passes() => Assert.Null(Refused(KubernetesSamples.Plan));

    [Fact]
    public void Check_NameWithAnotherLine_IsRefused() => Assert.Equal("endpoint", Refused(KubernetesSamples.Plan with { Endpoint = "digits\nhostNetwork: true" }));

    [Fact]
    public void Check_NamespaceOfAnother_IsRefused() => Assert.Equal("target", Refused(With(k => k with { Namespace = "kube-system" })));

    [Fact]
    public void Check_PlanOfAnotherKindOfTarget_IsRefused() => Assert.Equal("target", Refused(KubernetesSamples.Plan with { Kubernetes = null }));

    [Fact]
    public void Check_ImageFromElsewhere_IsRefused()
    {
        Assert.Equal("image", Refused(With(k => k with { Image = KubernetesSamples.Image.Replace("registry.example", "registry.example.evil.com", StringComparison.Ordinal) })));
        Assert.False(PlanGuard.Check(KubernetesSamples.Plan, KubernetesSamples.Namespace, []).Succeeded);
    }

    [Fact]
    public void Check_MutableTag_IsRefused() => Assert.Equal("image", Refused(With(k => k with { Image = "registry.example/ops/ops-runtime:1.0" })));

    [Theory]
    [InlineData("gpu", "yes")]
    [InlineData("team.example/pool", "gpu-a100")]
    [InlineData("kubernetes.io/arch", "amd64")]
    [InlineData("topology.kubernetes.io/zone", "a")]
    [InlineData("nvidia.com/gpu.product", "NVIDIA-H100-80GB-HBM3")]
    public void Check_LabelToChooseBy_Passes(string name, string value) => Assert.Null(Refused(Choosing(name, value)));

    [Theory]
    [InlineData("kubernetes.io/anything", "x")]
    [InlineData("node-role.kubernetes.io/control-plane", "")]
    [InlineData("x.k8s.io/y", "x")]
    [InlineData("a234567890123456789012345678901234567890123456789012345678901234", "x")]
    [InlineData("gpu", "a234567890123456789012345678901234567890123456789012345678901234")]
    [InlineData("gpu", "yes\nhostNetwork: true")]
    [InlineData("a/b/c", "x")]
    [InlineData("", "x")]
    [InlineData("UPPER.example/x", "x")]
    public void Check_ReservedOrMalformedLabel_IsRefused(string name, string value) => Assert.Equal("nodeSelector", Refused(Choosing(name, value)));

    [Theory]
    [InlineData("model-cache", null)]
    [InlineData("../secrets", "target")]
    [InlineData("a\nb", "target")]
    public void Check_CacheClaim_IsTheNameOfOne(string claim, string? field) => Assert.Equal(field, Refused(With(k => k with { CacheClaim = claim })));

    [Fact]
    public void Check_NodeThatIsNoName_IsRefused() => Assert.Equal("nodes", Refused(KubernetesSamples.Plan with { Nodes = ["node-1", "node 2"] }));

    [Fact]
    public void Check_ResourceThatIsNoGpu_IsRefusedOnlyWhenGpusAreWanted()
    {
        var plan = With(k => k with { GpuResource = "hugepages-2Mi" });

        Assert.Null(Refused(plan));
        Assert.Equal("gpuResource", Refused(plan with { Resources = new() { Gpus = 1 } }));
        Assert.Null(Refused(With(k => k with { GpuResource = "nvidia.com/mig-1g.10gb" }) with { Resources = new() { Gpus = 1 } }));
    }

    [Theory]
    [InlineData(0, 3, 50, null, null)]
    [InlineData(3, 2, 50, null, null)]
    [InlineData(1, 2, null, null, null)]
    [InlineData(1, 2, 0, null, null)]
    [InlineData(1, 2, null, "queue", null)]
    [InlineData(1, 2, null, "queue", "many")]
    [InlineData(1, 2, null, "queue", "-1")]
    public void Check_ScalingThatCannotWork_IsRefused(int least, int most, int? cpu, string? metric, string? average) =>
        Assert.Equal("autoscaling", Refused(With(k => k with { Autoscaling = new() { MinReplicas = least, MaxReplicas = most, CpuPercent = cpu, PodMetric = metric, PodMetricAverage = average } })));

    [Fact]
    public void Check_VariableThatWouldMoveTheModels_IsRefused() =>
        Assert.Equal("environmentVariables", Refused(KubernetesSamples.Plan with { EnvironmentVariables = new Dictionary<string, string> { ["Ops__Runtime__CacheFolder"] = "/etc" } }));

    [Fact]
    public void Check_LabelAgainstTheTargets_IsRefusedAtTheLabel()
    {
        var kept = new Dictionary<string, string> { ["pool"] = "a" };

        Assert.Null(Refused(With(k => k with { NodeFilter = kept, NodeSelector = kept })));
        Assert.Equal("nodeSelector", Refused(With(k => k with { NodeFilter = kept, NodeSelector = new Dictionary<string, string> { ["pool"] = "b" } })));
    }

    [Fact]
    public void Check_PlacementThatNoTargetGives_IsRefused()
    {
        Assert.Equal("target", Refused(With(k => k with { NodeFilter = new Dictionary<string, string> { ["node-role.kubernetes.io/control-plane"] = "" } })));
        Assert.Equal("target", Refused(With(k => k with { Tolerations = [new("node.kubernetes.io/unschedulable")] })));
        Assert.Equal("target", Refused(With(k => k with { Tolerations = [new("")] })));
        Assert.Equal("target", Refused(With(k => k with { Tolerations = [new("a", "b\nhostNetwork: true")] })));
        Assert.Equal("target", Refused(With(k => k with { RuntimeClass = "x\nhostNetwork: true" })));
        Assert.Equal("target", Refused(With(k => k with { PriorityClass = "system-cluster-critical" })));
    }

    private static string? Refused(PlanSpec plan) => PlanGuard.Check(plan, KubernetesSamples.Namespace, Registries).Failure?.Field;

    private static PlanSpec With(Func<PlanKubernetes, PlanKubernetes> change) => KubernetesSamples.Plan with { Kubernetes = change(KubernetesSamples.Plan.Kubernetes!) };

    private static PlanSpec Choosing(string name, string value) => With(k => k with { NodeSelector = new Dictionary<string, string> { [name] = value } });
}
