using System.Runtime.CompilerServices;
using k8s;
using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>One target's cluster: a client, and watches of everything that endpoints are made of.</summary>
internal sealed class ClusterConnection : ICluster, IAsyncDisposable
{
    private static readonly TimeSpan LogTimeout = TimeSpan.FromSeconds(30);
    private readonly ClusterAccess access;
    private readonly ClusterWatch pods;
    private readonly ClusterWatch allPods;
    private readonly Dictionary<Type, ClusterWatch> watches;
    private readonly List<ClusterWatch> needed;
    private readonly ClusterLease lease;
    private readonly ILogger log;

    /// <param name="target">The target's name, for the log.</param>
    /// <param name="settings">What it says.</param>
    /// <param name="access">How the cluster is reached; disposed of here.</param>
    /// <param name="api">The client; disposed of here.</param>
    /// <param name="terms">How watches wait.</param>
    /// <param name="leaseDuration">How long whoever acts on it may be silent.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Takes what watches say.</param>
    public ClusterConnection(string target, KubernetesTargetSettings settings, ClusterAccess access, ClusterApi api, WatchTerms terms, TimeSpan leaseDuration, TimeProvider time, ILogger log)
    {
        lease = new(api, settings.Namespace, leaseDuration, time);
        (Target, this.access, Api, this.log, Said) = (target, access, api, log, settings);
        Settings = new()
        {
            Namespace = settings.Namespace,
            Registries = settings.Registries,
            Images = settings.Images(),
            Placement = settings.Placement(),
            PullSecrets = settings.PullSecrets,
            CacheClaim = settings.CacheClaim.Length == 0 ? null : settings.CacheClaim,
            ReachesPods = settings.InCluster,
            Prometheus = settings.Prometheus.Length == 0 ? null : new(settings.Prometheus),
            Gateway = settings.Gateway.Length == 0 ? null : (settings.GatewayNamespace.Length == 0 ? null : settings.GatewayNamespace, settings.Gateway),
        };
        var mine = new ClusterScope(settings.Namespace, ObjectLabels.Selector);
        pods = Watch<V1Pod>(mine, WatchTrims.Pod);
        needed = [pods, Watch<V1Deployment>(mine), Watch<V1Service>(mine)];
        List<ClusterWatch> all =
        [
            .. needed, Watch<V1ReplicaSet>(mine, WatchTrims.Fields), Watch<V1ServiceAccount>(mine), Watch<V1PodDisruptionBudget>(mine), Watch<V1NetworkPolicy>(mine),
            Watch<V2HorizontalPodAutoscaler>(mine), Watch<HttpRoute>(mine), Watch<V1Secret>(mine), Watch<V1ConfigMap>(mine),
            Watch<V1Lease>(mine, WatchTrims.Fields),
            Watch<Corev1Event>(new(settings.Namespace), WatchTrims.Fields),
            Watch<V1Node>(new(null, settings.NodeFilter), WatchTrims.Node),
        ];
        watches = all.ToDictionary(w => w.Kind.Type);

        // For what other pods take of nodes. Without the right, only our own are counted.
        allPods = new(api, ClusterKind.Of<V1Pod>(), new(null, null, "status.phase!=Succeeded,status.phase!=Failed"), static _ => { }, terms, time, log) { Trim = WatchTrims.ForeignPod };
        all.ForEach(w => w.Start());
        allPods.Start();

        ClusterWatch Watch<T>(ClusterScope scope, Action<IKubernetesObject<V1ObjectMeta>>? trim = null)
            where T : IKubernetesObject<V1ObjectMeta> => new(api, ClusterKind.Of<T>(), scope, Tell, terms, time, log) { Trim = trim };
    }

    /// <inheritdoc/>
    public event Action<ClusterChange>? Changed;

    /// <summary>The target's name.</summary>
    public string Target { get; }

    /// <summary>Everything the target says.</summary>
    public KubernetesTargetSettings Said { get; }

    /// <summary>Stands for what the cluster is reached by, see <see cref="ClusterAccess.Mark"/>.</summary>
    public string Mark => access.Mark;

    /// <summary>The client, for what a watch does not show.</summary>
    public ClusterApi Api { get; }

    /// <inheritdoc/>
    public ClusterSettings Settings { get; }

    /// <inheritdoc/>
    public IClusterLease Lease => lease;

    /// <inheritdoc/>
    public string? Problem => needed.Select(w => w.Failure).FirstOrDefault(f => f is not null)?.Message;

    /// <inheritdoc/>
    public TargetOutage? Outage => needed.Select(w => w.DownSince).Min() is { } since ? new(since, !needed.All(w => w.IsSeen)) : null;

    /// <inheritdoc/>
    public bool Watches(string kind) => watches.Values.FirstOrDefault(w => w.Kind.Name == kind) is { IsSeen: true };

    /// <inheritdoc/>
    public bool IsRefused(string kind) => watches.Values.FirstOrDefault(w => w.Kind.Name == kind) is { IsRefused: true };

    /// <inheritdoc/>
    public IKubernetesObject<V1ObjectMeta>? Find(string kind, string name) =>
        watches.Values.FirstOrDefault(w => w.Kind.Name == kind) is { } watch ? watch.Find(watch.Kind.IsNamespaced ? Settings.Namespace : null, name) : null;

