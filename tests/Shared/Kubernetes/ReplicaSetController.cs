using System.Text.Json.Nodes;

namespace Ops.Testing.Kubernetes;

/// <summary>Keeps as many pods as each replica set wants and counts them.</summary>
internal sealed class ReplicaSetController(SimulatedCluster cluster)
{
    private const string Manager = "kube-controller-manager";

    /// <summary>Does what is due.</summary>
    public void Run()
    {
        foreach (var set in cluster.Store.List(ResourceKind.ReplicaSet).ToList())
        {
            if (!PodFacts.IsTerminating(set))
            {
                Reconcile(set);
            }
        }
    }

    /// <summary>The pods of a replica set that count: neither ended nor going.</summary>
    public static List<JsonObject> ActivePods(ObjectStore store, JsonObject set) =>
        [.. store.List(ResourceKind.Pod, set.Text("metadata", "namespace")!).Where(p => PodFacts.IsControlledBy(p, set) && !PodFacts.IsTerminating(p) && !PodFacts.IsOver(p))];

    private void Reconcile(JsonObject set)
    {
        var pods = ActivePods(cluster.Store, set);
        var wanted = (int)(set.Number("spec", "replicas") ?? 1);
        string? failure = null;
        for (var missing = wanted - pods.Count; missing > 0; missing--)
        {
            failure = cluster.Writes.Create(ResourceKind.Pod, PodOf(set), Manager);
            if (failure is not null)
            {
                if (Conditions.Find(set, "ReplicaFailure") is null)
                {
                    cluster.Writes.Event(ResourceKind.ReplicaSet, set, "Warning", "FailedCreate", "Error creating: " + failure, "replicaset-controller");
                }

                break;
            }
        }

        foreach (var pod in pods.OrderBy(p => p.Text("spec", "nodeName") is not null).ThenBy(PodFacts.IsReady).ThenByDescending(p => p.Text("metadata", "creationTimestamp"), StringComparer.Ordinal).Take(Math.Max(0, pods.Count - wanted)))
        {
            cluster.Deleter.Delete(ResourceKind.Pod, pod, "Background", null);
            cluster.Writes.Event(ResourceKind.ReplicaSet, set, "Normal", "SuccessfulDelete", $"Deleted pod: {pod.Text("metadata", "name")}", "replicaset-controller");
        }

        pods = ActivePods(cluster.Store, set);
        var ready = pods.Where(PodFacts.IsReady).ToList();
        var minimum = TimeSpan.FromSeconds(set.Number("spec", "minReadySeconds") ?? 0);
        var available = ready.Count(p => IsAvailable(p, minimum));
        cluster.Writes.Update(ResourceKind.ReplicaSet, set, Manager, s =>
        {
            var status = s.Make("status");
            status["replicas"] = pods.Count;
            Count(status, "fullyLabeledReplicas", pods.Count);
            Count(status, "readyReplicas", ready.Count);
            Count(status, "availableReplicas", available);
            status["observedGeneration"] = s.Number("metadata", "generation") ?? 1;
            if (failure is not null && Conditions.Find(s, "ReplicaFailure") is not null)
            {
                // The names of the pods that could not be made differ; the first message stays.
            }
            else if (failure is not null)
            {
                Conditions.Set(s, "ReplicaFailure", "True", "FailedCreate", failure, cluster.Writes.Now);
            }
            else
            {
                Conditions.Remove(s, "ReplicaFailure");
            }
        }, "status");
    }

    private bool IsAvailable(JsonObject pod, TimeSpan minimum)
    {
        if (minimum == TimeSpan.Zero)
        {
            return true;
        }

        var since = DateTimeOffset.Parse(Conditions.Find(pod, "Ready").Text("lastTransitionTime")!);
        if (since + minimum <= cluster.Now)
        {
            return true;
        }

        cluster.WakeAt(since + minimum);
        return false;
    }

    private static JsonObject PodOf(JsonObject set)
    {
        var template = set.Object("spec", "template")!.Copy();
        var metadata = template.Make("metadata").Copy();
        metadata["namespace"] = set.Text("metadata", "namespace");
        metadata["generateName"] = set.Text("metadata", "name") + "-";
        metadata["ownerReferences"] = new JsonArray(Owner(ResourceKind.ReplicaSet, set));
        return new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Pod", ["metadata"] = metadata, ["spec"] = template["spec"]!.DeepClone() };
    }

    /// <summary>A reference to an owning controller.</summary>
    public static JsonObject Owner(ResourceKind kind, JsonObject owner) => new()
    {
        ["apiVersion"] = kind.ApiVersion,
        ["kind"] = kind.Kind,
        ["name"] = owner.Text("metadata", "name"),
        ["uid"] = owner.Text("metadata", "uid"),
        ["controller"] = true,
        ["blockOwnerDeletion"] = true,
    };

    /// <summary>Sets a count, which is left out when 0.</summary>
    public static void Count(JsonObject status, string field, long count)
    {
        if (count == 0)
        {
            status.Remove(field);
        }
        else
        {
            status[field] = count;
        }
    }
}
