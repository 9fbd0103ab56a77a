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

    /// <summary>The name of the extended resource that counts GPUs on the nodes.</summary>
    public string GpuResource { get; init; } = "nvidia.com/gpu";

    /// <summary>How the cluster changes the number of replicas by itself; null to leave it as planned.</summary>
    public PlanAutoscaling? Autoscaling { get; init; }

    /// <summary>The host name of an HTTPRoute; null for none.</summary>
    public string? Hostname { get; init; }

    /// <summary>The PersistentVolumeClaim that pods keep versions in, as the target says; null to have each pod fetch its own.</summary>
    public string? CacheClaim { get; init; }
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
