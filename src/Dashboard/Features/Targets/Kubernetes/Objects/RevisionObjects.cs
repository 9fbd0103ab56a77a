using System.Globalization;
using k8s;
using k8s.Models;
using Ops.Dashboard.Features.Targets.Local;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Objects;

/// <summary>The objects of one revision. Everything but the number of replicas and the Secret stays as it is for as long as there is the revision.</summary>
internal static class RevisionObjects
{
    /// <summary>The pods and what keeps their number.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="revision">The plan.</param>
    /// <param name="source">The version's files.</param>
    /// <param name="ns">The namespace.</param>
    /// <param name="replicas">How many pods now.</param>
    public static V1Deployment Deployment(EndpointRef endpoint, RevisionSpec revision, VersionSource source, string ns, int replicas) => new()
    {
        ApiVersion = "apps/v1",
        Kind = "Deployment",
        Metadata = Metadata(endpoint, revision, ns, ObjectNames.Of(endpoint, revision)),
        Spec = new()
        {
            Replicas = replicas,
            RevisionHistoryLimit = 1,
            ProgressDeadlineSeconds = revision.Plan.Strategy.ProgressDeadlineSeconds,
            Selector = new() { MatchLabels = ObjectLabels.PodsOf(endpoint, revision.PlanId) },
            Strategy = new() { Type = "RollingUpdate", RollingUpdate = new() { MaxSurge = 1, MaxUnavailable = 0 } },
            Template = PodTemplate.Of(endpoint, revision, source),
        },
    };

    /// <summary>The server's configuration.</summary>
    public static V1ConfigMap Configuration(EndpointRef endpoint, RevisionSpec revision, VersionSource source, string ns) => new()
    {
        ApiVersion = "v1",
        Kind = "ConfigMap",
        Metadata = Metadata(endpoint, revision, ns, ObjectNames.Of(endpoint, revision)),
        Data = new Dictionary<string, string>(StringComparer.Ordinal) { [RevisionFiles.Configuration] = RevisionFiles.ConfigurationOf(revision, source) },
    };

    /// <summary>Where the version's files are to be had for a while.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="revision">The plan.</param>
    /// <param name="source">The version's files.</param>
    /// <param name="ns">The namespace.</param>
    /// <param name="expiresAt">Until when the addresses work.</param>
    public static V1Secret FetchSecret(EndpointRef endpoint, RevisionSpec revision, VersionSource source, string ns, DateTimeOffset expiresAt)
    {
        var metadata = Metadata(endpoint, revision, ns, ObjectNames.FetchSecret(endpoint, revision));
        metadata.Annotations[ObjectLabels.ExpiresAt] = expiresAt.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return new()
        {
            ApiVersion = "v1",
            Kind = "Secret",
            Type = "Opaque",
            Metadata = metadata,
            Data = new Dictionary<string, byte[]>(StringComparer.Ordinal) { [RevisionFiles.Manifest] = System.Text.Encoding.UTF8.GetBytes(RevisionFiles.ManifestOf(revision, source)) },
        };
    }

    /// <summary>The revision's own address in the cluster: the preview of one that gets no requests yet, and what weights of a route name.</summary>
    public static V1Service Service(EndpointRef endpoint, RevisionSpec revision, string ns) => new()
    {
        ApiVersion = "v1",
        Kind = "Service",
        Metadata = Metadata(endpoint, revision, ns, ObjectNames.Of(endpoint, revision)),
        Spec = EndpointObjects.ServiceSpec(ObjectLabels.PodsOf(endpoint, revision.PlanId)),
    };

    /// <summary>What changes the number of replicas by itself, or null when the plan wants none.</summary>
    public static V2HorizontalPodAutoscaler? Autoscaler(EndpointRef endpoint, RevisionSpec revision, string ns) => revision.Plan.Kubernetes?.Autoscaling is not { } wanted
        ? null
        : new()
        {
            ApiVersion = "autoscaling/v2",
            Kind = "HorizontalPodAutoscaler",
            Metadata = Metadata(endpoint, revision, ns, ObjectNames.Of(endpoint, revision)),
            Spec = new()
            {
                MinReplicas = wanted.MinReplicas,
                MaxReplicas = wanted.MaxReplicas,
                ScaleTargetRef = new() { ApiVersion = "apps/v1", Kind = "Deployment", Name = ObjectNames.Of(endpoint, revision) },
                Metrics = [.. Metrics(wanted)],
            },
        };

    private static IEnumerable<V2MetricSpec> Metrics(PlanAutoscaling wanted)
    {
        if (wanted.CpuPercent is { } cpu)
        {
            yield return Resource("cpu", cpu);
        }

        if (wanted.MemoryPercent is { } memory)
        {
            yield return Resource("memory", memory);
        }

        if (wanted is { PodMetric: { } metric, PodMetricAverage: { } average })
        {
            yield return new() { Type = "Pods", Pods = new() { Metric = new() { Name = metric }, Target = new() { Type = "AverageValue", AverageValue = new(average) } } };
        }

        static V2MetricSpec Resource(string name, int percent) =>
            new() { Type = "Resource", Resource = new() { Name = name, Target = new() { Type = "Utilization", AverageUtilization = percent } } };
    }

    private static V1ObjectMeta Metadata(EndpointRef endpoint, RevisionSpec revision, string ns, string name) => new()
    {
        Name = name,
        NamespaceProperty = ns,
        Labels = ObjectLabels.Of(endpoint, revision),
        Annotations = ObjectLabels.AnnotationsOf(revision),
    };
}
