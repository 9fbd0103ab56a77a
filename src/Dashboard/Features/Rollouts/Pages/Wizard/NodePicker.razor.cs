using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Kubernetes.Inventory;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Rollouts.Pages.Wizard;

public sealed partial class NodePicker
{
    private const int FewNodes = 5;
    private const int Most = 100;
    private const int Enough = 64;
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

    /// <summary>The size of the version's files.</summary>
    [Parameter]
    public long SizeBytes { get; set; }

    [Parameter, EditorRequired]
    public Func<string, string?> ErrorOf { get; set; } = _ => null;

    [Parameter]
    public EventCallback Changed { get; set; }

    private bool IsHidden => Target.Inventory is { Problem: null, Hidden: not null };

    // What an administrator keeps this target to, apart from what goes for all of them.
    private string Kept => string.Join(", ", (Target.Inventory.Placement?.NodeFilter ?? new Dictionary<string, string>()).Select(l => $"{l.Key}={l.Value}"));

    private IReadOnlyList<Node> Nodes => Target.Inventory.Nodes;

    private List<(Node Node, NodeAnswer Verdict)> Judged => [.. Nodes.Select(n => (n, Verdict(n)))];

    private List<(Node Node, NodeAnswer Verdict)> Shown =>
    [
        .. Judged.Where(n => (!onlyFitting || n.Verdict.Fits) && Matches(n.Node)).OrderByDescending(n => IsUsed(n.Node)).ThenByDescending(n => n.Verdict.Fits).ThenBy(n => n.Node.Name, StringComparer.Ordinal),
    ];

    private string Summary
    {
        get
        {
            var judged = Judged;
            var fits = judged.Count(n => n.Verdict.Fits);
            var usable = Form.Nodes.Count == 0 ? judged : [.. judged.Where(n => Form.Nodes.Contains(n.Node.Name))];
            var room = usable.Sum(n => n.Verdict.Replicas ?? 0);
            var chosen = Form.Nodes.Count == 0 ? "" : $"; {Form.Nodes.Count} chosen, {usable.Count(n => n.Verdict.Fits)} of them fit";
            var replicas = Target.Kind != TargetKinds.Kubernetes || room > Enough ? "" : $"; room for {(room == 1 ? "1 replica" : $"{room} replicas")} of {Form.Replicas}";
            return $"{fits} of {Nodes.Count} nodes fit{chosen}{replicas}";
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

    private NodeAnswer Verdict(Node node)
    {
        if (Target.Kind == TargetKinds.Kubernetes)
        {
            // Whether it is among the chosen ones is what the boxes say.
            var fit = NodeFit.Check(Form.ToProbe(Target, SizeBytes) with { Nodes = [] }, node);
            return new(fit.Fits, fit.Replicas, fit.Refusals, []);
        }

        // With several nodes replicas are spread, so each is asked for one only, as the command does.
        var isOnly = Nodes.Count == 1;
        var verdict = Schedulability.Check(
            new() { CpuThreads = Form.CpuThreads, MemoryMiB = Form.MemoryMiB, Gpus = Form.Gpus },
            isOnly ? Form.Replicas : 1,
            new() { Name = Form.Strategy, MaxSurge = Form.MaxSurge },
            node,
            isOnly && Running is not null ? PromisedResources.Of(Running.Resources, Running.Replicas) : default);
        return new(verdict.Fits, null, verdict.Refusals, verdict.Warnings);
    }

    /// <summary>What is said of a node: how many replicas it takes where that is known, why none, and what to know all the same.</summary>
    private sealed record NodeAnswer(bool Fits, int? Replicas, IReadOnlyList<string> Refusals, IReadOnlyList<string> Warnings)
    {
        public string Word => !Fits ? "does not fit" : Replicas is { } count ? $"fits {(count == 1 ? "1 replica" : count > Enough ? $"more than {Enough} replicas" : $"{count} replicas")}" : "fits";
    }
}
