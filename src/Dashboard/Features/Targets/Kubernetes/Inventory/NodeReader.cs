using System.Globalization;
using k8s.Models;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Inventory;

/// <summary>Makes a machine, as people choose it, of what a cluster tells of a node and of the pods on it. Pure.</summary>
internal static class NodeReader
{
    private static readonly string[] Standard = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable"];

    /// <summary>Reads all nodes, by name.</summary>
    /// <param name="nodes">Nodes.</param>
    /// <param name="pods">Pods of every namespace that can be seen; those of others that cannot be seen count as nothing.</param>
    public static IReadOnlyList<Node> Read(IEnumerable<V1Node> nodes, IEnumerable<V1Pod> pods)
    {
        var byNode = pods.Where(p => PodRequests.IsPlaced(p)).ToLookup(p => p.Spec.NodeName, StringComparer.Ordinal);
        return [.. nodes.OrderBy(n => n.Metadata.Name, StringComparer.Ordinal).Select(n => Read(n, byNode[n.Metadata.Name]))];
    }

    private static Node Read(V1Node node, IEnumerable<V1Pod> on)
    {
        List<V1Pod> pods = [.. on];
        var promised = PodRequests.Sum(pods);
        var (capacity, allocatable) = (node.Status?.Capacity, node.Status?.Allocatable);
        var info = node.Status?.NodeInfo;
        var labels = node.Metadata.Labels?.ToDictionary(StringComparer.Ordinal) ?? [];
        var memory = (long)Amount(capacity, "memory");
        var memoryPromised = (long)promised.GetValueOrDefault("memory");
        var pools = GpuPools.Read(capacity, allocatable, labels, promised);
        return new()
        {
            Name = node.Metadata.Name,
            Architecture = Architecture(info?.Architecture),
            OperatingSystem = string.Join(", ", new[] { info?.OsImage, info?.KernelVersion is { Length: > 0 } kernel ? $"kernel {kernel}" : null }.Where(t => !string.IsNullOrEmpty(t))),
            ContainerRuntime = info?.ContainerRuntimeVersion ?? "",
            CpuCores = (double)Amount(capacity, "cpu"),
            CpuAllocatable = allocatable is null ? null : (double)Amount(allocatable, "cpu"),
            CpuPromised = (double)promised.GetValueOrDefault("cpu"),
            MemoryBytes = memory,
            MemoryAllocatableBytes = allocatable is null ? null : (long)Amount(allocatable, "memory"),
            MemoryPromisedBytes = memoryPromised,

            // What is in use only the node itself knows; what is not promised is what the scheduler goes by.
            MemoryFreeBytes = Math.Max(0, (allocatable is null ? memory : (long)Amount(allocatable, "memory")) - memoryPromised),
            Disks = Amount(capacity, "ephemeral-storage") is > 0 and var disk
                ? [new("ephemeral storage", "", (long)disk, Math.Max(0, (long)(Amount(allocatable ?? capacity, "ephemeral-storage") - promised.GetValueOrDefault("ephemeral-storage"))))]
                : [],
            Addresses = [.. node.Status?.Addresses?.Where(a => a.Type is "InternalIP" or "ExternalIP").Select(a => a.Address) ?? []],
            Conditions = [.. node.Status?.Conditions?.Select(Condition) ?? []],
            IsUnschedulable = node.Spec?.Unschedulable == true,
            Labels = labels,
            Taints = [.. node.Spec?.Taints?.Select(t => $"{t.Key}{(string.IsNullOrEmpty(t.Value) ? "" : $"={t.Value}")}:{t.Effect}") ?? []],
            PodsAllocatable = Amount(allocatable ?? capacity, "pods") is > 0 and var most ? (int)Math.Min(most, int.MaxValue) : null,
            Pods = pods.Count,
            GpuPools = pools,
            Gpus = [.. pools.SelectMany(p => Enumerable.Range(0, p.Allocatable).Select(i => new NodeGpu(
                $"{p.Resource}-{i.ToString(CultureInfo.InvariantCulture)}", p.Product, p.MemoryBytes, i < p.Free ? p.MemoryBytes : null, null, null, null)))],
            GpuNote = pools.Count > 0 ? null : "The node offers no resource of GPUs. A device plugin makes its GPUs known.",
        };
    }

    private static NodeCondition Condition(V1NodeCondition condition)
    {
        // Agents that watch over nodes have types of their own. By their names, those that end in Ready are good when true; the rest are
        // taken as the node problem detector means its own: true is a problem.
        var isGoodWhenTrue = condition.Type.EndsWith("Ready", StringComparison.Ordinal);
        bool? isGood = condition.Status switch
        {
            "True" => isGoodWhenTrue,
            "False" => !isGoodWhenTrue,
            _ => null,
        };
        return new(condition.Type, isGood, condition.Reason ?? "", condition.Message ?? "", condition.LastTransitionTime is { } since ? new DateTimeOffset(DateTime.SpecifyKind(since, DateTimeKind.Utc)) : null)
        {
            IsNote = !Standard.Contains(condition.Type, StringComparer.Ordinal),
        };
    }

    private static string Architecture(string? go) => go switch
    {
        "amd64" => "x64",
        null => "",
        _ => go,
    };

    private static decimal Amount(IDictionary<string, ResourceQuantity>? amounts, string name) =>
        amounts is not null && amounts.TryGetValue(name, out var amount) ? amount.ToDecimal() : 0;
}