    /// <inheritdoc/>
    public IReadOnlyCollection<T> All<T>()
        where T : class, IKubernetesObject<V1ObjectMeta> => watches.TryGetValue(typeof(T), out var watch) ? [.. watch.All.Cast<T>()] : [];

    /// <inheritdoc/>
    public IReadOnlyCollection<V1Pod> PodsOnNodes() => allPods.IsSeen ? [.. allPods.All.Cast<V1Pod>()] : All<V1Pod>();

    /// <inheritdoc/>
    public async Task SeenAsync(CancellationToken cancellation)
    {
        await Task.WhenAll(watches.Values.Select(w => w.FirstOutcome)).WaitAsync(cancellation);
        if (needed.Select(w => w.Failure).FirstOrDefault(f => f is not null) is { } failure)
        {
            throw new ClusterException(failure.Problem, failure.Message, failure);
        }
    }

    /// <inheritdoc/>
    public Task<IKubernetesObject<V1ObjectMeta>> ApplyAsync(IKubernetesObject<V1ObjectMeta> wanted, bool force, bool dryRun, CancellationToken cancellation)
    {
        // The last line of defence: whatever is in the registry, nothing leaves the namespace of the target.
        if (wanted.Metadata.NamespaceProperty != Settings.Namespace || !ClusterKind.Of(wanted.GetType()).IsNamespaced)
        {
            throw new ClusterException(ClusterProblem.Forbidden, $"This target's namespace is {Settings.Namespace}; nothing is applied anywhere else.");
        }

        return Api.ApplyAsync(wanted, new(force, dryRun), cancellation);
    }

    /// <inheritdoc/>
    public Task<IKubernetesObject<V1ObjectMeta>> TakeOutAsync(IKubernetesObject<V1ObjectMeta> seen, IReadOnlyList<string> pointers, CancellationToken cancellation) =>
        seen.Metadata.NamespaceProperty == Settings.Namespace
            ? Api.TakeOutAsync(seen, pointers, cancellation)
            : throw new ClusterException(ClusterProblem.Forbidden, $"This target's namespace is {Settings.Namespace}; nothing is changed anywhere else.");

    /// <inheritdoc/>
    public Task DeleteAsync(IKubernetesObject<V1ObjectMeta> seen, CancellationToken cancellation) => seen.Metadata.NamespaceProperty == Settings.Namespace
        ? Api.DeleteAsync(seen, "Background", cancellation)
        : throw new ClusterException(ClusterProblem.Forbidden, $"This target's namespace is {Settings.Namespace}; nothing is deleted anywhere else.");

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> ReadLogAsync(string pod, string container, int lines, bool previous, CancellationToken cancellation) =>
        ReadLogAsync(pod, new() { Container = container, Tail = lines, Previous = previous }, cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> GlanceAtLogAsync(string pod, string container, int lines, CancellationToken cancellation) =>
        ReadLogAsync(pod, new() { Container = container, Tail = lines, IsGlance = true }, cancellation);

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> FollowLogAsync(string pod, string container, int lines, bool previous, Action opened, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var terms = new LogTerms { Container = container, Tail = lines, Previous = previous, Follow = true, Opened = opened };
        await using var log = Api.ReadLogAsync(Settings.Namespace, pod, terms, cancellation).GetAsyncEnumerator(cancellation);
        while (await NextAsync())
        {
            yield return log.Current;
        }

        async Task<bool> NextAsync()
        {
            try
            {
                return await log.MoveNextAsync();
            }
            catch (ClusterException exception) when (exception.Problem is ClusterProblem.NotFound or ClusterProblem.Invalid)
            {
                // It has not begun yet, or is gone.
                return false;
            }
        }
    }

    /// <inheritdoc/>
    public Task<HttpResponseMessage> SendToPodAsync(string pod, int port, HttpRequestMessage request, CancellationToken cancellation) =>
        Api.SendToPodAsync(Settings.Namespace, pod, port, request, cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(watches.Values.Append(allPods).Select(w => w.DisposeAsync().AsTask()));
        lease.Dispose();
        Api.Dispose();
        access.Dispose();
    }

    private async Task<IReadOnlyList<string>> ReadLogAsync(string pod, LogTerms terms, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(LogTimeout);
        List<string> read = [];
        try
        {
            await foreach (var line in Api.ReadLogAsync(Settings.Namespace, pod, terms, limit.Token))
            {
                read.Add(line);
            }
        }
        catch (ClusterException exception) when (exception.Problem is ClusterProblem.NotFound or ClusterProblem.Invalid)
        {
            // It has not begun yet, or is gone.
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // What came in time is better than nothing.
        }

        return read;
    }

    private void Tell(ClusterChange change)
    {
        if (change.Object is V1Lease seen)
        {
            lease.See(seen);
            return;
        }

        try
        {
            Changed?.Invoke(change);
        }
        catch (Exception exception)
        {
            // Whoever listens, the watch goes on.
            log.ClusterChangeNotTaken(Target, exception);
        }
    }
}
