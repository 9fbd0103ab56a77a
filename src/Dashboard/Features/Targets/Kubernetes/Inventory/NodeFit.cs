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

    private static readonly (string Taint, string Condition, string Words)[] Pressures =
    [
        ("node.kubernetes.io/memory-pressure", "MemoryPressure", "is short of memory"),
        ("node.kubernetes.io/disk-pressure", "DiskPressure", "is short of disk"),
        ("node.kubernetes.io/pid-pressure", "PIDPressure", "is short of process ids"),
        ("node.kubernetes.io/network-unavailable", "NetworkUnavailable", "has no network"),
    ];

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

        // The scheduler goes by taints, which Kubernetes sets for pressures itself, and by no other condition.
        if (node.Conditions.FirstOrDefault(c => c.Type == "Ready" && c.IsGood != true) is { } ready)
        {
            yield return ready.IsGood is null ? "has not told how it is for a while" : $"is not ready{Because(ready)}";
        }

        foreach (var (label, value) in plan.Kubernetes?.NodeFilter ?? new Dictionary<string, string>())
        {
            if (node.Labels.GetValueOrDefault(label) is var found && found != value)
            {
                yield return label == PlacementRules.OperatingSystem && found is not null
                    ? $"runs {found}, and the images of the runtime are for {value}"
                    : $"has {(found is null ? $"no label {label}" : $"{label}={found}")}, the target uses only nodes with {label}={value}";
            }
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

        foreach (var taint in node.Taints.Where(t => !IsTolerated(Taints.Split(t), plan)))
        {
            yield return Pressures.FirstOrDefault(p => taint.StartsWith(p.Taint, StringComparison.Ordinal)) is { Words: { } words } pressure
                ? $"{words}{(node.Conditions.FirstOrDefault(c => c.Type == pressure.Condition) is { } condition ? Because(condition) : "")}"
                : $"keeps others away by its taint {taint}";
        }
    }

    private static IEnumerable<(int Fits, string Refusal)> Room(PlanSpec plan, Node node)
    {
        var cpu = Math.Max(0, (node.CpuAllocatable ?? node.CpuCores) - node.CpuPromised);
        yield return (Times(cpu, plan.Resources.CpuThreads), $"has {Number(cpu)} of {Number(node.CpuAllocatable ?? node.CpuCores)} cores left, a replica needs {plan.Resources.CpuThreads}");

        var memory = Math.Max(0, (node.MemoryAllocatableBytes ?? node.MemoryBytes) - node.MemoryPromisedBytes);
        var needed = plan.Resources.MemoryMiB * Schedulability.MiB;
        yield return (Times(memory, needed), $"has {Size(memory)} of memory left, a replica needs {Size(needed)}");

        if (node.PodsAllocatable is { } most)
        {
            yield return (Math.Max(0, most - node.Pods), $"runs {node.Pods} pods and takes no more than {most}");
        }

        if (plan.Kubernetes?.DiskMiB is > 0 and var diskMiB && node.Disks is [var disk, ..])
        {
            yield return (Times(disk.FreeBytes, diskMiB * Schedulability.MiB), $"has {Size(disk.FreeBytes)} of disk left, a replica needs {Size(diskMiB * Schedulability.MiB)} for the version's files");
        }

        if (plan.Resources.Gpus > 0)
        {
            var resource = plan.Kubernetes?.GpuResource ?? "nvidia.com/gpu";
            var pool = node.GpuPools.FirstOrDefault(p => p.Resource == resource);
            yield return (
                Times(pool?.Free ?? 0, plan.Resources.Gpus),
                pool switch
                {
                    null => $"offers no {resource}{(node.GpuPools.Count == 0 ? "" : $", only {string.Join(", ", node.GpuPools.Select(p => p.Resource))}")}",
                    { Allocatable: 0 } => $"has {pool.Capacity} {resource} ({pool.Product}), none of them usable: its device plugin does not run or finds them unhealthy",
                    _ => $"has {pool.Free} of {pool.Allocatable} {resource} ({pool.Product}) left{(pool.Capacity > pool.Allocatable ? $", {pool.Capacity - pool.Allocatable} more are not usable" : "")}, a replica needs {plan.Resources.Gpus}",
                });
        }
    }

    // PreferNoSchedule is a wish only.
    private static bool IsTolerated(PlanToleration taint, PlanSpec plan) => taint.Effect == "PreferNoSchedule"

        // Said better by the node's own words above.
        || taint.Key is "node.kubernetes.io/unschedulable" or "node.kubernetes.io/not-ready" or "node.kubernetes.io/unreachable"
        || (taint.Effect == "NoSchedule" && plan.Resources.Gpus > 0 && taint.Key == PodTemplate.TaintOf(plan.Kubernetes?.GpuResource ?? "nvidia.com/gpu"))
        || plan.Kubernetes?.Tolerations.Any(t => Taints.Tolerates(t, taint)) == true;

    private static string Because(NodeCondition condition) => condition.Message.Length > 0 ? $": {condition.Message}" : condition.Reason.Length > 0 ? $": {condition.Reason}" : "";

    private static int Times(double left, double each) => each <= 0 ? MostReplicas : (int)Math.Min(MostReplicas, Math.Floor(left / each));

    private static string Number(double amount) => amount.ToString("0.##", CultureInfo.InvariantCulture);

    private static string Size(long bytes) => bytes >= 1024 * Schedulability.MiB
        ? $"{(bytes / (1024.0 * Schedulability.MiB)).ToString("0.#", CultureInfo.InvariantCulture)} GiB"
        : $"{bytes / Schedulability.MiB} MiB";
}
