using System.Text.Json.Nodes;

namespace Ops.Testing.Kubernetes;

/// <summary>Puts pods on nodes that they select, tolerate and fit on, or says of each node why not.</summary>
internal sealed class Scheduler(SimulatedCluster cluster)
{
    /// <summary>Does what is due.</summary>
    public void Run()
    {
        foreach (var pod in cluster.Store.List(ResourceKind.Pod).Where(p => p.Text("spec", "nodeName") is null && !PodFacts.IsTerminating(p) && !PodFacts.IsOver(p)).ToList())
        {
            Place(pod);
        }
    }

    private void Place(JsonObject pod)
    {
        var nodes = cluster.Store.List(ResourceKind.Node).ToList();
        var obstacles = nodes.Select(n => (Node: n, Why: Obstacles(pod, n))).ToList();
        var fitting = obstacles.Where(o => o.Why.Count == 0).Select(o => o.Node).ToList();
        if (fitting.Count > 0)
        {
            var node = fitting.OrderBy(n => PodsOn(n).Count()).ThenBy(n => n.Text("metadata", "name"), StringComparer.Ordinal).First().Text("metadata", "name")!;
            var bound = pod.Copy();
            bound.Make("spec")["nodeName"] = node;
            Conditions.Set(bound, "PodScheduled", "True", "", "", cluster.Writes.Now);
            cluster.Store.Put(ResourceKind.Pod, bound);
            cluster.Writes.Event(ResourceKind.Pod, bound, "Normal", "Scheduled", $"Successfully assigned {pod.Text("metadata", "namespace")}/{pod.Text("metadata", "name")} to {node}", "default-scheduler");
            return;
        }

        var reasons = obstacles.SelectMany(o => o.Why).GroupBy(w => w).Select(g => $"{g.Count()} {g.Key}").Order(StringComparer.Ordinal);
        var message = nodes.Count == 0 ? "no nodes available to schedule pods" : $"0/{nodes.Count} nodes are available: {string.Join(", ", reasons)}. no new claims to deallocate, preemption: 0/{nodes.Count} nodes are available: {nodes.Count} Preemption is not helpful for scheduling.";
        if (Conditions.Find(pod, "PodScheduled").Text("message") != message)
        {
            cluster.Writes.Update(ResourceKind.Pod, pod, "kube-scheduler", p => Conditions.Set(p, "PodScheduled", "False", "Unschedulable", message, cluster.Writes.Now), "status");
            cluster.Writes.Event(ResourceKind.Pod, pod, "Warning", "FailedScheduling", message, "default-scheduler");
        }
    }

    private List<string> Obstacles(JsonObject pod, JsonObject node)
    {
        var labels = node.Object("metadata", "labels");
        if (node.Flag("spec", "unschedulable"))
        {
            return ["node(s) were unschedulable"];
        }

        var tolerations = pod.Items("spec", "tolerations").ToList();
        var taints = node.Items("spec", "taints").Where(t => t.Text("effect") is "NoSchedule" or "NoExecute").ToList();
        if (Conditions.Find(node, "Ready").Text("status") != "True")
        {
            taints.Add(new JsonObject { ["key"] = "node.kubernetes.io/not-ready", ["effect"] = "NoSchedule" });
        }

        if (taints.Exists(t => !tolerations.Exists(o => Tolerates(o, t))))
        {
            return ["node(s) had untolerated taint(s)"];
        }

        if (!(pod.Object("spec", "nodeSelector") is not { } selector || Selectors.ParseMap(selector).Matches(labels)) || !MeetsAffinity(pod, node))
        {
            return ["node(s) didn't match Pod's node affinity/selector"];
        }

        var missing = new List<string>();
        var running = PodsOn(node).ToList();
        if (running.Count + 1 > Quantity.Milli(node.Text("status", "allocatable", "pods") ?? "110") / 1000)
        {
            missing.Add("Too many pods");
        }

        foreach (var (resource, asked) in Requests(pod))
        {
            var free = Quantity.Milli(node.Text("status", "allocatable", resource)) - running.Sum(p => Requests(p).GetValueOrDefault(resource));
            if (asked > free)
            {
                missing.Add($"Insufficient {resource}");
            }
        }

        return missing;
    }

    /// <summary>What a pod asks for, in thousandths of each resource's unit.</summary>
    public static Dictionary<string, long> Requests(JsonObject pod)
    {
        var sum = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (name, amount) in pod.Items("spec", "containers").SelectMany(c => c.Object("resources", "requests") ?? []))
        {
            sum[name] = sum.GetValueOrDefault(name) + Quantity.Milli(amount.Text());
        }

        // Init containers run one after the other before the rest, beside the sidecars before them: the most of that counts where it is more.
        var sidecars = new Dictionary<string, long>(StringComparer.Ordinal);
        var starting = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var container in pod.Items("spec", "initContainers"))
        {
            var step = new Dictionary<string, long>(sidecars, StringComparer.Ordinal);
            foreach (var (name, amount) in container.Object("resources", "requests") ?? [])
            {
                var milli = Quantity.Milli(amount.Text());
                step[name] = step.GetValueOrDefault(name) + milli;
                sum[name] = sum.GetValueOrDefault(name) + (container.Text("restartPolicy") == "Always" ? milli : 0);
            }

            sidecars = container.Text("restartPolicy") == "Always" ? step : sidecars;
            foreach (var (name, milli) in step)
            {
                starting[name] = Math.Max(starting.GetValueOrDefault(name), milli);
            }
        }

        foreach (var (name, milli) in starting)
        {
            sum[name] = Math.Max(sum.GetValueOrDefault(name), milli);
        }

        // What the pod asks for as a whole goes before its containers, and what running it at all takes is added.
        foreach (var (name, amount) in pod.Object("spec", "resources", "requests") ?? [])
        {
            sum[name] = Quantity.Milli(amount.Text());
        }

        foreach (var (name, amount) in pod.Object("spec", "overhead") ?? [])
        {
            sum[name] = sum.GetValueOrDefault(name) + Quantity.Milli(amount.Text());
        }

        return sum;
    }

    private IEnumerable<JsonObject> PodsOn(JsonObject node) =>
        cluster.Store.List(ResourceKind.Pod).Where(p => p.Text("spec", "nodeName") == node.Text("metadata", "name") && !PodFacts.IsOver(p));

    private static bool Tolerates(JsonObject toleration, JsonObject taint) =>
        (toleration.Text("effect") is null || toleration.Text("effect") == taint.Text("effect"))
        && (toleration.Text("key") is null ? toleration.Text("operator") == "Exists" : toleration.Text("key") == taint.Text("key") && (toleration.Text("operator") == "Exists" || toleration.Text("value") == taint.Text("value")));

    private static bool MeetsAffinity(JsonObject pod, JsonObject node)
    {
        var terms = pod.Items("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms").ToList();
        var name = new JsonObject { ["metadata.name"] = node.Text("metadata", "name") };
        return terms.Count == 0 || terms.Exists(t =>
            Selectors.ParseObject(new JsonObject { ["matchExpressions"] = t["matchExpressions"]?.DeepClone() }).Matches(node.Object("metadata", "labels"))
            && Selectors.ParseObject(new JsonObject { ["matchExpressions"] = t["matchFields"]?.DeepClone() }).Matches(name));
    }
}
