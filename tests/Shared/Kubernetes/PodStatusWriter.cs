using System.Text.Json.Nodes;

namespace Ops.Testing.Kubernetes;

/// <summary>Where a pod is on its way.</summary>
internal enum PodStage
{
    /// <summary>Just placed on a node.</summary>
    New,

    /// <summary>Its image is being pulled.</summary>
    Pulling,

    /// <summary>Its image could not be pulled.</summary>
    PullBackOff,

    /// <summary>Its init containers run.</summary>
    Init,

    /// <summary>Its init container waits to be tried again.</summary>
    InitBackOff,

    /// <summary>Its containers run.</summary>
    Running,

    /// <summary>Its container waits to be started again.</summary>
    CrashBackOff,
}

/// <summary>A pod on its way, as its kubelet remembers it.</summary>
internal sealed class PodRun
{
    /// <summary>Where it is.</summary>
    public PodStage Stage { get; private set; } = PodStage.New;

    /// <summary>When it goes on.</summary>
    public DateTimeOffset Until { get; private set; }

    /// <summary>How often a container was started again.</summary>
    public int Restarts { get; set; }

    /// <summary>The pod's address.</summary>
    public string? Ip { get; set; }

    /// <summary>When the container that runs, or ran last, started.</summary>
    public string StartedAt { get; set; } = "";

    /// <summary>When it ended last.</summary>
    public string FinishedAt { get; set; } = "";

    /// <summary>When its containers have stopped, once it is deleted.</summary>
    public DateTimeOffset? StopsAt { get; set; }

    /// <summary>Goes to a stage until a moment.</summary>
    public void Go(PodStage stage, DateTimeOffset until)
    {
        Stage = stage;
        Until = until;
    }
}

/// <summary>Writes the status of a pod as a kubelet reports it.</summary>
internal static class PodStatusWriter
{
    /// <summary>Writes it.</summary>
    public static void Write(JsonObject pod, PodRun run, PodScript script, string now)
    {
        var status = pod.Make("status");
        var running = run.Stage is PodStage.Running or PodStage.CrashBackOff;
        var hasInit = pod.Items("spec", "initContainers").Any();
        status["phase"] = running ? "Running" : "Pending";
        status["startTime"] ??= now;
        status["hostIP"] ??= "10.1.0.1";
        if (run.Ip is not null && running)
        {
            status["podIP"] = run.Ip;
            status["podIPs"] = new JsonArray(new JsonObject { ["ip"] = run.Ip });
        }

        var ready = run.Stage == PodStage.Running && script.Ending == PodEnding.Ready && run.Until == DateTimeOffset.MaxValue;
        var names = string.Join(' ', pod.Items("spec", "containers").Select(c => c.Text("name")));
        var initNames = string.Join(' ', pod.Items("spec", "initContainers").Select(c => c.Text("name")));
        Conditions.Set(pod, "PodReadyToStartContainers", "True", "", "", now);
        Conditions.Set(pod, "Initialized", running || !hasInit ? "True" : "False", running || !hasInit ? "" : "ContainersNotInitialized", running || !hasInit ? "" : $"containers with incomplete status: [{initNames}]", now);
        foreach (var type in (string[])["Ready", "ContainersReady"])
        {
            Conditions.Set(pod, type, ready ? "True" : "False", ready ? "" : "ContainersNotReady", ready ? "" : $"containers with unready status: [{names}]", now);
        }

        if (hasInit)
        {
            status["initContainerStatuses"] = new JsonArray([.. pod.Items("spec", "initContainers").Select((c, i) => (JsonNode)Init(c, run, script, first: i == 0))]);
        }

        status["containerStatuses"] = new JsonArray([.. pod.Items("spec", "containers").Select((c, i) => (JsonNode)Container(c, run, script, ready, hasInit, first: i == 0))]);
    }

    private static JsonObject Init(JsonObject container, PodRun run, PodScript script, bool first)
    {
        var done = run.Stage is PodStage.Running or PodStage.CrashBackOff;
        var state = Base(container, done, first && !done ? run.Restarts : 0);
        state["state"] = run.Stage switch
        {
            PodStage.Running or PodStage.CrashBackOff => Terminated(0, "Completed", "", run),
            PodStage.Init when first => Running(run),
            PodStage.InitBackOff when first => Waiting("CrashLoopBackOff", BackOff(container)),
            PodStage.PullBackOff when first => Waiting("ImagePullBackOff", $"Back-off pulling image \"{container.Text("image")}\": {script.Message}"),
            _ => Waiting("PodInitializing", ""),
        };
        if (first && !done && run.Restarts > 0)
        {
            state["lastState"] = Terminated(script.ExitCode, script.Reason, LastWords(container, script), run);
        }

        return state;
    }

    private static JsonObject Container(JsonObject container, PodRun run, PodScript script, bool ready, bool hasInit, bool first)
    {
        var started = run.Stage is PodStage.Running or PodStage.CrashBackOff;
        var state = Base(container, ready, first && started ? run.Restarts : 0);
        state["started"] = ready;
        state["state"] = run.Stage switch
        {
            PodStage.Running => Running(run),
            PodStage.CrashBackOff when first => Waiting("CrashLoopBackOff", BackOff(container)),
            PodStage.CrashBackOff => Running(run),
            PodStage.PullBackOff when !hasInit => Waiting("ImagePullBackOff", $"Back-off pulling image \"{container.Text("image")}\": {script.Message}"),
            _ => Waiting(hasInit ? "PodInitializing" : "ContainerCreating", ""),
        };
        if (first && started && run.Restarts > 0)
        {
            state["lastState"] = Terminated(script.ExitCode, script.Reason, LastWords(container, script), run);
        }

        return state;
    }

    private static JsonObject Base(JsonObject container, bool ready, int restarts) => new()
    {
        ["name"] = container.Text("name"),
        ["image"] = container.Text("image"),
        ["imageID"] = ready ? container.Text("image") : "",
        ["ready"] = ready,
        ["restartCount"] = restarts,
        ["lastState"] = new JsonObject(),
    };

    private static JsonObject Running(PodRun run) => new() { ["running"] = new JsonObject { ["startedAt"] = run.StartedAt } };

    private static JsonObject Waiting(string reason, string message)
    {
        var waiting = new JsonObject { ["reason"] = reason };
        if (message.Length > 0)
        {
            waiting["message"] = message;
        }

        return new JsonObject { ["waiting"] = waiting };
    }

    private static JsonObject Terminated(int code, string reason, string message, PodRun run)
    {
        var ended = new JsonObject { ["exitCode"] = code, ["reason"] = reason, ["startedAt"] = run.StartedAt, ["finishedAt"] = run.FinishedAt.Length > 0 ? run.FinishedAt : run.StartedAt };
        if (message.Length > 0)
        {
            ended["message"] = message;
        }

        return new JsonObject { ["terminated"] = ended };
    }

    // The termination message, or the end of the log where the container asks for that.
    private static string LastWords(JsonObject container, PodScript script) => script.Message.Length > 0 || container.Text("terminationMessagePolicy") != "FallbackToLogsOnError"
        ? script.Message
        : string.Join('\n', script.Log.TakeLast(80));

    private static string BackOff(JsonObject container) => $"back-off restarting failed container={container.Text("name")}";
}
