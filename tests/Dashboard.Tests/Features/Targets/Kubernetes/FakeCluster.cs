using k8s;
using k8s.Models;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes;

/// <summary>A cluster that keeps what it is given. Its watch can be held back, as real ones lag behind.</summary>
internal sealed class FakeCluster : ICluster, IClusters
{
    private readonly Dictionary<string, IKubernetesObject<V1ObjectMeta>> stored = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IKubernetesObject<V1ObjectMeta>> seen = new(StringComparer.Ordinal);
    private int version;

    public event Action<ClusterChange>? Changed;

    public TargetOutage? Outage => null;

    public IClusterLease Lease { get; } = new HeldLease();

    public ClusterSettings Settings { get; init; } = new() { Namespace = KubernetesSamples.Namespace, Registries = ["registry.example"], ReachesPods = true };

    public string? Problem { get; set; }

    public bool Lags { get; set; }

    public List<string> Calls { get; } = [];

    public List<string> Logs { get; } = [];

    /// <summary>What a dry run of an object is refused with; null for what is taken.</summary>
    public Func<IKubernetesObject<V1ObjectMeta>, Exception?> Refuses { get; set; } = _ => null;

    /// <summary>What dry runs wait for.</summary>
    public Task Answers { get; set; } = Task.CompletedTask;

    /// <summary>What the log of every container says; null for a cluster that does not give it.</summary>
    public IReadOnlyList<string>? LogSays { get; set; } = ["line"];

    public Task<ICluster> GetAsync(Guid targetId, CancellationToken cancellation) => Task.FromResult<ICluster>(this);

    public bool HasRoutes { get; init; }

    public bool Watches(string kind) => HasRoutes || kind != "HTTPRoute";

    /// <summary>Whether its account may read nodes.</summary>
    public bool ShowsNodes { get; set; } = true;

    public bool IsRefused(string kind) => (kind == "Node" && !ShowsNodes) || !Watches(kind);

    public IKubernetesObject<V1ObjectMeta>? Find(string kind, string name) => seen.GetValueOrDefault($"{kind}/{name}");

    public IReadOnlyCollection<T> All<T>()
        where T : class, IKubernetesObject<V1ObjectMeta> => [.. seen.Values.OfType<T>()];

    public IReadOnlyCollection<V1Pod> PodsOnNodes() => All<V1Pod>();

    public Task SeenAsync(CancellationToken cancellation) => Task.CompletedTask;

    public async Task<IKubernetesObject<V1ObjectMeta>> ApplyAsync(IKubernetesObject<V1ObjectMeta> wanted, bool force, bool dryRun, CancellationToken cancellation)
    {
        if (dryRun)
        {
            await Answers.WaitAsync(cancellation);
            if (Refuses(wanted) is { } refusal)
            {
                throw refusal;
            }

            var would = Copy(wanted);
            would.Metadata.ManagedFields = [.. stored.GetValueOrDefault($"{wanted.Kind}/{wanted.Metadata.Name}")?.Metadata.ManagedFields ?? [], new() { Manager = ObjectLabels.Manager }];
            return would;
        }

        Calls.Add($"apply {wanted.Kind}/{wanted.Metadata.Name}");
        return Put(wanted, ObjectLabels.Manager);
    }

    public Task<IKubernetesObject<V1ObjectMeta>> TakeOutAsync(IKubernetesObject<V1ObjectMeta> seen, IReadOnlyList<string> pointers, CancellationToken cancellation) =>
        throw new NotSupportedException("Nobody adds fields here: it keeps no record of who has set which.");

