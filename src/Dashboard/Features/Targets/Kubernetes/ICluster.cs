using k8s;
using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Inventory;

namespace Ops.Dashboard.Features.Targets.Kubernetes;

/// <summary>The clusters of all targets.</summary>
internal interface IClusters
{
    /// <summary>The cluster of a target, its watches begun.</summary>
    /// <exception cref="InvalidOperationException">The target is not there, is of another kind, or its settings cannot be used; the message says what to do.</exception>
    Task<ICluster> GetAsync(Guid targetId, CancellationToken cancellation);
}

/// <summary>One namespace of a cluster as the driver needs it: what was seen last, and how to change it.</summary>
internal interface ICluster
{
    /// <summary>What its target says.</summary>
    ClusterSettings Settings { get; }

    /// <summary>Why what is seen may be old, such as a cluster that does not answer; null while it is seen live.</summary>
    string? Problem { get; }

    /// <summary>Since when it does not answer; null while it does.</summary>
    TargetOutage? Outage { get; }

    /// <summary>The right to change it, as the cluster sees it.</summary>
    IClusterLease Lease { get; }

    /// <summary>Raised for each change that is seen, on the watch's thread; handlers only signal or do little.</summary>
    event Action<ClusterChange>? Changed;

    /// <summary>Whether objects of a kind are watched, so that <see cref="Find"/> tells what is there.</summary>
    bool Watches(string kind);

    /// <summary>Whether the account may not watch a kind, or the cluster does not have it; false while that is not known.</summary>
    bool IsRefused(string kind);

    /// <summary>An object as it was seen last, or null when it is not there.</summary>
    IKubernetesObject<V1ObjectMeta>? Find(string kind, string name);

    /// <summary>All objects of a kind in the namespace (of nodes: all), as they were seen last.</summary>
    IReadOnlyCollection<T> All<T>()
        where T : class, IKubernetesObject<V1ObjectMeta>;

    /// <summary>Pods that take something of nodes, of every namespace that may be seen.</summary>
    IReadOnlyCollection<V1Pod> PodsOnNodes();

    /// <summary>Completes once everything was seen a first time.</summary>
    Task SeenAsync(CancellationToken cancellation);

    /// <summary>Applies an object (server-side apply).</summary>
    /// <param name="wanted">All fields that are ours.</param>
    /// <param name="force">Takes over fields that somebody else has set.</param>
    /// <param name="dryRun">Only says what would become of it.</param>
    /// <param name="cancellation">Gives up; it may be done all the same.</param>
    /// <returns>The object as the cluster has it then.</returns>
    /// <exception cref="InvalidOperationException">The cluster refused it; the message is the cluster's, in one sentence.</exception>
    Task<IKubernetesObject<V1ObjectMeta>> ApplyAsync(IKubernetesObject<V1ObjectMeta> wanted, bool force, bool dryRun, CancellationToken cancellation);

    /// <summary>Takes fields out of an object that are not ours, which an apply leaves alone, if it is still as it was seen.</summary>
    /// <param name="seen">The object.</param>
    /// <param name="pointers">The fields, as JSON pointers into it.</param>
    /// <param name="cancellation">Gives up; it may be done all the same.</param>
    /// <returns>The object as the cluster has it then.</returns>
    /// <exception cref="InvalidOperationException">It was changed since, or the cluster refused it.</exception>
    Task<IKubernetesObject<V1ObjectMeta>> TakeOutAsync(IKubernetesObject<V1ObjectMeta> seen, IReadOnlyList<string> pointers, CancellationToken cancellation);

    /// <summary>Deletes an object, if it is still the one that was seen. Done already is done. What belongs to it goes after it, each pod gently.</summary>
    Task DeleteAsync(IKubernetesObject<V1ObjectMeta> seen, CancellationToken cancellation);

    /// <summary>The last lines of a container, oldest first; none when it has not begun.</summary>
    /// <param name="pod">The pod's name.</param>
    /// <param name="container">The container's name.</param>
    /// <param name="lines">How many at most.</param>
    /// <param name="previous">Of the run before this one.</param>
    /// <param name="cancellation">Gives up.</param>
    Task<IReadOnlyList<string>> ReadLogAsync(string pod, string container, int lines, bool previous, CancellationToken cancellation);

    /// <summary>The last lines of a container and then each that it writes, until it ends or the way to it breaks; none when it has not begun.</summary>
    /// <param name="pod">The pod's name.</param>
    /// <param name="container">The container's name.</param>
    /// <param name="lines">How many of the last lines.</param>
    /// <param name="previous">Of the run before this one.</param>
    /// <param name="opened">Called once the log is open, whether or not there is anything in it.</param>
    /// <param name="cancellation">Ends it.</param>
    IAsyncEnumerable<string> FollowLogAsync(string pod, string container, int lines, bool previous, Action opened, CancellationToken cancellation);

    /// <summary>The last lines of a container, where there is room to ask for what is only nice to know.</summary>
    /// <exception cref="InvalidOperationException">They cannot be had now.</exception>
    Task<IReadOnlyList<string>> GlanceAtLogAsync(string pod, string container, int lines, CancellationToken cancellation);

    /// <summary>Sends a request to a pod through the API server.</summary>
    Task<HttpResponseMessage> SendToPodAsync(string pod, int port, HttpRequestMessage request, CancellationToken cancellation);
}

/// <summary>What a target says of its cluster, as far as the driver goes by it.</summary>
internal sealed record ClusterSettings
{
    /// <summary>The one namespace that everything is in.</summary>
    public required string Namespace { get; init; }

    /// <summary>Places that images may come from: registries, or registries with the first whole segments of a path.</summary>
    public IReadOnlyList<string> Registries { get; init; } = [];

    /// <summary>Images of runtimes by digest, by the name of the runtime; one for pods with GPUs may stand under the name and <c>-gpu</c>.</summary>
    public IReadOnlyDictionary<string, string> Images { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Where pods go, whatever people choose.</summary>
    public PlacementRules Placement { get; init; } = new();

    /// <summary>Secrets of the namespace with which nodes sign in to registries.</summary>
    public IReadOnlyList<string> PullSecrets { get; init; } = [];

    /// <summary>The PersistentVolumeClaim that pods keep versions in; null for none.</summary>
    public string? CacheClaim { get; init; }

    /// <summary>Whether pods are reached by their own addresses, because the dashboard runs in the same cluster.</summary>
    public bool ReachesPods { get; init; }

    /// <summary>Where a Prometheus answers that knows the figures of pods; null to ask the pods.</summary>
    public Uri? Prometheus { get; init; }

    /// <summary>The gateway that routes hang on; null for none, and then no weights of requests inside the cluster.</summary>
    public (string? Namespace, string Name)? Gateway { get; init; }

    /// <summary>The image of a runtime, or null when the target names none.</summary>
    public string? ImageOf(string runtime, bool gpus) =>
        (gpus ? Images.GetValueOrDefault($"{runtime}-gpu") : null) ?? Images.GetValueOrDefault(runtime);
}

/// <summary>Something that was seen. <paramref name="Object"/> is the newest that is known of it, the last one when it is gone.</summary>
internal sealed record ClusterChange(IKubernetesObject<V1ObjectMeta> Object, bool IsGone);
