using System.Globalization;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Inventory;

/// <summary>Whether and how often a replica of a plan fits on a node now.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="Replicas">How many replicas it could take beside what runs there.</param>
/// <param name="Refusals">Why it takes none; empty when it takes some.</param>
internal sealed record NodeVerdict(string Node, int Replicas, IReadOnlyList<string> Refusals)
{
    /// <summary>Whether it takes one.</summary>
    public bool Fits => Refusals.Count == 0;
}

/// <summary>Compares a plan with the nodes of a cluster by the rules of its scheduler that matter here. Pure: the scheduler decides, this explains beforehand.</summary>
internal static class NodeFit
{
    private const int MostReplicas = 1000;

    /// <summary>Checks all nodes, those that fit first.</summary>
    public static IReadOnlyList<NodeVerdict> Check(PlanSpec plan, IEnumerable<Node> nodes) =>
        [.. nodes.Select(n => Check(plan, n)).OrderByDescending(v => v.Fits).ThenBy(v => v.Node, StringComparer.Ordinal)];

    /// <summary>Checks one node.</summary>
    public static NodeVerdict Check(PlanSpec plan, Node node)
    {
        List<string> refusals = [.. Placement(plan, node)];
        var room = MostReplicas;
        foreach (var (fits, refusal) in Room(plan, node))
        {
            room = Math.Min(room, fits);
            if (fits == 0)
            {
                refusals.Add(refusal);
            }
        }

        return new(node.Name, refusals.Count == 0 ? room : 0, refusals);
    }

    private static IEnumerable<string> Placement(PlanSpec plan, Node node)
    {
        if (plan.Nodes.Count > 0 && !plan.Nodes.Contains(node.Name, StringComparer.Ordinal))
        {
            yield return "is not among the chosen nodes";
        }

        if (node.IsUnschedulable)
        {
            yield return "is cordoned: nothing new is placed on it";
        }

        foreach (var condition in node.Conditions.Where(c => c.IsGood != true))
        {
            yield return condition.Type == "Ready"
                ? condition.IsGood is null ? "has not told how it is for a while" : $"is not ready{Because(condition)}"
                : $"has {condition.Type}{Because(condition)}";
        }

        foreach (var (label, value) in plan.Kubernetes?.NodeSelector ?? new Dictionary<string, string>())
        {
            if (!node.Labels.TryGetValue(label, out var found))
            {
                yield return $"has no label {label}, the plan wants {label}={value}";
            }
            else if (found != value)
            {
                yield return $"has {label}={found}, the plan wants {value}";
            }
        }

        foreach (var taint in node.Taints.Where(t => !IsTolerated(t, plan)))
        {
            yield return $"keeps others away by its taint {taint}";
        }
    }

    private static IEnumerable<(int Fits, string Refusal)> Room(PlanSpec plan, Node node)
    {
        var cpu = Math.Max(0, (node.CpuAllocatable ?? node.CpuCores) - node.CpuPromised);
        yield return (Times(cpu, plan.Resources.CpuThreads), $"has {Number(cpu)} of {Number(node.CpuAllocatable ?? node.CpuCores)} cores left, a replica needs {plan.Resources.CpuThreads}");

        var memory = Math.Max(0, (node.MemoryAllocatableBytes ?? node.MemoryBytes) - node.MemoryPromisedBytes);
        var needed = plan.Resources.MemoryMiB * Schedulability.MiB;
        yield return (Times(memory, needed), $"has {Size(memory)} of memory left, a replica needs {Size(needed)}");

        if (plan.Resources.Gpus > 0)
        {
            var resource = plan.Kubernetes?.GpuResource ?? "nvidia.com/gpu";
            var pool = node.GpuPools.FirstOrDefault(p => p.Resource == resource);
            yield return (
                Times(pool?.Free ?? 0, plan.Resources.Gpus),
                pool is null
                    ? $"offers no {resource}{(node.GpuPools.Count == 0 ? "" : $", only {string.Join(", ", node.GpuPools.Select(p => p.Resource))}")}"
                    : $"has {pool.Free} of {pool.Allocatable} {resource} ({pool.Product}) left, a replica needs {plan.Resources.Gpus}");
        }
    }

    // PreferNoSchedule is a wish only.
    private static bool IsTolerated(string taint, PlanSpec plan)
    {
        var effect = taint[(taint.LastIndexOf(':') + 1)..];
        var key = taint[..taint.LastIndexOf(':')].Split('=')[0];
        return effect == "PreferNoSchedule"

            // Said better by the node's own words above.
            || key is "node.kubernetes.io/unschedulable" or "node.kubernetes.io/not-ready" or "node.kubernetes.io/unreachable"
            || (effect == "NoSchedule" && plan.Resources.Gpus > 0 && key == PodTemplate.TaintOf(plan.Kubernetes?.GpuResource ?? "nvidia.com/gpu"));
    }

    private static string Because(NodeCondition condition) => condition.Message.Length > 0 ? $": {condition.Message}" : condition.Reason.Length > 0 ? $": {condition.Reason}" : "";

    private static int Times(double left, double each) => each <= 0 ? MostReplicas : (int)Math.Min(MostReplicas, Math.Floor(left / each));

    private static string Number(double amount) => amount.ToString("0.##", CultureInfo.InvariantCulture);

    private static string Size(long bytes) => bytes >= 1024 * Schedulability.MiB
        ? $"{(bytes / (1024.0 * Schedulability.MiB)).ToString("0.#", CultureInfo.InvariantCulture)} GiB"
        : $"{bytes / Schedulability.MiB} MiB";
}
