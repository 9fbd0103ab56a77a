using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Inventory;

/// <summary>What a target says of where pods go, whatever people choose. It is sealed into each plan, so that those who decide see it and pods stay as they were approved.</summary>
internal sealed record PlacementRules
{
    /// <summary>The label of a node's operating system. The images of the runtime are made for Linux; pods on other nodes would only fail there.</summary>
    public const string OperatingSystem = "kubernetes.io/os";

    /// <summary>Labels of the only nodes that are used; empty for all.</summary>
    public IReadOnlyDictionary<string, string> NodeFilter { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Taints that all pods put up with.</summary>
    public IReadOnlyList<PlanToleration> Tolerations { get; init; } = [];

    /// <summary>Taints that pods with GPUs put up with besides.</summary>
    public IReadOnlyList<PlanToleration> GpuTolerations { get; init; } = [];

    /// <summary>The RuntimeClass; null for the cluster's usual one.</summary>
    public string? RuntimeClass { get; init; }

    /// <summary>The RuntimeClass of pods with GPUs; null for <see cref="RuntimeClass"/>.</summary>
    public string? GpuRuntimeClass { get; init; }

    /// <summary>The PriorityClass; null for the cluster's usual one.</summary>
    public string? PriorityClass { get; init; }

    /// <summary>Whether the cluster adds nodes when pods find no room.</summary>
    public bool AddsNodes { get; init; }

    /// <summary>Puts it into a plan.</summary>
    /// <param name="plan">The plan; what it says of this is replaced.</param>
    /// <param name="sizeBytes">The size of its version's files.</param>
    public PlanSpec Fill(PlanSpec plan, long sizeBytes)
    {
        var hasGpus = plan.Resources.Gpus > 0;
        SortedDictionary<string, string> filter = new(NodeFilter.ToDictionary(), StringComparer.Ordinal);
        filter.TryAdd(OperatingSystem, "linux");
        return plan with
        {
            Kubernetes = (plan.Kubernetes ?? new() { Namespace = "", Image = "" }) with
            {
                NodeFilter = filter,
                Tolerations = [.. Tolerations.Concat(hasGpus ? GpuTolerations : []).Distinct()],
                RuntimeClass = (hasGpus ? GpuRuntimeClass : null) ?? RuntimeClass,
                PriorityClass = PriorityClass,

                // Files in a claim take nothing of the node's disk.
                DiskMiB = PodDisk.RequestMiB(plan.Kubernetes?.CacheClaim is null ? sizeBytes : 0),
            },
        };
    }
}
