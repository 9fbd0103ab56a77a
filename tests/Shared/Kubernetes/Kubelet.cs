using System.Text.Json.Nodes;

namespace Ops.Testing.Kubernetes;

/// <summary>Runs the pods of every node by their scripts: no process is started, only their status changes.</summary>
internal sealed class Kubelet(SimulatedCluster cluster, PodAccess access)
{
    private const string Component = "kubelet";
    private readonly Dictionary<string, PodRun> runs = new(StringComparer.Ordinal);

    /// <summary>Does what is due.</summary>
    public void Run()
    {
        foreach (var pod in cluster.Store.List(ResourceKind.Pod).Where(p => p.Text("spec", "nodeName") is not null).ToList())
        {
            var run = RunOf(pod);
            if (PodFacts.IsTerminating(pod))
            {
                Stop(pod, run);
            }
            else if (IsNodeUp(pod))
            {
                Step(pod, run, cluster.ScriptOf(pod));
            }
        }
    }

    private void Step(JsonObject pod, PodRun run, PodScript script)
    {
        if (run.Stage == PodStage.New)
        {
            run.Ip ??= $"10.244.{cluster.Store.Version / 250 % 250}.{(cluster.Store.Version % 250) + 1}";
            run.Go(PodStage.Pulling, cluster.Now + script.Pull);
            Write(pod, run, script);
            Tell(pod, "Normal", "Pulling", $"Pulling image \"{Image(pod)}\"");
            return;
        }

        // A script may change under a pod that runs: what it says from then on holds.
        if (run.Stage == PodStage.Running && script.Ending == PodEnding.Crash && run.Until == DateTimeOffset.MaxValue)
        {
            run.Go(PodStage.Running, cluster.Now + script.Start);
        }

        if (run.Until > cluster.Now)
        {
            if (run.Until != DateTimeOffset.MaxValue)
            {
                cluster.WakeAt(run.Until);
            }

            if (run.Stage == PodStage.Running && script.Ending is PodEnding.Ready or PodEnding.NeverReady && run.Until == DateTimeOffset.MaxValue)
            {
                Write(pod, run, script);
            }

            return;
        }

        Advance(pod, run, script);
        Write(pod, run, script);
    }

    private void Advance(JsonObject pod, PodRun run, PodScript script)
    {
        var hasInit = pod.Items("spec", "initContainers").Any();
        switch (run.Stage)
        {
            case PodStage.Pulling when script.Ending == PodEnding.ImageMissing:
                Tell(pod, "Warning", "Failed", $"Failed to pull image \"{Image(pod)}\": {script.Message}");
                Tell(pod, "Warning", "Failed", "Error: ErrImagePull");
                run.Go(PodStage.PullBackOff, DateTimeOffset.MaxValue);
                Tell(pod, "Normal", "BackOff", $"Back-off pulling image \"{Image(pod)}\"");
                Tell(pod, "Warning", "Failed", "Error: ImagePullBackOff");
                break;
            case PodStage.PullBackOff:
            case PodStage.Pulling:
                Tell(pod, "Normal", "Pulled", $"Successfully pulled image \"{Image(pod)}\"");
                run.Go(hasInit ? PodStage.Init : PodStage.Running, cluster.Now + (hasInit ? script.Init : script.Start));
                Begin(pod, run, script);
                break;
            case PodStage.Init when script.Ending == PodEnding.InitFails:
                Fail(pod, run, PodStage.InitBackOff, pod.Items("spec", "initContainers").First().Text("name")!);
                break;
            case PodStage.Init:
                run.Restarts = 0;
                run.Go(PodStage.Running, cluster.Now + script.Start);
                Begin(pod, run, script);
                break;
            case PodStage.InitBackOff:
                run.Go(PodStage.Init, cluster.Now + script.Init);
                Begin(pod, run, script);
                break;
            case PodStage.Running when script.Ending == PodEnding.Crash:
                Fail(pod, run, PodStage.CrashBackOff, pod.Items("spec", "containers").First().Text("name")!);
                break;
            case PodStage.Running:
                run.Go(PodStage.Running, DateTimeOffset.MaxValue);
                if (script.Ending == PodEnding.NeverReady)
                {
                    Tell(pod, "Warning", "Unhealthy", script.Message);
                }

                break;
            case PodStage.CrashBackOff:
                run.Go(PodStage.Running, cluster.Now + script.Start);
                Begin(pod, run, script);
                break;
        }
    }

    private void Begin(JsonObject pod, PodRun run, PodScript script)
    {
        run.StartedAt = cluster.Writes.Now;
        foreach (var container in pod.Items("spec", run.Stage == PodStage.Init ? "initContainers" : "containers"))
        {
            var name = container.Text("name")!;
            Tell(pod, "Normal", "Created", $"Created container: {name}");
            Tell(pod, "Normal", "Started", $"Started container {name}");
            access.Rotate(pod.Text("metadata", "namespace")!, pod.Text("metadata", "name")!, name);
            foreach (var line in script.Log)
            {
                access.Write(pod.Text("metadata", "namespace")!, pod.Text("metadata", "name")!, name, line);
            }
        }
    }

    // The wait doubles from 10 seconds up to five minutes.
    private void Fail(JsonObject pod, PodRun run, PodStage stage, string container)
    {
        run.FinishedAt = cluster.Writes.Now;
        run.Go(stage, cluster.Now + TimeSpan.FromSeconds(Math.Min(300, 10 * Math.Pow(2, run.Restarts))));
        run.Restarts++;
        cluster.WakeAt(run.Until);
        Tell(pod, "Warning", "BackOff", $"Back-off restarting failed container {container} in pod {pod.Text("metadata", "name")}_{pod.Text("metadata", "namespace")}({pod.Text("metadata", "uid")})");
    }

    private void Stop(JsonObject pod, PodRun run)
    {
        var script = cluster.ScriptOf(pod);
        run.StopsAt ??= cluster.Now + script.Stop;
        var latest = DateTimeOffset.Parse(pod.Text("metadata", "deletionTimestamp")!);
        var at = run.StopsAt < latest ? run.StopsAt.Value : latest;
        if (!IsNodeUp(pod))
        {
            return;
        }

        if (at > cluster.Now)
        {
            cluster.WakeAt(at);
            return;
        }

        runs.Remove(pod.Text("metadata", "uid")!);
        cluster.Deleter.Delete(ResourceKind.Pod, pod, "Background", 0);
    }

    private void Write(JsonObject pod, PodRun run, PodScript script)
    {
        var live = cluster.Store.Get(ResourceKind.Pod, pod.Text("metadata", "namespace")!, pod.Text("metadata", "name")!);
        if (live is not null)
        {
            cluster.Writes.Update(ResourceKind.Pod, live, Component, p => PodStatusWriter.Write(p, run, script, cluster.Writes.Now), "status");
        }
    }

    private bool IsNodeUp(JsonObject pod) =>
        cluster.Store.Get(ResourceKind.Node, "", pod.Text("spec", "nodeName")!) is { } node && Conditions.Find(node, "Ready").Text("status") == "True";

    private PodRun RunOf(JsonObject pod)
    {
        var uid = pod.Text("metadata", "uid")!;
        if (!runs.TryGetValue(uid, out var run))
        {
            runs[uid] = run = new PodRun();
        }

        return run;
    }

    private void Tell(JsonObject pod, string type, string reason, string message) => cluster.Writes.Event(ResourceKind.Pod, pod, type, reason, message, Component);

    private static string Image(JsonObject pod) => pod.Items("spec", "containers").First().Text("image") ?? "";
}
