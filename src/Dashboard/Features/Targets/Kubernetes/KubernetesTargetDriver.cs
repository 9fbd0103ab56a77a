using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Apply;
using Ops.Dashboard.Features.Targets.Kubernetes.Inventory;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Dashboard.Features.Targets.Kubernetes.Watching;
using Ops.Data;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Targets.Kubernetes;

/// <summary>
/// Runs endpoints in clusters. What it made it knows again by labels, so there is nothing to take over after a restart or a restore of the
/// registry. What it sees comes from watches; it acts only in <see cref="ApplyAsync"/>.
/// </summary>
internal sealed class KubernetesTargetDriver(
    IClusters clusters, WantedObjects wanted, ITurn turn, ObservedEndpoints observed, ITargetEvents events, TimeProvider time, ILogger<KubernetesTargetDriver> log) : ITargetDriver, ILogStream, IPlanFiller, IDriftSource, IShareSource, IDisposable
{
    private const int MostLogLines = 10_000;
    private static readonly TimeSpan FirstLook = TimeSpan.FromSeconds(3);
    private readonly ConcurrentDictionary<Guid, ManagedEndpoint> endpoints = new();
    private readonly ConcurrentDictionary<ICluster, Action<ClusterChange>> watched = new();
    private readonly ClusterEvents clusterEvents = new(time.GetUtcNow());

    /// <inheritdoc/>
    public string Kind => TargetKinds.Kubernetes;

    /// <inheritdoc/>
    public async Task<TargetInventory> GetInventoryAsync(Target target, CancellationToken cancellation)
    {
        try
        {
            var cluster = await OpenAsync(target.Id, cancellation);
            var problem = await FirstLookAsync(cluster, cancellation);
            return new(NodeReader.Read(cluster.All<V1Node>(), cluster.PodsOnNodes()), time.GetUtcNow(), cluster.Problem ?? problem)
            {
                Outage = cluster.Outage,
                Placement = cluster.Settings.Placement,
                NamesGpuFigures = cluster.Settings.Prometheus is not null,
                Hidden = cluster.IsRefused("Node") ? $"The account of {target.Name} may not read nodes." : null,
            };
        }
        catch (InvalidOperationException exception)
        {
            return new([], time.GetUtcNow(), exception.Message);
        }
    }

    /// <inheritdoc/>
    public async Task<Result<PlanSpec>> FillAsync(Target target, PlanSpec plan, long sizeBytes, CancellationToken cancellation)
    {
        try
        {
            return ClusterPlans.Fill((await OpenAsync(target.Id, cancellation)).Settings, target.Name, plan, sizeBytes);
        }
        catch (InvalidOperationException exception)
        {
            return Failure.Unavailable(exception.Message) with { Field = "target" };
        }
    }

    /// <inheritdoc/>
    public Result<IReadOnlyList<string>> CheckNodes(PlanSpec plan, TargetInventory inventory, bool runs) => ClusterPlans.CheckNodes(plan, inventory, runs);

    /// <inheritdoc/>
    public async Task<Result> CheckSealedAsync(Target target, Plan plan, CancellationToken cancellation)
    {
        try
        {
            // Before Deployments were seen nobody knows what runs, and what runs must not be refused.
            var cluster = await OpenAsync(target.Id, cancellation);
            return cluster.Watches(V1Deployment.KubeKind) ? ClusterPlans.CheckSealed(cluster, new(plan.EndpointId, plan.Spec.Endpoint, target.Id), plan.Hash, plan.Spec) : Result.Done;
        }
        catch (InvalidOperationException)
        {
            // Whoever applies it finds out what there is.
            return Result.Done;
        }
    }

    /// <inheritdoc/>
    public async Task ApplyAsync(EndpointRef endpoint, IReadOnlyList<RevisionSpec> revisions, CancellationToken cancellation)
    {
        var cluster = await SeenAsync(endpoint.TargetId, cancellation);
        var managed = Manage(endpoint, cluster);
        if (turn.IsHeld)
        {
            managed.Act(time.GetUtcNow());
            await cluster.Lease.HoldAsync(turn.Holder, cancellation);
            managed.Ask(revisions, time.GetUtcNow());
        }

        await managed.Applier.ApplyAsync(revisions, endpoint, cluster, cancellation);
    }

    /// <inheritdoc/>
    public async Task<EndpointObservation> ObserveAsync(EndpointRef endpoint, CancellationToken cancellation)
    {
        var cluster = await SeenAsync(endpoint.TargetId, cancellation);
        var managed = Manage(endpoint, cluster);
        await managed.ReadStepsAsync(cancellation);
        return Look(managed, always: false);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> ReadLogAsync(EndpointRef endpoint, string replicaId, int lines, CancellationToken cancellation)
    {
        var cluster = await OpenAsync(endpoint.TargetId, cancellation);
        return ContainerToRead(cluster, endpoint, replicaId) is { } from ? await cluster.ReadLogAsync(replicaId, from.Container, Math.Min(lines, MostLogLines), from.Previous, cancellation) : [];
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> FollowLogAsync(EndpointRef endpoint, string replicaId, int lines, Action opened, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var cluster = await OpenAsync(endpoint.TargetId, cancellation);
        if (ContainerToRead(cluster, endpoint, replicaId) is { } from)
        {
            await foreach (var line in cluster.FollowLogAsync(replicaId, from.Container, Math.Min(lines, MostLogLines), from.Previous, opened, cancellation))
            {
                yield return line;
            }
        }
    }

    /// <summary>The cluster of an endpoint that was looked at before, or null.</summary>
    public ICluster? ClusterOf(Guid endpointId) => endpoints.GetValueOrDefault(endpointId)?.Cluster;

    /// <summary>The clusters that this dashboard acts on.</summary>
    public IReadOnlyCollection<ICluster> Acting => [.. endpoints.Values.Where(m => m.ActsAt(time.GetUtcNow())).Select(m => m.Cluster).Distinct()];

    /// <summary>What somebody else has changed of an endpoint and nobody has decided about.</summary>
    public IReadOnlyList<DriftItem> DriftOf(Guid endpointId) => endpoints.TryGetValue(endpointId, out var managed) ? managed.Applier.Open : [];

    /// <inheritdoc/>
    public IReadOnlyList<OpenChange> OpenOf(Guid endpointId) => [.. DriftOf(endpointId).Select(i => i.Opened)];

    /// <inheritdoc/>
    public string? WhyNotShared(EndpointRef endpoint, IReadOnlyList<RevisionSpec> revisions) =>
        ClusterOf(endpoint.Id) is { } cluster && cluster.Watches(HttpRoute.KindName) && HttpRoute.Of(endpoint, revisions, cluster.Settings.Namespace, cluster.Settings.Gateway) is { } wanted
            ? RouteAcceptance.WhyNotInForce(wanted, HttpRoute.Find(cluster, endpoint))
            : null;

    // The id only chooses among pods that are known to be this endpoint's.
    private static (string Container, bool Previous)? ContainerToRead(ICluster cluster, EndpointRef endpoint, string replicaId)
    {
        if (cluster.Find("Pod", replicaId) is not V1Pod pod || ObjectLabels.EndpointOf(pod.Metadata) != endpoint.Id)
        {
            return null;
        }

        var server = pod.Status?.ContainerStatuses?.FirstOrDefault(c => c.Name == PodTemplate.Server);
        var hasBegun = server?.State?.Running is not null || server?.State?.Terminated is not null || server?.RestartCount > 0;
        return (hasBegun ? PodTemplate.Server : PodTemplate.Fetch, server?.State?.Waiting is not null && server.RestartCount > 0);
    }

    /// <summary>Takes in a change that a watch has seen.</summary>
    internal void Take(ICluster cluster, ClusterChange change)
    {
        try
        {
            if (change.Object is Corev1Event happened)
            {
                if (!change.IsGone && clusterEvents.Read(happened, cluster, NameOf) is { } told)
                {
                    events.Report(told);
                }

                return;
            }

            if (ObjectLabels.EndpointOf(change.Object.Metadata) is { } endpointId && endpoints.TryGetValue(endpointId, out var managed) && managed.Cluster == cluster)
            {
                // A Deployment that somebody edited or deleted changes no pod at once, and still the reconciler has to look.
                Look(managed, always: change.Object is not (V1Pod or V1ReplicaSet));
            }
        }
        catch (Exception exception)
        {
            // One object that cannot be understood must not end the watch of all others.
            log.ChangeNotTaken(exception);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (cluster, handler) in watched)
        {
            cluster.Changed -= handler;
        }

        foreach (var managed in endpoints.Values)
        {
            managed.Applier.Dispose();
        }
    }

    private string? NameOf(Guid endpointId) => endpoints.GetValueOrDefault(endpointId) is { } managed && Acts(managed) ? managed.Endpoint.Name : null;

    // What another dashboard that has taken over tells need not be told twice.
    private bool Acts(ManagedEndpoint managed) => turn.IsHeld && managed.ActsAt(time.GetUtcNow());

    private EndpointObservation Look(ManagedEndpoint managed, bool always) => managed.Look(time.GetUtcNow(), Acts(managed) ? events : null, observed, always);

    private ManagedEndpoint Manage(EndpointRef endpoint, ICluster cluster)
    {
        // A target whose settings were changed may have become another cluster.
        var managed = endpoints.AddOrUpdate(endpoint.Id, _ => Make(), (_, known) => known.Cluster == cluster ? known : Make());
        return managed;

        ManagedEndpoint Make() => new(endpoint, cluster, new(endpoint, wanted, new ClusterTurn(turn, cluster.Lease), (item, isPutBack) => TellDrift(endpoint, cluster, item, isPutBack), time, log));
    }

    private void TellDrift(EndpointRef endpoint, ICluster cluster, DriftItem item, bool isPutBack) => events.Report(new()
    {
        EndpointId = endpoint.Id,
        EndpointName = endpoint.Name,
        PlanId = ObjectLabels.PlanOf(cluster.Find(item.Kind, item.Name)?.Metadata) ?? Guid.Empty,
        ReplicaId = item.Name,
        At = time.GetUtcNow(),
        Level = RolloutEventLevel.Warning,
        Kind = TargetEventKinds.Drifted,
        Message = $"{item.Sentence} {(isPutBack ? "It is put back." : "It stays so until somebody puts it back or accepts it.")}",
    });

    private async Task<ICluster> OpenAsync(Guid targetId, CancellationToken cancellation)
    {
        var cluster = await clusters.GetAsync(targetId, cancellation);
        Action<ClusterChange> handler = change => Take(cluster, change);
        if (watched.TryAdd(cluster, handler))
        {
            cluster.Changed += handler;
        }

        return cluster;
    }

    // Right after the start nothing was seen yet, which is not the same as a cluster without nodes.
    private async Task<string?> FirstLookAsync(ICluster cluster, CancellationToken cancellation)
    {
        try
        {
            await cluster.SeenAsync(cancellation).WaitAsync(FirstLook, time, cancellation);
            return null;
        }
        catch (TimeoutException)
        {
            return "It has not shown its machines yet. Look again in a moment.";
        }
        catch (InvalidOperationException exception)
        {
            return exception.Message;
        }
    }

    /// <summary>A cluster of which everything was seen. What is old is no ground to decide on: what runs goes on meanwhile.</summary>
    private async Task<ICluster> SeenAsync(Guid targetId, CancellationToken cancellation)
    {
        var cluster = await OpenAsync(targetId, cancellation);
        if (cluster.Problem is { } problem)
        {
            throw new InvalidOperationException(problem);
        }

        await cluster.SeenAsync(cancellation);
        return cluster;
    }
}
