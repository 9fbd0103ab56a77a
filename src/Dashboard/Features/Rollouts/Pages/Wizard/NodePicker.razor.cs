using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Features.Targets;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Pages.Wizard;

public sealed partial class NodePicker
{
    private const int FewNodes = 5;
    private const int Most = 100;
    private const string ProductLabel = "nvidia.com/gpu.product";
    private static readonly string[] UsualGpuResources = ["nvidia.com/gpu", "amd.com/gpu", "intel.com/gpu", "habana.ai/gaudi"];
    private bool onlyFitting;

    /// <summary>What is filled in.</summary>
    [Parameter, EditorRequired]
    public PlanForm Form { get; set; } = default!;

    /// <summary>The chosen target.</summary>
    [Parameter, EditorRequired]
    public TargetChoice Target { get; set; } = default!;

    /// <summary>What runs on the endpoint: its promises are given back.</summary>
    [Parameter]
    public PlanSpec? Running { get; set; }

    [Parameter, EditorRequired]
    public Func<string, string?> ErrorOf { get; set; } = _ => null;

    [Parameter]
    public EventCallback Changed { get; set; }

    private IReadOnlyList<Node> Nodes => Target.Inventory.Nodes;

    private List<(Node Node, SchedulabilityVerdict Verdict)> Judged => [.. Nodes.Select(n => (n, Verdict(n)))];

    private List<(Node Node, SchedulabilityVerdict Verdict)> Shown =>
    [
        .. Judged.Where(n => (!onlyFitting || n.Verdict.Fits) && Matches(n.Node)).OrderByDescending(n => IsUsed(n.Node)).ThenByDescending(n => n.Verdict.Fits).ThenBy(n => n.Node.Name, StringComparer.Ordinal),
    ];

    private string Summary
    {
        get
        {
            var judged = Judged;
            var fits = judged.Count(n => n.Verdict.Fits);
            var chosen = Form.Nodes.Count == 0 ? "" : $"; {Form.Nodes.Count} chosen, {judged.Count(n => Form.Nodes.Contains(n.Node.Name) && n.Verdict.Fits)} of them fit";
            return $"{fits} of {Nodes.Count} nodes fit{chosen}";
        }
    }

    // Two cards of one kind may differ in nothing but the label, so the label is what is chosen by.
    private List<(string Product, string Label)> Products =>
    [
        .. Nodes.Select(n => n.Labels.GetValueOrDefault(ProductLabel)).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(label => (label.Replace('-', ' '), label)),
    ];

    private bool IsUsed(Node node) => Nodes.Count == 1 || Form.Nodes.Contains(node.Name);

    private bool Matches(Node node)
    {
        var words = Form.NodeFilter.Trim();
        return words.Length == 0
            || node.Name.Contains(words, StringComparison.OrdinalIgnoreCase)
            || node.Gpus.Any(g => g.Product.Contains(words, StringComparison.OrdinalIgnoreCase))
            || node.Labels.Any(l => $"{l.Key}={l.Value}".Contains(words, StringComparison.OrdinalIgnoreCase));
    }

    private Task ToggleAsync(Node node, ChangeEventArgs change)
    {
        _ = change.Value is true ? Form.Nodes.Add(node.Name) : Form.Nodes.Remove(node.Name);
        return Changed.InvokeAsync();
    }

    private Task ClearAsync()
    {
        Form.Nodes.Clear();
        return Changed.InvokeAsync();
    }

    private Task ToggleProductAsync(string label)
    {
        Form.Kubernetes.Toggle(ProductLabel, label);
        return Changed.InvokeAsync();
    }

    // With several nodes the scheduler spreads replicas, so each is asked for one only, as the command does.
    private SchedulabilityVerdict Verdict(Node node)
    {
        var isOnly = Nodes.Count == 1;
        var verdict = Schedulability.Check(
            new() { CpuThreads = Form.CpuThreads, MemoryMiB = Form.MemoryMiB, Gpus = Form.Gpus },
            isOnly ? Form.Replicas : 1,
            new() { Name = Form.Strategy, MaxSurge = Form.MaxSurge },
            node,
            isOnly && Running is not null ? PromisedResources.Of(Running.Resources, Running.Replicas) : default);
        var missing = Form.Kubernetes.Labels.Where(l => node.Labels.GetValueOrDefault(l.Key) != l.Value).Select(l => $"has no label {l.Key}={l.Value}").ToList();
        return Target.Kind != Ops.Data.Targets.TargetKinds.Kubernetes || missing.Count == 0 ? verdict : verdict with { Refusals = [.. missing, .. verdict.Refusals] };
    }
}
