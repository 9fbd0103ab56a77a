using System.Text.Json;
using System.Text.Json.Serialization;
using Ops.Dashboard.Features.Targets.Kubernetes.Inventory;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Data;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>What an administrator says of a cluster. Kept as JSON in the registry; the kubeconfig is kept apart from it, encrypted.</summary>
internal sealed record KubernetesTargetSettings
{
    private const int MostRegistries = 32;
    private const int MostTolerations = 32;
    private static readonly string[] KeptNamespaces = ["kube-system", "kube-public", "kube-node-lease"];
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    /// <summary>The one namespace that everything goes in.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>The dashboard runs in this cluster and signs in as its own pod.</summary>
    public bool InCluster { get; init; }

    /// <summary>The kubeconfig is the one of the machine (<c>Ops:Kubernetes:Kubeconfig</c>), not one that was uploaded.</summary>
    public bool MachineKubeconfig { get; init; }

    /// <summary>The context of the kubeconfig; empty for its current one.</summary>
    public string Context { get; init; } = "";

    /// <summary>Registries, or registries and whole first segments of a path, that images may come from.</summary>
    public IReadOnlyList<string> Registries { get; init; } = [];

    /// <summary>The runtime's image by digest; empty to have plans name it.</summary>
    public string RuntimeImage { get; init; } = "";

    /// <summary>The runtime's image for GPUs by digest; empty for <see cref="RuntimeImage"/>.</summary>
    public string GpuRuntimeImage { get; init; } = "";

    /// <summary>Labels of the nodes that are shown and used, as <c>name=value</c>, separated by commas: also a label selector of the API. Empty for all.</summary>
    public string NodeFilter { get; init; } = "";

    /// <summary>Taints that all pods put up with, as <c>key=value:effect</c>.</summary>
    public IReadOnlyList<string> Tolerations { get; init; } = [];

    /// <summary>Taints that pods with GPUs put up with besides, as <c>key=value:effect</c>.</summary>
    public IReadOnlyList<string> GpuTolerations { get; init; } = [];

    /// <summary>The RuntimeClass of pods; empty for the cluster's usual one.</summary>
    public string RuntimeClass { get; init; } = "";

    /// <summary>The RuntimeClass of pods with GPUs; empty for <see cref="RuntimeClass"/>.</summary>
    public string GpuRuntimeClass { get; init; } = "";

    /// <summary>The PriorityClass of pods; empty for the cluster's usual one.</summary>
    public string PriorityClass { get; init; } = "";

    /// <summary>Whether the cluster adds nodes when pods find no room: a plan that fits nowhere now is then no mistake.</summary>
    public bool AddsNodes { get; init; }

    /// <summary>The namespace of the gateway; empty for <see cref="Namespace"/>.</summary>
    public string GatewayNamespace { get; init; } = "";

    /// <summary>The gateway that routes hang on; empty for none.</summary>
    public string Gateway { get; init; } = "";

    /// <summary>Where a Prometheus answers that scrapes the pods, and the GPUs by the DCGM exporter; empty to ask the pods themselves.</summary>
    public string Prometheus { get; init; } = "";

    /// <summary>Whether the way to the cluster is in files of this machine, which change without anybody telling.</summary>
    [JsonIgnore]
    public bool ReadsFiles => InCluster || MachineKubeconfig;

    /// <summary>Secrets of the namespace with which nodes sign in to registries; empty for what the nodes have themselves.</summary>
    public IReadOnlyList<string> PullSecrets { get; init; } = [];

    /// <summary>A PersistentVolumeClaim of the namespace that pods keep versions in; empty to have each fetch its own.</summary>
    public string CacheClaim { get; init; } = "";

