using System.Text.Json.Nodes;

namespace Ops.Testing.Kubernetes;

/// <summary>The controllers, scheduler and kubelets behind a double. They act on the thread of the write or of the clock's timer that gives them work, one after the other, until nothing is left to do: tests see every step in their watches and wait for none.</summary>
internal sealed class SimulatedCluster : IDisposable
{
    private readonly KubernetesDouble owner;
    private readonly List<Action> controllers;
    private readonly List<(Func<JsonObject, bool> Matches, PodScript Script)> scripts = [];
    private readonly ITimer timer;
    private bool settling;
    private DateTimeOffset? due;

    /// <summary>Stands behind a double.</summary>
    public SimulatedCluster(KubernetesDouble owner)
    {
        this.owner = owner;
        Writes = new ClusterWrites(owner);
        var quota = new Quota(owner.Store);
        var classes = new PodClasses(owner.Store);
        owner.Writer.Admission = (kind, item) => classes.Refuse(kind, item) ?? quota.Refuse(kind, item);
        var housekeeping = new Housekeeping(owner, Writes);
        var deployments = new DeploymentController(this);
        var replicaSets = new ReplicaSetController(this);
        var scheduler = new Scheduler(this);
        var kubelet = new Kubelet(this, owner.Pods);
        controllers = [housekeeping.Run, deployments.Run, replicaSets.Run, scheduler.Run, kubelet.Run, housekeeping.Count, () => quota.Count(Writes)];
        timer = owner.Time.CreateTimer(_ => Settle(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Nothing acts while this is set; <see cref="Settle"/> afterwards catches up.</summary>
    public bool Paused { get; set; }

    /// <summary>How the controllers write.</summary>
    public ClusterWrites Writes { get; }

    /// <summary>The objects.</summary>
    public ObjectStore Store => owner.Store;

    /// <summary>The API's deletions.</summary>
    public ObjectDeleter Deleter => owner.Api.Deleter;

    /// <summary>The moment now.</summary>
    public DateTimeOffset Now => owner.Time.GetUtcNow();

    /// <summary>Lets everything happen that is due.</summary>
    public void Settle()
    {
        lock (Store.Gate)
        {
            if (Paused || settling)
            {
                return;
            }

            settling = true;
            try
            {
                for (var round = 0; ; round++)
                {
                    if (round == 300)
                    {
                        throw new InvalidOperationException("The controllers of the double do not come to rest; last changes: " + string.Join(", ", Store.Since(Store.Version - 6)!.Select(e => $"{e.Type} {e.Kind.Kind} {e.Object.Text("metadata", "name")}")));
                    }

                    var before = Store.Version;
                    due = null;
                    controllers.ForEach(c => c());
                    if (Store.Version == before)
                    {
                        break;
                    }
                }
            }
            finally
            {
                settling = false;
            }

            if (due is { } next)
            {
                var wait = next - Now;
                timer.Change(wait > TimeSpan.FromMilliseconds(1) ? wait : TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>Asks to be called again at a moment.</summary>
    public void WakeAt(DateTimeOffset moment) => due = due is null || moment < due ? moment : due;

    /// <summary>Decides how pods behave; the latest rule that matches wins, and without one a pod is ready at once.</summary>
    public void Script(Func<JsonObject, bool> matches, PodScript script)
    {
        lock (Store.Gate)
        {
            scripts.Insert(0, (matches, script));
        }

        Settle();
    }

    /// <summary>Forgets every rule.</summary>
    public void ClearScripts()
    {
        lock (Store.Gate)
        {
            scripts.Clear();
        }
    }

    /// <summary>How a pod behaves.</summary>
    public PodScript ScriptOf(JsonObject pod) => scripts.Find(s => s.Matches(pod)).Script ?? PodScript.Ready;

    /// <summary>Adds a node.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cpu">Cores.</param>
    /// <param name="memory">Memory.</param>
    /// <param name="gpus">GPUs of <paramref name="gpuResource"/>; with any, the node is tainted as GPU nodes are.</param>
    /// <param name="gpuResource">The resource's name.</param>
    /// <param name="labels">Labels besides the usual ones.</param>
    /// <param name="change">Changes the node before it is made.</param>
    public JsonObject AddNode(string name, string cpu = "16", string memory = "64Gi", int gpus = 0, string gpuResource = "nvidia.com/gpu", IReadOnlyDictionary<string, string>? labels = null, Action<JsonObject>? change = null)
    {
        var node = HollowNode.Create(name, cpu, memory, gpus, gpuResource, labels, Writes.Now);
        change?.Invoke(node);
        return owner.Create(node, "kubelet");
    }

    /// <summary>Lets a node be ready or not.</summary>
    public void SetNodeReady(string name, bool ready) => owner.Edit(ResourceKind.Node, "", name, node =>
    {
        Conditions.Set(node, "Ready", ready ? "True" : "Unknown", ready ? "KubeletReady" : "NodeStatusUnknown", ready ? "kubelet is posting ready status" : "Kubelet stopped posting node status.", Writes.Now);
    }, "kubelet", "status");

    /// <inheritdoc/>
    public void Dispose() => timer.Dispose();
}

/// <summary>Node objects of machines that are not there.</summary>
internal static class HollowNode
{
    /// <summary>A ready node; with GPUs it carries the usual taint and the labels of feature discovery.</summary>
    public static JsonObject Create(string name, string cpu, string memory, int gpus, string gpuResource, IReadOnlyDictionary<string, string>? labels, string now)
    {
        var capacity = new JsonObject { ["cpu"] = cpu, ["memory"] = memory, ["pods"] = "110", ["ephemeral-storage"] = "200Gi" };
        var marks = new JsonObject { ["kubernetes.io/hostname"] = name, ["kubernetes.io/arch"] = "amd64", ["kubernetes.io/os"] = "linux" };
        var spec = new JsonObject();
        if (gpus > 0)
        {
            capacity[gpuResource] = gpus.ToString();
            spec["taints"] = new JsonArray(new JsonObject { ["key"] = gpuResource, ["value"] = "present", ["effect"] = "NoSchedule" });
            if (gpuResource == "nvidia.com/gpu")
            {
                marks["nvidia.com/gpu.present"] = "true";
                marks["nvidia.com/gpu.count"] = gpus.ToString();
                marks["nvidia.com/gpu.product"] = "NVIDIA-H100-80GB-HBM3";
                marks["nvidia.com/gpu.memory"] = "81559";
            }
        }

        foreach (var (key, value) in labels ?? new Dictionary<string, string>())
        {
            marks[key] = value;
        }

        var number = Math.Abs(name.GetHashCode(StringComparison.Ordinal)) % 250;
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Node",
            ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = marks },
            ["spec"] = spec,
            ["status"] = new JsonObject
            {
                ["capacity"] = capacity,
                ["allocatable"] = capacity.DeepClone(),
                ["addresses"] = new JsonArray(new JsonObject { ["type"] = "InternalIP", ["address"] = $"10.1.0.{number + 1}" }, new JsonObject { ["type"] = "Hostname", ["address"] = name }),
                ["conditions"] = new JsonArray(
                    new JsonObject { ["type"] = "Ready", ["status"] = "True", ["reason"] = "KubeletReady", ["message"] = "kubelet is posting ready status", ["lastHeartbeatTime"] = now, ["lastTransitionTime"] = now },
                    new JsonObject { ["type"] = "MemoryPressure", ["status"] = "False", ["reason"] = "KubeletHasSufficientMemory", ["lastHeartbeatTime"] = now, ["lastTransitionTime"] = now },
                    new JsonObject { ["type"] = "DiskPressure", ["status"] = "False", ["reason"] = "KubeletHasNoDiskPressure", ["lastHeartbeatTime"] = now, ["lastTransitionTime"] = now }),
                ["nodeInfo"] = new JsonObject
                {
                    ["architecture"] = "amd64",
                    ["operatingSystem"] = "linux",
                    ["osImage"] = "Debian GNU/Linux 13 (trixie)",
                    ["kernelVersion"] = "6.12.0-amd64",
                    ["containerRuntimeVersion"] = "containerd://2.1.0",
                    ["kubeletVersion"] = "v1.36.2",
                    ["kubeProxyVersion"] = "",
                    ["machineID"] = name,
                    ["systemUUID"] = name,
                    ["bootID"] = name,
                },
            },
        };
    }
}
