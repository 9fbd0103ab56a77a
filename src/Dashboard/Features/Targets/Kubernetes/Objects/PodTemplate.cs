using System.Globalization;
using k8s.Models;
using Ops.Dashboard.Features.Targets.Local;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Objects;

/// <summary>What a pod of a revision is. Every part of a plan becomes a value of a typed field, so no text of a person can become a field.</summary>
internal static class PodTemplate
{
    /// <summary>The name of the container that serves.</summary>
    public const string Server = "server";

    /// <summary>The name of the container that fetches the version before.</summary>
    public const string Fetch = "fetch";

    /// <summary>The name of the port that serves.</summary>
    public const string PortName = "http";

    // The user of our images; a number, because Kubernetes can only check of a number that it is not root.
    private const int User = 1654;
    private const string ConfigurationFolder = "/etc/ops/runtime";
    private const string ManifestFolder = "/etc/ops/fetch";
    private const string TemporaryFolder = "/tmp";
    private const string Disk = "ephemeral-storage";
    private const string Cache = "cache";

    /// <summary>Makes the template.</summary>
    public static V1PodTemplateSpec Of(EndpointRef endpoint, RevisionSpec revision, VersionSource source)
    {
        var plan = revision.Plan;
        var selected = new V1LabelSelector { MatchLabels = ObjectLabels.PodsOf(endpoint, revision.PlanId) };
        return new()
        {
            Metadata = new() { Labels = ObjectLabels.Of(endpoint, revision), Annotations = Annotations(revision) },
            Spec = new()
            {
                ServiceAccountName = ObjectNames.Of(endpoint),
                AutomountServiceAccountToken = false,
                EnableServiceLinks = false,
                SecurityContext = new()
                {
                    RunAsNonRoot = true,
                    RunAsUser = User,
                    RunAsGroup = User,
                    FsGroup = User,
                    FsGroupChangePolicy = "OnRootMismatch",
                    SeccompProfile = new() { Type = "RuntimeDefault" },
                },
                TerminationGracePeriodSeconds = RevisionFiles.DrainGraceSeconds + RevisionFiles.DrainTimeoutSeconds + 10,
                NodeSelector = SelectorOf(plan.Kubernetes!),
                Affinity = AffinityOf(plan),
                Tolerations = TolerationsOf(plan),
                RuntimeClassName = plan.Kubernetes!.RuntimeClass,
                PriorityClassName = plan.Kubernetes.PriorityClass,
                TopologySpreadConstraints = [Spread("kubernetes.io/hostname", selected), Spread("topology.kubernetes.io/zone", selected)],
                InitContainers = [FetchContainer(revision, source)],
                Containers = [ServerContainer(revision, source)],
                Volumes = Volumes(endpoint, revision, source),
            },
        };
    }

    private static Dictionary<string, string> Annotations(RevisionSpec revision)
    {
        var annotations = ObjectLabels.AnnotationsOf(revision);
        annotations["prometheus.io/scrape"] = "true";
        annotations["prometheus.io/port"] = RevisionFiles.Port.ToString(CultureInfo.InvariantCulture);
        annotations["prometheus.io/path"] = "/metrics";
        return annotations;
    }

    private static V1Container FetchContainer(RevisionSpec revision, VersionSource source) => new()
    {
        Name = Fetch,
        Image = revision.Plan.Kubernetes!.Image,
        ImagePullPolicy = "IfNotPresent",
        Args = ["fetch", "--manifest", $"{ManifestFolder}/{RevisionFiles.Manifest}", .. HasCache(revision) ? ["--cache", RevisionFiles.CacheFolder] : (string[])["--into", RevisionFiles.FolderOf(revision)]],
        Resources = ResourcesOf(revision.Plan, source, gpus: false),
        SecurityContext = Confined(),
        TerminationMessagePolicy = "FallbackToLogsOnError",
        VolumeMounts =
        [
            HasCache(revision) ? new() { Name = Cache, MountPath = RevisionFiles.CacheFolder } : new() { Name = "models", MountPath = RevisionFiles.ModelsFolder },
            new() { Name = "fetch", MountPath = ManifestFolder, ReadOnlyProperty = true },
            new() { Name = "tmp", MountPath = TemporaryFolder },
        ],
    };

