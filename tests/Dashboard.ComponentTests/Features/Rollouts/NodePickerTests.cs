using Bunit;
using Microsoft.Extensions.Primitives;
using Ops.Dashboard.ComponentTests.Components;
using Ops.Dashboard.Features.Rollouts.Pages.Wizard;
using Ops.Dashboard.Features.Targets;
using Ops.Data.Targets;

namespace Ops.Dashboard.ComponentTests.Features.Rollouts;

public sealed class NodePickerTests
{
    private const long GiB = 1024L * 1024 * 1024;

    [Fact]
    public void Nodes_OfACluster_SayWhatFitsAndWhyNot()
    {
        using var context = new ControlsContext();
        var form = new PlanForm { Gpus = 1, MemoryMiB = 1024 };
        var picker = Render(context, form);

        Assert.Contains("2 of 6 nodes fit; room for 3 replicas of 2", picker.Find("[role=status]").TextContent, StringComparison.Ordinal);
        Assert.Contains("2 × NVIDIA-A100-SXM4-80GB", Row(picker, "gpu-1"), StringComparison.Ordinal);
        Assert.Contains("80 GiB each, 1 of 2 free", Row(picker, "gpu-1"), StringComparison.Ordinal);
        Assert.Contains("fits 2 replicas", Row(picker, "gpu-2"), StringComparison.Ordinal);
        Assert.Contains("does not fit", Row(picker, "cpu-1"), StringComparison.Ordinal);
        Assert.Contains("offers no nvidia.com/gpu", Row(picker, "cpu-1"), StringComparison.Ordinal);
    }

    [Fact]
    public void Filter_ByGpuOrLabel_NarrowsTheList_AndOnlyFittingHidesTheRest()
    {
        using var context = new ControlsContext();
        var form = new PlanForm { Gpus = 1, MemoryMiB = 1024 };
        var picker = Render(context, form);
        Assert.Equal(6, picker.FindAll("tbody tr").Count);

        picker.Find("input[type=search]").Input("a100");
        Assert.Equal(["gpu-1", "gpu-2"], Names(picker));
        picker.Find("input[type=search]").Input("zone=b");
        Assert.Equal(["gpu-2"], Names(picker));
        picker.Find("input[type=search]").Input("nothing like it");
        Assert.Contains("No node matches", picker.Markup, StringComparison.Ordinal);
        picker.Find("input[type=search]").Input("");
        picker.FindAll("button").Single(b => b.TextContent == "Only those that fit").Click();
        Assert.Equal(["gpu-1", "gpu-2"], Names(picker));
    }

    [Fact]
    public void Nodes_ByNameOrByGpu_AreInTheFormAndItsAddress()
    {
        using var context = new ControlsContext();
        var form = new PlanForm { Gpus = 1, MemoryMiB = 1024 };
        var picker = Render(context, form);

        picker.Find("input[aria-label='Use gpu-2']").Change(true);
        Assert.Contains("1 chosen, 1 of them fit; room for 2 replicas of 2", picker.Find("[role=status]").TextContent, StringComparison.Ordinal);
        picker.FindAll("button").Single(b => b.TextContent == "NVIDIA A100 SXM4 80GB").Click();
        Assert.Equal("nvidia.com/gpu.product=NVIDIA-A100-SXM4-80GB", form.Kubernetes.NodeSelector);
        Assert.Contains("has no label nvidia.com/gpu.product", Row(picker, "cpu-1"), StringComparison.Ordinal);

        var query = form.ToQuery().Where(p => p.Value is not null).ToDictionary(p => p.Key, p => new StringValues(p.Value!.ToString()));
        var again = PlanForm.FromQuery(query);
        Assert.Equal(["gpu-2"], again.Nodes);
        Assert.Equal(form.Kubernetes.Labels, again.Kubernetes.Labels);

        picker.FindAll("button").Single(b => b.TextContent == "NVIDIA A100 SXM4 80GB").Click();
        Assert.Equal("", form.Kubernetes.NodeSelector);
    }