    /// <summary>Reads settings of the registry.</summary>
    /// <exception cref="InvalidOperationException">They are not what was written.</exception>
    public static KubernetesTargetSettings Read(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<KubernetesTargetSettings>(json, Json) ?? new();
        }
        catch (JsonException exception)
        {
            throw new InvalidOperationException("The settings of this target cannot be read. Enter them again.", exception);
        }
    }

    /// <summary>Writes them for the registry.</summary>
    public string Write() => JsonSerializer.Serialize(this, Json);

    /// <summary>The images by the names of runtimes, as plans look them up.</summary>
    public IReadOnlyDictionary<string, string> Images()
    {
        Dictionary<string, string> images = new(StringComparer.Ordinal);
        if (RuntimeImage.Length > 0)
        {
            images["ops-runtime"] = RuntimeImage;
        }

        if (GpuRuntimeImage.Length > 0)
        {
            images["ops-runtime-gpu"] = GpuRuntimeImage;
        }

        return images;
    }

    /// <summary>What of it says where pods go.</summary>
    public PlacementRules Placement() => new()
    {
        NodeFilter = FilterLabels().DistinctBy(l => l.Name, StringComparer.Ordinal).ToDictionary(l => l.Name, l => l.Value ?? "", StringComparer.Ordinal),
        Tolerations = [.. Tolerations.Select(Taints.Split)],
        GpuTolerations = [.. GpuTolerations.Select(Taints.Split)],
        RuntimeClass = NullIfEmpty(RuntimeClass),
        GpuRuntimeClass = NullIfEmpty(GpuRuntimeClass),
        PriorityClass = NullIfEmpty(PriorityClass),
        AddsNodes = AddsNodes,
    };

    /// <summary>Without blanks around and empty entries in it.</summary>
    public KubernetesTargetSettings Clean() => this with
    {
        Namespace = Namespace.Trim(' '),
        Context = Context.Trim(' '),
        Registries = [.. Registries.Select(r => r.Trim(' ').TrimEnd('/')).Where(r => r.Length > 0).Distinct(StringComparer.Ordinal)],
        RuntimeImage = RuntimeImage.Trim(' '),
        GpuRuntimeImage = GpuRuntimeImage.Trim(' '),
        NodeFilter = string.Join(',', FilterLabels().Select(l => l.Value is null ? l.Name : $"{l.Name}={l.Value}")),
        Tolerations = CleanList(Tolerations),
        GpuTolerations = CleanList(GpuTolerations),
        RuntimeClass = RuntimeClass.Trim(' '),
        GpuRuntimeClass = GpuRuntimeClass.Trim(' '),
        PriorityClass = PriorityClass.Trim(' '),
        GatewayNamespace = GatewayNamespace.Trim(' '),
        Gateway = Gateway.Trim(' '),
        Prometheus = Prometheus.Trim(' '),
        CacheClaim = CacheClaim.Trim(' '),
        PullSecrets = [.. PullSecrets.Select(s => s.Trim(' ')).Where(s => s.Length > 0).Distinct(StringComparer.Ordinal)],
    };

    /// <summary>Checks them; the first thing that is wrong, with its field.</summary>
    public Result Check()
    {
        if (Names.Check(Namespace, "namespace") is { Succeeded: false } space)
        {
            return space;
        }

        if (KeptNamespaces.Contains(Namespace, StringComparer.Ordinal) || Namespace.StartsWith("kube-", StringComparison.Ordinal))
        {
            return Failure.Invalid("Namespaces that begin with kube- belong to the cluster itself. Make one for models and name it here.", "namespace");
        }

        if (Registries.Count is 0 or > MostRegistries)
        {
            return Failure.Invalid($"Name 1 to {MostRegistries} registries that images may come from, such as registry.example or registry.example/team.", "registries");
        }

        if (Registries.FirstOrDefault(r => !IsRegistry(r)) is not null)
        {
            return Failure.Invalid("A registry is a host and, if you like, whole first parts of a path, such as registry.example:5000/team: no scheme, no tag, no *.", "registries");
        }

        if (CheckImage(RuntimeImage, "image") is { Succeeded: false } image)
        {
            return image;
        }

        if (CheckImage(GpuRuntimeImage, "gpuImage") is { Succeeded: false } gpuImage)
        {
            return gpuImage;
        }

        if (CheckNodeFilter() is { Succeeded: false } filter)
        {
            return filter;
        }

        if (CheckPods() is { Succeeded: false } pods)
        {
            return pods;
        }

        if (Gateway.Length > 0 && Names.Check(Gateway, "gateway") is { Succeeded: false } gateway)
        {
            return gateway;
        }

        if (GatewayNamespace.Length > 0 && (Gateway.Length == 0 || !Names.Check(GatewayNamespace, "gateway").Succeeded))
        {
            return Failure.Invalid("Name the gateway and its namespace, or neither.", "gateway");
        }

        if (PlanGuard.CheckClaim(CacheClaim.Length == 0 ? null : CacheClaim, "cacheClaim") is { Succeeded: false } claim)
        {
            return claim;
        }

        if (PullSecrets.Count > PullSecret.Most || PullSecrets.Any(s => !NodeLabels.IsObjectName(s)))
        {
            return Failure.Invalid($"Name at most {PullSecret.Most} secrets of the namespace, such as registry-login: lower-case letters, digits, hyphens and dots.", "pullSecrets");
        }

        return Prometheus.Length == 0
            ? Result.Done
            : Uri.TryCreate(Prometheus, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0 && uri.Query.Length == 0 && uri.Fragment.Length == 0
                ? Result.Done
                : Failure.Invalid("Prometheus needs an address that begins with https:// or http://, without user or query.", "prometheus");
    }

    private static bool IsRegistry(string text) => ImageReference.Parse($"{text}/x@sha256:{new string('0', 64)}").Succeeded && !text.Contains('@', StringComparison.Ordinal);

    private Result CheckImage(string text, string field)
    {
        if (text.Length == 0)
        {
            return Result.Done;
        }

        var image = ImageReference.Parse(text, field);
        return !image.Succeeded ? image.Failure
            : image.Value.IsFrom(Registries) ? Result.Done
            : Failure.Invalid($"{image.Value.Registry} is not among the registries that images may come from.", field);
    }

    private Result CheckPods()
    {
        foreach (var (list, field) in (ReadOnlySpan<(IReadOnlyList<string>, string)>)[(Tolerations, "tolerations"), (GpuTolerations, "gpuTolerations")])
        {
            if (list.Count > MostTolerations)
            {
                return Failure.Invalid($"At most {MostTolerations} taints.", field);
            }

            if (list.Select(t => Taints.Parse(t, field)).FirstOrDefault(t => !t.Succeeded) is { Failure: { } wrong })
            {
                return wrong;
            }
        }

        return PlanGuard.CheckClass(NullIfEmpty(RuntimeClass), "runtime class", "runtimeClass") is { Succeeded: false } runtime ? runtime
            : PlanGuard.CheckClass(NullIfEmpty(GpuRuntimeClass), "runtime class", "gpuRuntimeClass") is { Succeeded: false } gpuRuntime ? gpuRuntime
            : PlanGuard.CheckPriority(NullIfEmpty(PriorityClass), "priorityClass");
    }

    // Equality alone, joined by commas: everything that choosing nodes needs, and nothing that reads otherwise than it looks. A name
    // alone would mean any value to a watch and no value to a pod.
    private Result CheckNodeFilter()
    {
        const string Field = "nodeLabels";
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (var (name, value) in FilterLabels())
        {
            if (value is null)
            {
                return Failure.Invalid($"Write name=value for {NodeLabels.Shown(name)}.", Field);
            }

            if (PlanGuard.CheckSelector(name, value) is { Failure: { } wrong })
            {
                return wrong with { Field = Field };
            }

            if (!names.Add(name))
            {
                return Failure.Invalid($"{name} is there twice, and no node has both.", Field);
            }
        }

        return NodeFilter.Length <= 1024 ? Result.Done : Failure.Invalid("The labels of nodes are too many.", Field);
    }

    private IEnumerable<(string Name, string? Value)> FilterLabels() => NodeFilter.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(part =>
    {
        var pair = part.Split('=', 2, StringSplitOptions.TrimEntries);
        return (pair[0], pair.Length > 1 ? pair[1] : null);
    });

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;

    private static List<string> CleanList(IEnumerable<string> texts) => [.. texts.Select(t => t.Trim(' ')).Where(t => t.Length > 0).Distinct(StringComparer.Ordinal)];
}
