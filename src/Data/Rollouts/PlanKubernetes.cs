namespace Ops.Data.Rollouts;

/// <summary>The part of a plan that only a Kubernetes cluster needs. It is hashed with the rest, so a decision covers the image too.</summary>
public sealed record PlanKubernetes
{
    /// <summary>The namespace of the target when the plan was sealed.</summary>
    public required string Namespace { get; init; }

    /// <summary>The runtime's image by digest, such as <c>registry.example/ops-runtime@sha256:...</c>. A tag alone is refused.</summary>
    public required string Image { get; init; }

    /// <summary>Labels that nodes must have, in ordinal order of their names. Nodes chosen by name stand in <see cref="PlanSpec.Nodes"/>.</summary>
    public IReadOnlyDictionary<string, string> NodeSelector { get; init; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Labels of nodes that the target keeps to, beside what people chose: part of what is approved, and of every pod. Empty in plans that were sealed before there were any.</summary>
    public IReadOnlyDictionary<string, string> NodeFilter { get; init; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Taints that pods put up with, as the target says, beside that of the GPUs' vendor.</summary>
    public IReadOnlyList<PlanToleration> Tolerations { get; init; } = [];

    /// <summary>The RuntimeClass of pods, as the target says; null for the cluster's usual one.</summary>
    public string? RuntimeClass { get; init; }

    /// <summary>The PriorityClass of pods, as the target says; null for the cluster's usual one.</summary>
    public string? PriorityClass { get; init; }

    /// <summary>Room on the node's disk that each replica asks for, in MiB, by the size of the version's files; 0 in plans that were sealed before it was asked for.</summary>
    public long DiskMiB { get; init; }

    /// <summary>The name of the extended resource that counts GPUs on the nodes.</summary>
    public string GpuResource { get; init; } = "nvidia.com/gpu";

    /// <summary>How the cluster changes the number of replicas by itself; null to leave it as planned.</summary>
    public PlanAutoscaling? Autoscaling { get; init; }

    /// <summary>The host name of an HTTPRoute; null for none.</summary>
    public string? Hostname { get; init; }

    /// <summary>The PersistentVolumeClaim that pods keep versions in, as the target says; null to have each pod fetch its own.</summary>
    public string? CacheClaim { get; init; }
}

/// <summary>A taint that pods put up with.</summary>
/// <param name="Key">The taint's key.</param>
/// <param name="Value">Its value; null for any.</param>
/// <param name="Effect"><c>NoSchedule</c>, <c>PreferNoSchedule</c> or <c>NoExecute</c>; null for all of them.</param>
public sealed record PlanToleration(string Key, string? Value = null, string? Effect = null)
{
    /// <summary>As taints are written: <c>key=value:effect</c>.</summary>
    public override string ToString() => $"{Key}{(Value is null ? "" : $"={Value}")}{(Effect is null ? "" : $":{Effect}")}";
}

/// <summary>Bounds and goals of a HorizontalPodAutoscaler; at least one goal is set.</summary>
public sealed record PlanAutoscaling
{
    /// <summary>The fewest replicas, 1 or more.</summary>
    public required int MinReplicas { get; init; }

    /// <summary>The most replicas.</summary>
    public required int MaxReplicas { get; init; }

    /// <summary>Goal of the mean use of the requested CPU, in percent.</summary>
    public int? CpuPercent { get; init; }

    /// <summary>Goal of the mean use of the requested memory, in percent.</summary>
    public int? MemoryPercent { get; init; }

    /// <summary>The name of a metric of the pods, from the custom metrics API.</summary>
    public string? PodMetric { get; init; }

    /// <summary>The goal of its mean over the pods, as a Kubernetes quantity such as <c>20</c> or <c>500m</c>.</summary>
    public string? PodMetricAverage { get; init; }
}
