using System.Collections.Concurrent;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Testing.Kubernetes;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes;

/// <summary>Logs of pods as they are written, over the API.</summary>
public sealed class LogStreamTests
{
    [Fact]
    public async Task Follow_RunningReplica_GivesEachLineAsItIsWritten_OverOneRequest()
    {
        await using var world = await DrivenDouble.StartAsync();
        var observed = await world.UntilAsync(o => o.Replicas.Any(r => r.Phase == Ops.Dashboard.Features.Targets.ReplicaPhase.Ready), KubernetesSamples.Revision(DrivenDouble.Plan, replicas: 1));
        var pod = observed.Replicas[0].Id;
        Write(world, pod, "old 1", "old 2", "old 3");
        using var over = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var (lines, opened) = (new ConcurrentQueue<string>(), 0);

        var following = Task.Run(async () =>
        {
            await foreach (var line in world.Driver.FollowLogAsync(KubernetesSamples.Endpoint, pod, 2, () => opened++, over.Token))
            {
                lines.Enqueue(line);
            }
        });
        await UntilAsync(() => lines.SequenceEqual(["old 2", "old 3"]));
        Write(world, pod, "new 1");
        await UntilAsync(() => lines.Contains("new 1"));
        Write(world, pod, "new 2");
        await UntilAsync(() => lines.SequenceEqual(["old 2", "old 3", "new 1", "new 2"]));

        Assert.False(following.IsCompleted);
        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => following);
        var asked = Assert.Single(world.Cluster.Api.Requests, r => r.Subresource == "log" && r.Query["container"] == "server");
        Assert.Equal(("true", "2"), (asked.Query["follow"].ToString(), asked.Query["tailLines"].ToString()));
        Assert.Equal(1, opened);
    }

    [Fact]
    public async Task Follow_PodIsDeleted_Ends()
    {
        await using var world = await DrivenDouble.StartAsync();
        var observed = await world.UntilAsync(o => o.Replicas.Any(r => r.Phase == Ops.Dashboard.Features.Targets.ReplicaPhase.Ready), KubernetesSamples.Revision(DrivenDouble.Plan, replicas: 1));
        var pod = observed.Replicas[0].Id;
        Write(world, pod, "one");
        using var over = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var began = new TaskCompletionSource();

        var following = world.Driver.FollowLogAsync(KubernetesSamples.Endpoint, pod, 10, began.SetResult, over.Token).ToListAsync(over.Token).AsTask();
        await began.Task.WaitAsync(over.Token);
        await world.Driver.ApplyAsync(KubernetesSamples.Endpoint, [], over.Token);

        Assert.Contains("one", await following);
        Assert.Empty(await world.Driver.FollowLogAsync(KubernetesSamples.Endpoint, "no-such-pod", 10, () => { }, over.Token).ToListAsync(over.Token));
        Assert.Empty(await world.Driver.FollowLogAsync(KubernetesSamples.Endpoint with { Id = Guid.NewGuid() }, pod, 10, () => { }, over.Token).ToListAsync(over.Token));
    }

    private static void Write(DrivenDouble world, string pod, params string[] lines)
    {
        foreach (var line in lines)
        {
            world.Cluster.Pods.Write(DrivenDouble.Namespace, pod, "server", line);
        }
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (var i = 0; i < 500 && !holds(); i++)
        {
            await Task.Delay(20);
        }

        Assert.True(holds());
    }
}