    public Task DeleteAsync(IKubernetesObject<V1ObjectMeta> one, CancellationToken cancellation)
    {
        Calls.Add($"delete {one.Kind}/{one.Metadata.Name}");
        Remove(one);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<string>> ReadLogAsync(string pod, string container, int lines, bool previous, CancellationToken cancellation)
    {
        Logs.Add($"{pod}/{container}{(previous ? " before" : "")}");
        return LogSays is { } said ? Task.FromResult(said) : Task.FromException<IReadOnlyList<string>>(new InvalidOperationException("It may not be read."));
    }

    public IAsyncEnumerable<string> FollowLogAsync(string pod, string container, int lines, bool previous, Action opened, CancellationToken cancellation)
    {
        Logs.Add($"{pod}/{container}{(previous ? " before" : "")}");
        opened();
        return (LogSays ?? []).ToAsyncEnumerable();
    }

    public Task<IReadOnlyList<string>> GlanceAtLogAsync(string pod, string container, int lines, CancellationToken cancellation) => ReadLogAsync(pod, container, lines, previous: false, cancellation);

    public Task<HttpResponseMessage> SendToPodAsync(string pod, int port, HttpRequestMessage request, CancellationToken cancellation) => throw new NotSupportedException();

    /// <summary>Stores a copy, as if somebody of that name had written it.</summary>
    public IKubernetesObject<V1ObjectMeta> Put(IKubernetesObject<V1ObjectMeta> one, string manager)
    {
        var copy = Copy(one);
        copy.Metadata.ResourceVersion = $"{++version}";
        copy.Metadata.Uid = stored.GetValueOrDefault($"{one.Kind}/{one.Metadata.Name}")?.Metadata.Uid ?? Guid.NewGuid().ToString();
        copy.Metadata.ManagedFields = [.. copy.Metadata.ManagedFields?.Where(f => f.Manager != manager) ?? [], new() { Manager = manager, Time = new DateTime(2026, 1, 1).AddSeconds(version) }];
        stored[$"{one.Kind}/{one.Metadata.Name}"] = copy;
        if (!Lags && copy.Metadata.Labels?.ContainsKey(ObjectLabels.ManagedBy) == true)
        {
            Show(copy);
        }

        return copy;
    }

    /// <summary>Takes an object away.</summary>
    public void Remove(IKubernetesObject<V1ObjectMeta> one)
    {
        stored.Remove($"{one.Kind}/{one.Metadata.Name}");
        if (Lags)
        {
            return;
        }

        seen.Remove($"{one.Kind}/{one.Metadata.Name}");
        Changed?.Invoke(new(one, IsGone: true));
    }

    /// <summary>Lets the watch catch up.</summary>
    public void CatchUp()
    {
        Lags = false;
        foreach (var gone in seen.Values.Where(o => !stored.ContainsKey($"{o.Kind}/{o.Metadata.Name}")).ToList())
        {
            Remove(gone);
        }

        foreach (var one in stored.Values.ToList())
        {
            Show(one);
        }
    }

    /// <summary>Shows something without storing it, such as an event.</summary>
    public void Show(IKubernetesObject<V1ObjectMeta> one)
    {
        seen[$"{one.Kind}/{one.Metadata.Name}"] = one;
        Changed?.Invoke(new(one, IsGone: false));
    }

    /// <summary>Edits a copy of an object that is there, as a person does, or somebody else.</summary>
    public void Edit<T>(string name, Action<T> change, string manager = "kubectl-edit")
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var copy = (T)Copy(All<T>().Single(o => o.Metadata.Name == name));
        change(copy);
        Put(copy, manager);
    }

    private static IKubernetesObject<V1ObjectMeta> Copy(IKubernetesObject<V1ObjectMeta> one)
    {
        var text = KubernetesJson.Serialize(one);
        return one switch
        {
            V1Deployment => KubernetesJson.Deserialize<V1Deployment>(text),
            V1Service => KubernetesJson.Deserialize<V1Service>(text),
            V1ConfigMap => KubernetesJson.Deserialize<V1ConfigMap>(text),
            V1Secret => KubernetesJson.Deserialize<V1Secret>(text),
            V1ServiceAccount => KubernetesJson.Deserialize<V1ServiceAccount>(text),
            V1NetworkPolicy => KubernetesJson.Deserialize<V1NetworkPolicy>(text),
            V1PodDisruptionBudget => KubernetesJson.Deserialize<V1PodDisruptionBudget>(text),
            V2HorizontalPodAutoscaler => KubernetesJson.Deserialize<V2HorizontalPodAutoscaler>(text),
            V1Pod => KubernetesJson.Deserialize<V1Pod>(text),
            HttpRoute => KubernetesJson.Deserialize<HttpRoute>(text),
            _ => throw new NotSupportedException(one.Kind),
        };
    }

    private sealed class HeldLease : IClusterLease
    {
        public bool IsHeld => true;

        public Task HoldAsync(string holder, CancellationToken cancellation) => Task.CompletedTask;

        public Task ReleaseAsync(CancellationToken cancellation) => Task.CompletedTask;
    }
}
