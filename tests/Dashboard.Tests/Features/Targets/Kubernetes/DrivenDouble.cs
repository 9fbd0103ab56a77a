using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Dashboard.Features.Targets.Kubernetes.Supply;
using Ops.Data;
using Ops.Data.Rollouts;
using Ops.Testing.Kubernetes;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes;

/// <summary>The driver with its real client, on the double of a cluster, from outside of it.</summary>
internal sealed class DrivenDouble : IAsyncDisposable
{
    public const string Namespace = "ops";

    private DrivenDouble(KubernetesDouble cluster, ClusterConnection connection, KubernetesTargetDriver driver) => (Cluster, Connection, Driver) = (cluster, connection, driver);

    public KubernetesDouble Cluster { get; }

    public ClusterConnection Connection { get; }

    public KubernetesTargetDriver Driver { get; }

    /// <summary>This cluster, whatever target is asked for.</summary>
    public IClusters Clusters => new One(Connection);

    /// <summary>A plan of the samples in this cluster's namespace.</summary>
    public static PlanSpec Plan { get; } = KubernetesSamples.Plan with { Kubernetes = KubernetesSamples.Plan.Kubernetes! with { Namespace = Namespace } };

    public static async Task<DrivenDouble> StartAsync()
    {
        var cluster = await KubernetesDouble.StartAsync();
        cluster.Cluster!.AddNode("node-1");
        var access = new ClusterAccess { Server = cluster.Address, Token = new FixedToken(cluster.Token) };
        var options = Options.Create(new KubernetesOptions());
        var api = new ClusterFactory(null!, options, TimeProvider.System).MakeApi(access);
        var connection = new ClusterConnection("cluster", new() { Namespace = Namespace, Registries = ["registry.example"] }, access, api, new(), TimeSpan.FromSeconds(15), TimeProvider.System, NullLogger.Instance);
        var supply = new VersionSupply((_, _) => Task.FromResult(Result.Of(KubernetesSamples.Source)), new(new EphemeralDataProtectionProvider(), options), TimeProvider.System);
        return new(cluster, connection, new(new One(connection), new(supply), new Turn(), new(), new Deaf(), TimeProvider.System, NullLogger<KubernetesTargetDriver>.Instance));
    }

    /// <summary>Applies revisions and looks until something holds.</summary>
    public async Task<EndpointObservation> UntilAsync(Func<EndpointObservation, bool> condition, params RevisionSpec[] revisions)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await Driver.ApplyAsync(KubernetesSamples.Endpoint, revisions, patience.Token);
        while (true)
        {
            var seen = await Driver.ObserveAsync(KubernetesSamples.Endpoint, patience.Token);
            if (condition(seen))
            {
                return seen;
            }

            await Task.Delay(50, patience.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Driver.Dispose();
        await Connection.DisposeAsync();
        await Cluster.DisposeAsync();
    }

    private sealed class One(ICluster cluster) : IClusters
    {
        public Task<ICluster> GetAsync(Guid targetId, CancellationToken cancellation) => Task.FromResult(cluster);
    }

    private sealed class Deaf : ITargetEvents
    {
        public void Report(TargetEvent happened)
        {
        }
    }
}
