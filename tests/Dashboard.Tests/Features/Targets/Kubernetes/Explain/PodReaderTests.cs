using k8s.Models;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Kubernetes.Explain;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Explain;

public sealed class PodReaderTests
{
    private static readonly DateTime Start = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    [Fact]
    public void Read_ReadyPod_HasAnAddressOnlyWhereItIsReached()
    {
        var pod = Pod(server: new() { Name = "server", Ready = true, State = new() { Running = new() { StartedAt = Start } } });

        var inside = PodReader.Read(pod, direct: true);
        Assert.Equal((ReplicaPhase.Ready, "gpu-1", new Uri("http://10.1.2.3:8080/")), (inside.Phase, inside.Node, inside.Address));
        Assert.Equal(new DateTimeOffset(Start), inside.StartedAt);
        Assert.Null(PodReader.Read(pod, direct: false).Address);
        Assert.Equal("http://[fd00::1]:8080/", PodReader.AddressOf("fd00::1").AbsoluteUri);
    }

    [Theory]
    [InlineData("rpc error: code = NotFound desc = failed to pull: not found", "it is not there")]
    [InlineData("failed: 401 Unauthorized", "refuses it to this cluster")]
    [InlineData("dial tcp: lookup registry.example: no such host", "cannot be reached")]
    [InlineData("no match for platform in manifest", "none for the node's architecture")]
    [InlineData("Back-off pulling image \"x\"", "waits before it tries again")]
    public void Read_ImagePullBackOff_SaysWhy(string message, string expected)
    {
        var seen = Read(server: new() { Name = "server", State = new() { Waiting = new() { Reason = "ImagePullBackOff", Message = message } } });

        Assert.Equal(ReplicaPhase.Failed, seen.Phase);
        Assert.Contains(expected, seen.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ImageRefused_NamesThePullSecretsThatThePodHas()
    {
        var pod = Pod(server: new() { Name = "server", State = new() { Waiting = new() { Reason = "ErrImagePull", Message = "pull access denied" } } });

        Assert.Contains("The target names no pull secret", PodReader.Read(pod, direct: true).Reason, StringComparison.Ordinal);
        pod.Spec.ImagePullSecrets = [new() { Name = "registry-login" }, new() { Name = "other" }];
        Assert.Contains("Its pull secrets (registry-login, other) are missing, too old, or not for this image.", PodReader.Read(pod, direct: true).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_CrashLoop_RepeatsTheLastLines()
    {
        var seen = Read(server: new()
        {
            Name = "server",
            RestartCount = 4,
            State = new() { Waiting = new() { Reason = "CrashLoopBackOff" } },
            LastState = new() { Terminated = new() { ExitCode = 2, Message = "one\ntwo\nthree\nThe model cannot be read\n" } },
        });

        Assert.Equal((ReplicaPhase.Failed, 4), (seen.Phase, seen.Restarts));
        Assert.Equal("It ends again and again (4 times so far). It ended with exit code 2: two / three / The model cannot be read.", seen.Reason);
    }

    [Fact]
    public void Read_CrashedOnce_SaysOnce() => Assert.StartsWith(
        "It ends again and again (once so far).",
        Read(server: new() { Name = "server", RestartCount = 1, State = new() { Waiting = new() { Reason = "CrashLoopBackOff" } }, LastState = new() { Terminated = new() { ExitCode = 2 } } }).Reason,
        StringComparison.Ordinal);

    [Fact]
    public void Read_OutOfMemory_SaysSoAlsoOnceItRunsAgain()
    {
        var killed = new V1ContainerState { Terminated = new() { Reason = "OOMKilled", ExitCode = 137 } };

        Assert.Contains("more memory than the plan gives it", Read(server: new() { Name = "server", State = killed }).Reason, StringComparison.Ordinal);
        var again = Read(server: new() { Name = "server", RestartCount = 1, State = new() { Running = new() { StartedAt = Start } }, LastState = killed });
        Assert.Equal(ReplicaPhase.Loading, again.Phase);
        Assert.Contains("Before that: It used more memory", again.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(64, "image of the runtime that is as new as the dashboard: model.onnx has another SHA-256.")]
    [InlineData(65, "are not the ones that were approved")]
    [InlineData(74, "could not be stored on the node: model.onnx has another SHA-256.")]
    [InlineData(69, "could not be fetched")]
    [InlineData(1, "exit code 1")]
    public void Read_FetchThatFailed_SaysWhatIsWrongWithTheFiles(int exitCode, string expected)
    {
        var ended = new V1ContainerState { Terminated = new() { ExitCode = exitCode, Message = "model.onnx has another SHA-256" } };
        var waiting = new V1ContainerState { Waiting = new() { Reason = "CrashLoopBackOff" } };

        foreach (var seen in new[] { Read(fetch: new() { Name = "fetch", State = ended }), Read(fetch: new() { Name = "fetch", RestartCount = 2, State = waiting, LastState = ended }) })
        {
            Assert.Equal(ReplicaPhase.Failed, seen.Phase);
            Assert.Contains(expected, seen.Reason, StringComparison.Ordinal);
            Assert.Contains("model.onnx has another SHA-256", seen.Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Read_FetchUnderWay_Loads() => Assert.Equal(
        (ReplicaPhase.Loading, "It fetches the version's files."),
        Two(Read(fetch: new() { Name = "fetch", State = new() { Running = new() { StartedAt = Start } } }, server: new() { Name = "server", State = new() { Waiting = new() { Reason = "PodInitializing" } } })));

    [Fact]
    public void Read_WasReadyAndIsNot_IsUnreadyWhereAsLoadingIsNot()
    {
        V1ContainerStatus running = new() { Name = "server", Started = true, State = new() { Running = new() { StartedAt = Start } } };
        var pod = Pod(server: running);

        pod.Status.Conditions.Add(new() { Type = "Ready", Status = "False", LastTransitionTime = Start.AddSeconds(-3) });
        Assert.Equal(ReplicaPhase.Loading, PodReader.Read(pod, true).Phase);
        pod.Status.Conditions[^1].LastTransitionTime = Start.AddSeconds(60);
        Assert.Equal(ReplicaPhase.Unready, PodReader.Read(pod, true).Phase);
    }

    [Fact]
    public void Read_Drained_StopsAndSaysWhy()
    {
        var pod = Pod();
        pod.Metadata.DeletionTimestamp = Start;
        pod.Status.Conditions.Add(new() { Type = "DisruptionTarget", Status = "True", Reason = "EvictionByEvictionAPI" });

        Assert.Equal((ReplicaPhase.Stopping, "Its node is drained: it moves to another."), Two(PodReader.Read(pod, true)));
    }

    [Fact]
    public void Read_Unschedulable_SaysWhatEachNodeLacks()
    {
        var pod = Pod();
        pod.Status.Conditions[0] = new()
        {
            Type = "PodScheduled", Status = "False", Reason = "Unschedulable",
            Message = "0/5 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 1 node(s) were unschedulable, 3 Insufficient nvidia.com/gpu. preemption: 0/5 nodes are available: 2 Preemption is not helpful for scheduling, 3 No preemption victims found for incoming pod.",
        };

        var seen = PodReader.Read(pod, true);
        Assert.Equal(
            (ReplicaPhase.Pending, "None of the 5 nodes takes it: 1 keeps others away by the taint node-role.kubernetes.io/control-plane; 1 is cordoned; 3 have too little nvidia.com/gpu left."),
            Two(seen));
    }

    [Theory]
    [InlineData("0/1 nodes are available: 1 node(s) had untolerated taint {a: b, c}. preemption: x", "None of the 1 node takes it")]
    [InlineData("0/3 nodes are available: 2 Insufficient cpu, 3 Insufficient memory, 3 node(s) didn't match Pod's node affinity/selector.", "2 have too little CPU left; 3 have too little memory left; 3 are not among the chosen nodes or lack a chosen label.")]
    [InlineData("no nodes available to schedule pods", "No node takes it: no nodes available to schedule pods.")]
    [InlineData("0/0 nodes are available", "the cluster has none")]
    [InlineData(null, "no reason was given")]
    public void Explain_MessagesOfTheScheduler_AreReadable(string? message, string expected) =>
        Assert.Contains(expected.Replace("None of the 1 node takes it", "None of the 1 node", StringComparison.Ordinal), SchedulerWords.Explain(message), StringComparison.Ordinal);

    [Theory]
    [InlineData("ReplicaSet", "FailedCreate", "pods \"x\" is forbidden: exceeded quota: gpus, requested: requests.nvidia.com/gpu=1, used: requests.nvidia.com/gpu=4, limited: requests.nvidia.com/gpu=4", "the namespace's quota is used up: gpus, requested")]
    [InlineData("ReplicaSet", "FailedCreate", "pods \"x\" is forbidden: violates PodSecurity \"restricted:latest\": privileged", "rules for pods forbid it")]
    [InlineData("Pod", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", "fails its check for readiness and gets no requests: HTTP probe failed with statuscode: 503.")]
    [InlineData("Pod", "Unhealthy", "Liveness probe failed: Get \"http://10.0.0.1:8080/v2/health/live\": context deadline exceeded", "Pod p fails its check for life and is started again if it goes on: Get \"http")]
    [InlineData("Pod", "Unhealthy", "Startup probe failed: connection refused", "Pod p does not answer yet after its start: connection refused.")]
    [InlineData("Pod", "BackOff", "Back-off pulling image \"registry.example/x\"", "Pod p: its image could not be fetched, and the node waits before it tries again.")]
    [InlineData("Pod", "BackOff", "Back-off restarting failed container server in pod p", "Pod p ended again, and the node waits before it starts it anew.")]
    [InlineData("Pod", "Failed", "Error: ErrImagePull", "Pod p: Error: ErrImagePull.")]
    [InlineData("Node", "OOMKilling", "Memory cgroup out of memory: Killed process 17 (dotnet)", "Node p ran out of memory: Memory cgroup out of memory: Killed process 17 (dotnet).")]
    [InlineData("Node", "SystemOOM", "System OOM encountered, victim process: dotnet, pid: 17", "Node p ran out of memory: System OOM encountered")]
    [InlineData("Pod", "Evicted", "The node was low on resource: ephemeral-storage.", "Pod p was evicted by its node: The node was low on resource: ephemeral-storage.")]
    [InlineData("Pod", "FailedMount", "MountVolume.SetUp failed for volume \"config\"", "Pod p: a volume cannot be made ready: MountVolume.SetUp failed for volume \"config\".")]
    [InlineData("Pod", "FailedAttachVolume", "Multi-Attach error", "Pod p: a volume cannot be made ready: Multi-Attach error.")]
    [InlineData("Pod", "FailedScheduling", "0/1 nodes are available: 1 Insufficient cpu.", "1 has too little CPU left")]
    [InlineData("Pod", "SomethingNew", "a\nb", "Pod p: a b.")]
    public void Explain_Events_AreReadable(string kind, string reason, string message, string expected) =>
        Assert.Contains(expected, EventWords.Explain(new() { Type = "Warning", Reason = reason, Message = message, InvolvedObject = new() { Kind = kind, Name = "p" } })!.Value.Message, StringComparison.Ordinal);

    [Fact]
    public void Explain_NormalEvents_AreNotTold() => Assert.Null(EventWords.Explain(new() { Type = "Normal", Reason = "Pulled", Message = "x" }));

    private static (ReplicaPhase Phase, string? Reason) Two(ReplicaObservation seen) => (seen.Phase, seen.Reason);

    private static ReplicaObservation Read(V1ContainerStatus? fetch = null, V1ContainerStatus? server = null) => PodReader.Read(Pod(fetch, server), true);

    private static V1Pod Pod(V1ContainerStatus? fetch = null, V1ContainerStatus? server = null) => new()
    {
        Metadata = new() { Name = "digits-1", Labels = ObjectLabels.Of(KubernetesSamples.Endpoint, KubernetesSamples.Revision()) },
        Spec = new() { NodeName = "gpu-1" },
        Status = new()
        {
            Phase = "Running",
            PodIP = "10.1.2.3",
            Conditions = [new() { Type = "PodScheduled", Status = "True" }],
            InitContainerStatuses = fetch is null ? null : [fetch],
            ContainerStatuses = server is null ? null : [server],
        },
    };
}
