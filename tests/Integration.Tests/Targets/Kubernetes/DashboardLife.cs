using System.Collections.Concurrent;
using k8s;
using k8s.Models;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Dashboard.Tests.Features.Rollouts;
using Ops.Data;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>Ends or stops a dashboard at one line: before or after a commit, or before or after a change of the cluster.</summary>
/// <param name="endsAt">The line at which it ends, counted from 1 once armed; 0 for never.</param>
internal sealed class DashboardLife(int endsAt = 0)
{
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource paused = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource resumed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int lines;
    private volatile bool isArmed;
    private volatile string? pausesAt;

    /// <summary>Completes when it has ended.</summary>
    public Task Ended => ended.Task;

    /// <summary>Completes when it stands still.</summary>
    public Task Paused => paused.Task;

    /// <summary>Whether the registry answers it.</summary>
    public bool HasRegistry { get; set; } = true;

    /// <summary>Lines from now on count.</summary>
    public void Arm() => isArmed = true;

    /// <summary>Has it stand still at the next line of this name, as a process does whose machine is frozen.</summary>
    public void PauseAt(string line) => pausesAt = line;

    /// <summary>Lets it go on.</summary>
    public void Resume() => resumed.TrySetResult();

    /// <summary>Puts itself between the dashboard and both the registry and its clusters.</summary>
    public void Watch(IServiceCollection services, OpsWorld world)
    {
        services.Replace(ServiceDescriptor.Singleton<IDbContextFactory<RegistryDb>>(new Databases(world.Get<IDbContextFactory<RegistryDb>>(), this)));
        services.Replace(ServiceDescriptor.Singleton<IClusters>(provider => new Clusters(provider.GetRequiredService<ClusterConnections>(), this)));
    }

    private async Task PassAsync(string line)
    {
        Pass();
        if (pausesAt == line && !resumed.Task.IsCompleted)
        {
            paused.TrySetResult();
            await resumed.Task;
        }
    }

    private void Pass()
    {
        if (isArmed && Interlocked.Increment(ref lines) == endsAt)
        {
            ended.TrySetResult();
        }

        // Nothing of a process that was killed runs any further.
        if (ended.Task.IsCompleted)
        {
            throw new KilledException();
        }
    }

    private sealed class KilledException() : Exception("This dashboard was killed.");

    private sealed class Databases(IDbContextFactory<RegistryDb> inner, DashboardLife life) : IDbContextFactory<RegistryDb>
    {
        public RegistryDb CreateDbContext()
        {
            if (life.Ended.IsCompleted)
            {
                throw new KilledException();
            }

            if (!life.HasRegistry)
            {
                throw new TimeoutException("The registry does not answer.");
            }

            var db = inner.CreateDbContext();
            db.SavingChanges += (_, _) => life.Pass();
            db.SavedChanges += (_, _) => life.Pass();
            return db;
        }
    }

    private sealed class Clusters(IClusters inner, DashboardLife life) : IClusters
    {
        private readonly ConcurrentDictionary<ICluster, ICluster> known = new();

        public async Task<ICluster> GetAsync(Guid targetId, CancellationToken cancellation) => known.GetOrAdd(await inner.GetAsync(targetId, cancellation), c => new Cluster(c, life));
    }

    private sealed class Cluster(ICluster inner, DashboardLife life) : ICluster
    {
        public event Action<ClusterChange>? Changed
        {
            add => inner.Changed += value;
            remove => inner.Changed -= value;
        }

        public ClusterSettings Settings => inner.Settings;

        public TargetOutage? Outage => inner.Outage;

        public IClusterLease Lease => inner.Lease;

        public string? Problem => inner.Problem;

        public bool Watches(string kind) => inner.Watches(kind);

        public bool IsRefused(string kind) => inner.IsRefused(kind);

        public IKubernetesObject<V1ObjectMeta>? Find(string kind, string name) => inner.Find(kind, name);

        public IReadOnlyCollection<T> All<T>()
            where T : class, IKubernetesObject<V1ObjectMeta> => inner.All<T>();

        public IReadOnlyCollection<V1Pod> PodsOnNodes() => inner.PodsOnNodes();

        public Task SeenAsync(CancellationToken cancellation) => inner.SeenAsync(cancellation);

        public async Task<IKubernetesObject<V1ObjectMeta>> ApplyAsync(IKubernetesObject<V1ObjectMeta> wanted, bool force, bool dryRun, CancellationToken cancellation)
        {
            await life.PassAsync($"before {wanted.Kind}");
            var applied = await inner.ApplyAsync(wanted, force, dryRun, cancellation);
            await life.PassAsync($"after {wanted.Kind}");
            return applied;
        }

        public async Task<IKubernetesObject<V1ObjectMeta>> TakeOutAsync(IKubernetesObject<V1ObjectMeta> seen, IReadOnlyList<string> pointers, CancellationToken cancellation)
        {
            await life.PassAsync($"before taking out of {seen.Kind}");
            var left = await inner.TakeOutAsync(seen, pointers, cancellation);
            await life.PassAsync($"after taking out of {seen.Kind}");
            return left;
        }

        public async Task DeleteAsync(IKubernetesObject<V1ObjectMeta> seen, CancellationToken cancellation)
        {
            await life.PassAsync($"before deleting {seen.Kind}");
            await inner.DeleteAsync(seen, cancellation);
            await life.PassAsync($"after deleting {seen.Kind}");
        }

        public Task<IReadOnlyList<string>> ReadLogAsync(string pod, string container, int lines, bool previous, CancellationToken cancellation) =>
            inner.ReadLogAsync(pod, container, lines, previous, cancellation);

        public IAsyncEnumerable<string> FollowLogAsync(string pod, string container, int lines, bool previous, Action opened, CancellationToken cancellation) =>
            inner.FollowLogAsync(pod, container, lines, previous, opened, cancellation);

        public Task<IReadOnlyList<string>> GlanceAtLogAsync(string pod, string container, int lines, CancellationToken cancellation) =>
            inner.GlanceAtLogAsync(pod, container, lines, cancellation);

        public Task<HttpResponseMessage> SendToPodAsync(string pod, int port, HttpRequestMessage request, CancellationToken cancellation) =>
            inner.SendToPodAsync(pod, port, request, cancellation);
    }
}