    private static V1Container ServerContainer(RevisionSpec revision, VersionSource source) => new()
    {
        Name = Server,
        Image = revision.Plan.Kubernetes!.Image,
        ImagePullPolicy = "IfNotPresent",
        Args = ["--config", $"{ConfigurationFolder}/{RevisionFiles.Configuration}"],
        Ports = [new() { Name = PortName, ContainerPort = RevisionFiles.Port, Protocol = "TCP" }],
        Env = Variables(revision.Plan),
        Resources = ResourcesOf(revision.Plan, source, gpus: true),
        SecurityContext = Confined(),
        TerminationMessagePolicy = "FallbackToLogsOnError",

        // The server answers that it lives while it loads, and that it is ready once it has loaded: loading may take long and is no fault.
        StartupProbe = Probe("/v2/health/live", period: 1, failures: 120),
        LivenessProbe = Probe("/v2/health/live", period: 10, failures: 3),
        ReadinessProbe = Probe("/v2/health/ready", period: 2, failures: 2),
        VolumeMounts =
        [
            new() { Name = "models", MountPath = RevisionFiles.ModelsFolder },
            new() { Name = "configuration", MountPath = ConfigurationFolder, ReadOnlyProperty = true },
            new() { Name = "tmp", MountPath = TemporaryFolder },

            // It copies what it loads and hashes it on the way, so that nothing that becomes of the claim later reaches a server that runs.
            .. HasCache(revision) ? [new V1VolumeMount { Name = Cache, MountPath = RevisionFiles.CacheFolder, ReadOnlyProperty = true }] : Array.Empty<V1VolumeMount>(),
        ],
    };

    private static List<V1EnvVar> Variables(PlanSpec plan) =>
    [
        .. plan.EnvironmentVariables.OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => new V1EnvVar { Name = v.Key, Value = v.Value }),

