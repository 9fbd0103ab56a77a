using Ops.Dashboard.Features.Targets;
using Ops.Testing.Kubernetes;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes;

/// <summary>What the driver makes of init steps, over its real client.</summary>
public sealed class FetchInAClusterTests : IAsyncLifetime
{
    private DrivenDouble world = null!;

    public async ValueTask InitializeAsync() => world = await DrivenDouble.StartAsync();

    [Fact]
    public async Task Observe_InitStepAtWork_ShowsHowFarItIs()
    {
        world.Cluster.Cluster!.Script(_ => true, new PodScript { Init = TimeSpan.FromHours(1), Log = ["""{"EventId":1014,"State":{"Bytes":100,"Total":400}}"""] });

        var seen = await UntilAsync(r => r.Progress is not null);

        Assert.Equal((ReplicaPhase.Loading, "It fetches the version's files.", (100L, 400L)), (seen.Phase, seen.Reason, seen.Progress));
    }

    [Theory]
    [InlineData(65, "model.onnx does not match its SHA-256. It was changed or damaged and is not loaded.", "The files are not the ones that were approved")]
    [InlineData(69, "model.onnx could not be fetched: the source answered 403. Links to a version expire.", "could not be fetched: model.onnx could not be fetched: the source answered 403. Links to a version expire.")]
    [InlineData(74, "model.onnx could not be stored: the disk is full.", "could not be stored on the node: model.onnx could not be stored: the disk is full.")]
    public async Task Observe_InitStepFails_ExplainsItsCodeAndItsLastWords(int exitCode, string message, string expected)
    {
        world.Cluster.Cluster!.Script(_ => true, PodScript.InitFailure(message) with { ExitCode = exitCode });

        var seen = await UntilAsync(r => r.Phase == ReplicaPhase.Failed);

        Assert.Contains(expected, seen.Reason, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync() => await world.DisposeAsync();

    private async Task<ReplicaObservation> UntilAsync(Func<ReplicaObservation, bool> condition) =>
        (await world.UntilAsync(seen => seen.Replicas.Any(condition), KubernetesSamples.Revision(DrivenDouble.Plan, replicas: 1))).Replicas.First(condition);
}
