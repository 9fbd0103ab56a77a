using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>Plays the kubelet of hollow nodes on a real control plane: reports pods as their scripts say and confirms their deletion, all through the API.</summary>
internal sealed class HollowKubelet : IAsyncDisposable
{
    private const string Pods = "/api/v1/pods?fieldSelector=spec.nodeName!%3D";
    private readonly RawApi api;
    private readonly Func<JsonObject, PodScript?> scriptOf;
    private readonly ConcurrentDictionary<string, JsonObject> pods = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PodRun> runs = new(StringComparer.Ordinal);
    private readonly HashSet<string> told = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim gate = new(1);
    private readonly CancellationTokenSource stop = new();
    private readonly Task loop;

    /// <summary>Starts to play.</summary>
    /// <param name="api">The API.</param>
    /// <param name="scriptOf">How a pod behaves; null to leave it alone.</param>
    public HollowKubelet(RawApi api, Func<JsonObject, PodScript?> scriptOf)
    {
        this.api = api;
        this.scriptOf = scriptOf;
        loop = Task.Run(LoopAsync);
    }

    /// <summary>Plays every pod again, because scripts have changed.</summary>
    public async Task ReplayAsync()
    {
        foreach (var pod in pods.Values)
        {
            await PlayAsync(pod);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
        gate.Dispose();
    }

    private async Task LoopAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var list = await api.GetAsync(Pods);
                pods.Clear();
                foreach (var pod in list.Body.Items("items").ToList())
                {
                    await TakeAsync(pod);
                }

                await foreach (var change in api.FollowAsync($"{Pods}&watch=true&resourceVersion={list.Version}&timeoutSeconds=300", stop.Token))
                {
                    if (change["object"] is JsonObject pod && change.Text("type") is "ADDED" or "MODIFIED")
                    {
                        await TakeAsync(pod);
                    }
                    else if (change.Text("object", "metadata", "uid") is { } uid)
                    {
                        pods.TryRemove(uid, out _);
                    }
                    else
                    {
                        // An error: the list tells where things stand.
                        break;
                    }
                }
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException)
            {
                // The server goes or comes; the next round tells.
                await Task.Delay(TimeSpan.FromMilliseconds(50), stop.Token);
            }
        }
    }

    private Task TakeAsync(JsonObject pod)
    {
        pods[pod.Text("metadata", "uid")!] = pod;
        return PlayAsync(pod);
    }

    private async Task PlayAsync(JsonObject pod)
    {
        await gate.WaitAsync();
        try
        {
            await PlayOneAsync(pod);
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task PlayOneAsync(JsonObject pod)
    {
        var path = $"/api/v1/namespaces/{pod.Text("metadata", "namespace")}/pods/{pod.Text("metadata", "name")}";
        if (PodFacts.IsTerminating(pod))
        {
            await api.DeleteAsync(path, """{"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":0}""");
            return;
        }

        if (scriptOf(pod) is not { } script)
        {
            return;
        }

        var uid = pod.Text("metadata", "uid")!;
        if (!runs.TryGetValue(uid, out var run))
        {
            var now = TimeProvider.System.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
            runs[uid] = run = new PodRun { Ip = $"10.244.{runs.Count / 250 % 250}.{(runs.Count % 250) + 1}", StartedAt = now, FinishedAt = now };
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

        if (script.Ending == PodEnding.NeverReady && told.Add(uid))
        {
            await TellAsync(pod, "Unhealthy", script.Message);
        }
    }

    // As a kubelet says what the status of a pod leaves out.
    private Task<RawReply> TellAsync(JsonObject pod, string reason, string message)
    {
        var (space, name, now) = (pod.Text("metadata", "namespace")!, pod.Text("metadata", "name")!, TimeProvider.System.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"));
        return api.PostAsync($"/api/v1/namespaces/{space}/events", new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Event",
            ["metadata"] = new JsonObject { ["namespace"] = space, ["name"] = $"{name}.{Guid.NewGuid():N}" },
            ["involvedObject"] = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Pod", ["namespace"] = space, ["name"] = name, ["uid"] = pod.Text("metadata", "uid") },
            ["type"] = "Warning",
            ["reason"] = reason,
            ["message"] = message,
            ["source"] = new JsonObject { ["component"] = "kubelet" },
            ["firstTimestamp"] = now,
            ["lastTimestamp"] = now,
            ["count"] = 1,
        });
    }
}