        // Last, and of names that plans cannot set. The image has these too, and variables go before the file.
        new() { Name = "Ops__Runtime__Urls", Value = $"http://0.0.0.0:{RevisionFiles.Port.ToString(CultureInfo.InvariantCulture)}" },
        new() { Name = "Ops__Runtime__CacheFolder", Value = RevisionFiles.ModelsFolder },
        new() { Name = "Ops__Runtime__Instance", ValueFrom = new() { FieldRef = new() { ApiVersion = "v1", FieldPath = "metadata.name" } } },
    ];

    private static V1ResourceRequirements ResourcesOf(PlanSpec plan, VersionSource source, bool gpus)
    {
        var amounts = new Dictionary<string, ResourceQuantity>(StringComparer.Ordinal)
        {
            ["cpu"] = new(plan.Resources.CpuThreads.ToString(CultureInfo.InvariantCulture)),
            ["memory"] = MiBs(plan.Resources.MemoryMiB),
        };
        if (gpus && plan.Resources.Gpus > 0)
        {
            amounts[plan.Kubernetes!.GpuResource] = new(plan.Resources.Gpus.ToString(CultureInfo.InvariantCulture));
        }

        Dictionary<string, ResourceQuantity> limits = new(amounts, StringComparer.Ordinal);
        if (plan.Kubernetes!.DiskMiB is > 0 and var disk)
        {
            // What is surely needed is asked for; folders may grow to their sizes before the pod is put off its node.
            amounts[Disk] = MiBs(disk);
            limits[Disk] = MiBs(Math.Max(disk, PodDisk.LimitMiB(SizeOf(source))));
        }

        return new() { Requests = amounts, Limits = limits };
    }

    private static V1SecurityContext Confined() => new()
    {
        AllowPrivilegeEscalation = false,
        Privileged = false,
        ReadOnlyRootFilesystem = true,
        RunAsNonRoot = true,
        Capabilities = new() { Drop = ["ALL"] },
    };

    private static V1Probe Probe(string path, int period, int failures) => new()
    {
        HttpGet = new() { Path = path, Port = PortName, Scheme = "HTTP" },
        PeriodSeconds = period,
        TimeoutSeconds = 2,
        FailureThreshold = failures,
        SuccessThreshold = 1,
    };

    private static List<V1Volume> Volumes(EndpointRef endpoint, RevisionSpec revision, VersionSource source) =>
    [
        new() { Name = "models", EmptyDir = new() { SizeLimit = MiBs(PodDisk.ModelsMiB(SizeOf(source))) } },
        new() { Name = "tmp", EmptyDir = new() { SizeLimit = MiBs(PodDisk.TemporaryMiB) } },
        new()
        {
            Name = "fetch",
            Projected = new()
            {
                DefaultMode = 0b100_100_000,
                Sources = [new() { Secret = new() { Name = ObjectNames.FetchSecret(endpoint, revision), Items = [new() { Key = RevisionFiles.Manifest, Path = RevisionFiles.Manifest }] } }],
            },
        },
        new()
        {
            Name = "configuration",
            ConfigMap = new() { Name = ObjectNames.Of(endpoint, revision), DefaultMode = 0b100_100_000, Items = [new() { Key = RevisionFiles.Configuration, Path = RevisionFiles.Configuration }] },
        },
        .. revision.Plan.Kubernetes!.CacheClaim is { } claim ? [new V1Volume { Name = Cache, PersistentVolumeClaim = new() { ClaimName = claim } }] : Array.Empty<V1Volume>(),
    ];

    private static bool HasCache(RevisionSpec revision) => revision.Plan.Kubernetes!.CacheClaim is not null;

    private static V1Affinity? AffinityOf(PlanSpec plan) => plan.Nodes.Count == 0
        ? null
        : new()
        {
            NodeAffinity = new()
            {
                RequiredDuringSchedulingIgnoredDuringExecution = new()
                {
                    // Kubernetes takes one name in each of these, and any of them will do.
                    NodeSelectorTerms = [.. plan.Nodes.Select(node => new V1NodeSelectorTerm { MatchFields = [new() { Key = "metadata.name", OperatorProperty = "In", Values = [node] }] })],
                },
            },
        };

    // What people chose and what the target keeps to, both.
    private static Dictionary<string, string>? SelectorOf(PlanKubernetes plan)
    {
        Dictionary<string, string> labels = new(plan.NodeSelector, StringComparer.Ordinal);
        foreach (var (name, value) in plan.NodeFilter)
        {
            labels[name] = value;
        }

        return labels.Count == 0 ? null : labels;
    }

    private static List<V1Toleration>? TolerationsOf(PlanSpec plan)
    {
        List<V1Toleration> tolerations =
        [
            .. plan.Kubernetes!.Tolerations.Select(t => new V1Toleration { Key = t.Key, OperatorProperty = t.Value is null ? "Exists" : "Equal", Value = t.Value, Effect = t.Effect }),
        ];
        if (plan.Resources.Gpus > 0)
        {
            tolerations.Insert(0, new() { Key = TaintOf(plan.Kubernetes.GpuResource), OperatorProperty = "Exists", Effect = "NoSchedule" });
        }

        return tolerations.Count == 0 ? null : tolerations;
    }

    /// <summary>The taint that keeps others away from nodes with such GPUs.</summary>
    public static string TaintOf(string gpuResource) => gpuResource.StartsWith("nvidia.com/", StringComparison.Ordinal) ? "nvidia.com/gpu" : gpuResource;

    private static V1TopologySpreadConstraint Spread(string key, V1LabelSelector pods) =>
        new() { MaxSkew = 1, TopologyKey = key, WhenUnsatisfiable = "ScheduleAnyway", LabelSelector = pods };

    private static long SizeOf(VersionSource source) => source.Files.Sum(f => f.SizeBytes);

    private static ResourceQuantity MiBs(long count) => new($"{count.ToString(CultureInfo.InvariantCulture)}Mi");
}