    [Fact]
    public void Nodes_ThatCannotBeSeen_SayWhy()
    {
        using var context = new ControlsContext();
        var picker = context.Render<NodePicker>(p => p
            .Add(n => n.Form, new())
            .Add(n => n.Target, new(Guid.NewGuid(), "lab", TargetKinds.Kubernetes, TargetEnvironment.Dev, new([], default, "It did not answer within 5 s.")))
            .Add(n => n.ErrorOf, _ => null));

        Assert.Contains("It did not answer within 5 s.", picker.Find(".notice").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Nodes_ThatTheAccountMayNotRead_LeaveTheChoiceByLabels()
    {
        using var context = new ControlsContext();
        var form = new PlanForm();
        form.Nodes.Add("gpu-7");
        var picker = Render(context, form, new([], default) { Hidden = "The account of lab may not read nodes.", Placement = new() });

        Assert.Contains("The account of lab may not read nodes.", picker.Find(".notice").TextContent, StringComparison.Ordinal);
        Assert.Contains("kept to gpu-7", picker.Find(".notice").TextContent, StringComparison.Ordinal);
        Assert.Empty(picker.FindAll("table"));
        Assert.Contains(picker.FindAll("label"), l => l.TextContent.Contains("Labels that nodes must have", StringComparison.Ordinal));
        picker.FindAll("button").Single(b => b.TextContent == "Any node").Click();
        Assert.Empty(form.Nodes);
    }

    [Fact]
    public void Nodes_OfATargetThatKeepsToSome_SayWhichAndWhatItsPodsPutUpWith()
    {
        using var context = new ControlsContext();
        var form = new PlanForm { Gpus = 1, MemoryMiB = 1024, Replicas = 1 };
        var labels = new Dictionary<string, string> { ["pool"] = "ml", ["kubernetes.io/os"] = "linux" };
        var fits = Gpu("gpu-1", "a", 2) with { Labels = labels, Taints = ["sku=gpu:NoSchedule"], Disks = [new("ephemeral storage", "", 100 * GiB, 50 * GiB)] };
        TargetInventory inventory = new([fits, fits with { Name = "gpu-2", Taints = ["sku=db:NoSchedule"] }, fits with { Name = "gpu-3", Disks = [new("ephemeral storage", "", 100 * GiB, 10 * GiB)] }], default)
        {
            Placement = new() { NodeFilter = new Dictionary<string, string> { ["pool"] = "ml" }, GpuTolerations = [new("sku", "gpu")], AddsNodes = true },
        };
        var picker = Render(context, form, inventory, 20 * GiB);

        Assert.Contains("This target uses only nodes with pool=ml.", picker.Markup, StringComparison.Ordinal);
        Assert.Contains("The cluster adds nodes when they are needed", picker.Markup, StringComparison.Ordinal);
        Assert.Contains("fits 2 replicas", Row(picker, "gpu-1"), StringComparison.Ordinal);
        Assert.Contains("taint sku=db:NoSchedule", Row(picker, "gpu-2"), StringComparison.Ordinal);
        Assert.Contains("has 10 GiB of disk left, a replica needs 20.5 GiB", Row(picker, "gpu-3"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2:8:70:::")]
    [InlineData("1:4::80:queue_depth:20")]
    public void Autoscaling_InTheAddress_IsReadAgain(string scale)
    {
        var form = PlanForm.FromQuery(new Dictionary<string, StringValues> { ["scale"] = scale, ["host"] = "digits.example.org" });

        Assert.True(form.Kubernetes.IsAdvanced);
        Assert.Equal(scale, form.ToQuery()["scale"]);
        Assert.Equal("digits.example.org", form.ToQuery()["host"]);
    }

    private static IRenderedComponent<NodePicker> Render(ControlsContext context, PlanForm form) =>
        Render(context, form, new([Gpu("gpu-1", "a", 1), Gpu("gpu-2", "b", 2), .. Enumerable.Range(1, 4).Select(i => Cpu($"cpu-{i}"))], default));

    private static IRenderedComponent<NodePicker> Render(ControlsContext context, PlanForm form, TargetInventory inventory, long sizeBytes = 0) => context.Render<NodePicker>(p => p
        .Add(n => n.Form, form)
        .Add(n => n.SizeBytes, sizeBytes)
        .Add(n => n.Target, new(Guid.NewGuid(), "lab", TargetKinds.Kubernetes, TargetEnvironment.Dev, inventory))
        .Add(n => n.ErrorOf, _ => null));

    private static Node Gpu(string name, string zone, int free) => Cpu(name) with
    {
        Labels = new Dictionary<string, string> { ["zone"] = zone, ["nvidia.com/gpu.product"] = "NVIDIA-A100-SXM4-80GB" },
        GpuPools = [new("nvidia.com/gpu", "NVIDIA-A100-SXM4-80GB", 80 * GiB, 2, free)],
        Gpus = [.. Enumerable.Range(0, 2).Select(i => new NodeGpu($"{i}", "NVIDIA-A100-SXM4-80GB", 80 * GiB, null, null, null, null))],
    };

    private static Node Cpu(string name) => new() { Name = name, Architecture = "x64", CpuCores = 32, MemoryBytes = 128 * GiB, MemoryFreeBytes = 100 * GiB };

    private static string Row(IRenderedComponent<NodePicker> picker, string node) =>
        picker.FindAll("tbody tr").Single(r => r.QuerySelector("strong")!.TextContent == node).TextContent;

    private static IEnumerable<string> Names(IRenderedComponent<NodePicker> picker) => picker.FindAll("tbody strong").Select(s => s.TextContent);
}
