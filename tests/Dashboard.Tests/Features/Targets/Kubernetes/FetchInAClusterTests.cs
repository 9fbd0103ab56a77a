using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Dashboard.Features.Targets.Kubernetes.Supply;
using Ops.Data;
using Ops.Testing.Kubernetes;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes;

/// <summary>What the driver makes of init steps, over its real client.</summary>
public sealed class FetchInAClusterTests : IAsyncLifetime
{
    private const string Namespace = "ops";
    private KubernetesDouble cluster = null!;
    private ClusterConnection connection = null!;
    private KubernetesTargetDriver driver = null!;

    public async ValueTask InitializeAsync()
    {
        cluster = await KubernetesDouble.StartAsync();
        cluster.Cluster!.AddNode("node-1");
        var access = new ClusterAccess { Server = cluster.Address, Token = new FixedToken(cluster.Token) };
        var options = Options.Create(new KubernetesOptions());
        var api = new ClusterFactory(null!, options, TimeProvider.System).MakeApi(access);
        connection = new("cluster", new() { Namespace = Namespace, Registries = ["registry.example"] }, access, api, new(), TimeProvider.System, NullLogger.Instance);
        var supply = new VersionSupply((_, _) => Task.FromResult(Result.Of(KubernetesSamples.Source)), new(new EphemeralDataProtectionProvider(), options), TimeProvider.System);
        driver = new(new One(connection), new(supply), new Turn(), new(), new Deaf(), TimeProvider.System, NullLogger<KubernetesTargetDriver>.Instance);
    }

    [Fact]
    public async Task Observe_InitStepAtWork_ShowsHowFarItIs()
    {
        cluster.Cluster!.Script(_ => true, new PodScript { Init = TimeSpan.FromHours(1), Log = ["""{"EventId":1014,"State":{"Bytes":100,"Total":400}}"""] });

        var seen = await UntilAsync(r => r.Progress is not null);

        Assert.Equal((ReplicaPhase.Loading, "It fetches the version's files.", (100L, 400L)), (seen.Phase, seen.Reason, seen.Progress));
    }

    [Theory]
    [InlineData(65, "model.onnx does not match its SHA-256. It was changed or damaged and is not loaded.", "The files are not the ones that were approved")]
    [InlineData(69, "model.onnx could not be fetched: the source answered 403. Links to a version expire.", "could not be fetched: model.onnx could not be fetched: the source answered 403. Links to a version expire.")]
    [InlineData(74, "model.onnx could not be stored: the disk is full.", "could not be stored on the node: model.onnx could not be stored: the disk is full.")]
    public async Task Observe_InitStepFails_ExplainsItsCodeAndItsLastWords(int exitCode, string message, string expected)
    {
        cluster.Cluster!.Script(_ => true, PodScript.InitFailure(message) with { ExitCode = exitCode });

        var seen = await UntilAsync(r => r.Phase == ReplicaPhase.Failed);

        Assert.Contains(expected, seen.Reason, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        driver.Dispose();
        await connection.DisposeAsync();
        await cluster.DisposeAsync();
    }

    private async Task<ReplicaObservation> UntilAsync(Func<ReplicaObservation, bool> condition)
    {
        var plan = KubernetesSamples.Plan with { Kubernetes = KubernetesSamples.Plan.Kubernetes! with { Namespace = Namespace } };
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await driver.ApplyAsync(KubernetesSamples.Endpoint, [KubernetesSamples.Revision(plan, replicas: 1)], patience.Token);
        while (true)
        {
            var seen = await driver.ObserveAsync(KubernetesSamples.Endpoint, patience.Token);
            if (seen.Replicas.FirstOrDefault(condition) is { } found)
            {
                return found;
            }

            await Task.Delay(50, patience.Token);
        }
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
