using System.Text.Json.Nodes;
using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>Plays the kubelet of hollow nodes on a real control plane: reports pods as their scripts say and confirms their deletion, all through the API.</summary>
internal sealed class HollowKubelet : IAsyncDisposable
{
    private readonly RawApi api;
    private readonly Func<JsonObject, PodScript> scriptOf;
    private readonly Dictionary<string, PodRun> runs = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource stop = new();
    private readonly Task loop;

    /// <summary>Starts to play.</summary>
    /// <param name="api">The API.</param>
    /// <param name="scriptOf">How a pod behaves.</param>
    public HollowKubelet(RawApi api, Func<JsonObject, PodScript> scriptOf)
    {
        this.api = api;
        this.scriptOf = scriptOf;
        loop = Task.Run(LoopAsync);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    private async Task LoopAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                foreach (var pod in (await api.GetAsync("/api/v1/pods?fieldSelector=spec.nodeName!=")).Body.Items("items").ToList())
                {
                    await PlayAsync(pod);
                }
            }
            catch (HttpRequestException)
            {
                // The server goes or comes; the next round tells.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), stop.Token);
        }
    }

    private async Task PlayAsync(JsonObject pod)
    {
        var path = $"/api/v1/namespaces/{pod.Text("metadata", "namespace")}/pods/{pod.Text("metadata", "name")}";
        if (PodFacts.IsTerminating(pod))
        {
            await api.DeleteAsync(path, """{"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":0}""");
            return;
        }

        var script = scriptOf(pod);
        var uid = pod.Text("metadata", "uid")!;
        if (!runs.TryGetValue(uid, out var run))
        {
            var now = TimeProvider.System.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
            runs[uid] = run = new PodRun { Ip = $"10.244.0.{(runs.Count % 250) + 1}", StartedAt = now, FinishedAt = now };
        }

        var failed = script.Ending is PodEnding.Crash or PodEnding.InitFails;
        run.Restarts = failed ? 1 : 0;
        run.Go(script.Ending switch
        {
            PodEnding.Crash => PodStage.CrashBackOff,
            PodEnding.InitFails => PodStage.InitBackOff,
            PodEnding.ImageMissing => PodStage.PullBackOff,
            _ => PodStage.Running,
        }, script.Ending == PodEnding.Ready ? DateTimeOffset.MaxValue : DateTimeOffset.MinValue);
        var updated = pod.Copy();
        PodStatusWriter.Write(updated, run, script, run.StartedAt);
        if (!JsonNode.DeepEquals(updated["status"], pod["status"]))
        {
            updated["apiVersion"] = "v1";
            updated["kind"] = "Pod";
            await api.PutAsync(path + "/status?fieldManager=kubelet", updated);
        }
    }
}
