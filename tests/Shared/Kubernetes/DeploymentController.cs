using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Ops.Testing.Kubernetes;

/// <summary>Rolls deployments out through replica sets by the documented rules of surge and unavailability, and reports progress.</summary>
internal sealed class DeploymentController(SimulatedCluster cluster)
{
    private const string Manager = "kube-controller-manager";
    private const string Revision = "deployment.kubernetes.io/revision";
    private readonly DeploymentProgress progress = new(cluster);

    /// <summary>Does what is due.</summary>
    public void Run()
    {
        foreach (var deployment in cluster.Store.List(ResourceKind.Deployment).ToList())
        {
            if (!PodFacts.IsTerminating(deployment))
            {
                Reconcile(deployment);
            }
        }
    }

    private void Reconcile(JsonObject deployment)
    {
        var sets = SetsOf(deployment);
        var current = sets.Find(s => SameTemplate(s, deployment));
        var old = sets.Where(s => s != current).ToList();
        var paused = deployment.Flag("spec", "paused");
        if (!paused)
        {
            if (deployment.Text("spec", "strategy", "type") == "Recreate" && old.Exists(s => Replicas(s) > 0 || HasPods(s)))
            {
                // The new revision waits until every old pod is gone.
                old.Where(s => Replicas(s) > 0).ToList().ForEach(s => Scale(deployment, s, 0));
            }
            else
            {
                current = Ensure(deployment, current, sets);
                if (deployment.Text("spec", "strategy", "type") == "Recreate")
                {
                    Scale(deployment, current, (int)(deployment.Number("spec", "replicas") ?? 1));
                }
                else
                {
                    Roll(deployment, current, old);
                }
            }
        }

        sets = SetsOf(deployment);
        current = sets.Find(s => SameTemplate(s, deployment));
        deployment = cluster.Store.Get(ResourceKind.Deployment, deployment.Text("metadata", "namespace")!, deployment.Text("metadata", "name")!) ?? deployment;
        if (progress.Report(deployment, sets, current))
        {
            CleanUp(deployment, sets.Where(s => s != current));
        }
    }

    private void Roll(JsonObject deployment, JsonObject current, List<JsonObject> old)
    {
        var wanted = (int)(deployment.Number("spec", "replicas") ?? 1);
        var (surge, unavailable) = Bounds(deployment, wanted);
        var all = Replicas(current) + old.Sum(Replicas);
        if (Replicas(current) > wanted)
        {
            Scale(deployment, current, wanted);
            return;
        }

        if (Replicas(current) < wanted && all < wanted + surge)
        {
            Scale(deployment, current, Replicas(current) + Math.Min(wanted + surge - all, wanted - Replicas(current)));
            return;
        }

        if (old.Sum(Replicas) == 0)
        {
            return;
        }

        var minimum = wanted - unavailable;
        var budget = all - minimum - (Replicas(current) - Available(current));
        if (budget <= 0)
        {
            return;
        }

        // Pods of old revisions that are not available go first: they serve nobody.
        foreach (var set in old.Where(s => Replicas(s) > Available(s)).OrderBy(s => s.Text("metadata", "creationTimestamp"), StringComparer.Ordinal).ToList())
        {
            var take = Math.Min(budget, Replicas(set) - Available(set));
            if (take > 0)
            {
                Scale(deployment, set, Replicas(set) - take);
                return;
            }
        }

        var spare = Available(current) + old.Sum(Available) - minimum;
        foreach (var set in old.Where(s => Replicas(s) > 0).OrderBy(s => s.Text("metadata", "creationTimestamp"), StringComparer.Ordinal).ToList())
        {
            var take = Math.Min(spare, Replicas(set));
            if (take > 0)
            {
                Scale(deployment, set, Replicas(set) - take);
                return;
            }
        }
    }

    private JsonObject Ensure(JsonObject deployment, JsonObject? current, List<JsonObject> sets)
    {
        var newest = sets.Where(s => s != current).Select(RevisionOf).DefaultIfEmpty(0).Max() + 1;
        if (current is not null)
        {
            if (RevisionOf(current) < newest)
            {
                current = cluster.Writes.Update(ResourceKind.ReplicaSet, current, Manager, s => s.Make("metadata").Make("annotations")[Revision] = newest.ToString());
            }
        }
        else
        {
            var hash = HashOf(deployment);
            var name = $"{deployment.Text("metadata", "name")}-{hash}";
            var template = deployment.Object("spec", "template")!.Copy();
            template.Make("metadata").Make("labels")["pod-template-hash"] = hash;
            var selector = deployment.Object("spec", "selector")!.Copy();
            selector.Make("matchLabels")["pod-template-hash"] = hash;
            var annotations = deployment.Object("metadata", "annotations")?.Copy() ?? [];
            annotations[Revision] = newest.ToString();
            cluster.Writes.Create(ResourceKind.ReplicaSet, new JsonObject
            {
                ["apiVersion"] = "apps/v1",
                ["kind"] = "ReplicaSet",
                ["metadata"] = new JsonObject
                {
                    ["name"] = name,
                    ["namespace"] = deployment.Text("metadata", "namespace"),
                    ["labels"] = template.Dig("metadata", "labels")!.DeepClone(),
                    ["annotations"] = annotations,
                    ["ownerReferences"] = new JsonArray(ReplicaSetController.Owner(ResourceKind.Deployment, deployment)),
                },
                ["spec"] = new JsonObject
                {
                    ["replicas"] = 0,
                    ["selector"] = selector,
                    ["template"] = template,
                    ["minReadySeconds"] = deployment.Number("spec", "minReadySeconds") ?? 0,
                },
            }, Manager);
            current = cluster.Store.Get(ResourceKind.ReplicaSet, deployment.Text("metadata", "namespace")!, name)!;
        }

        if (deployment.Text("metadata", "annotations", Revision) != RevisionOf(current).ToString())
        {
            // The controller writes the revision together with the status, so that the generation stays.
            cluster.Writes.Update(ResourceKind.Deployment, deployment, Manager, d => d.Make("metadata").Make("annotations")[Revision] = RevisionOf(current).ToString(), "status");
        }

        return current;
    }

    private void Scale(JsonObject deployment, JsonObject set, int replicas)
    {
        var before = Replicas(set);
        if (before == replicas)
        {
            return;
        }

        cluster.Writes.Update(ResourceKind.ReplicaSet, set, Manager, s => s.Make("spec")["replicas"] = replicas);
        var live = cluster.Store.Get(ResourceKind.Deployment, deployment.Text("metadata", "namespace")!, deployment.Text("metadata", "name")!) ?? deployment;
        cluster.Writes.Event(ResourceKind.Deployment, live, "Normal", "ScalingReplicaSet", $"Scaled {(replicas > before ? "up" : "down")} replica set {set.Text("metadata", "name")} from {before} to {replicas}", "deployment-controller");
    }

    private void CleanUp(JsonObject deployment, IEnumerable<JsonObject> old)
    {
        var kept = (int)(deployment.Number("spec", "revisionHistoryLimit") ?? 10);
        foreach (var set in old.Where(s => Replicas(s) == 0 && (s.Number("status", "replicas") ?? 0) == 0).OrderByDescending(RevisionOf).Skip(kept).ToList())
        {
            cluster.Store.Remove(ResourceKind.ReplicaSet, set);
        }
    }

    private List<JsonObject> SetsOf(JsonObject deployment) =>
        [.. cluster.Store.List(ResourceKind.ReplicaSet, deployment.Text("metadata", "namespace")!).Where(s => PodFacts.IsControlledBy(s, deployment) && !PodFacts.IsTerminating(s))];

    private bool HasPods(JsonObject set) => cluster.Store.List(ResourceKind.Pod, set.Text("metadata", "namespace")!).Any(p => PodFacts.IsControlledBy(p, set) && !PodFacts.IsOver(p));

    /// <summary>How many pods a rollout may have above and below what is wanted: percentages are rounded up above and down below, and both are never 0.</summary>
    public static (int Surge, int Unavailable) Bounds(JsonObject deployment, int wanted)
    {
        var surge = Part(deployment.Text("spec", "strategy", "rollingUpdate", "maxSurge") ?? "25%", wanted, up: true);
        var unavailable = Part(deployment.Text("spec", "strategy", "rollingUpdate", "maxUnavailable") ?? "25%", wanted, up: false);
        return (surge, surge == 0 && unavailable == 0 ? 1 : Math.Min(unavailable, wanted));
    }

    private static int Part(string text, int of, bool up) =>
        !text.EndsWith('%') ? int.Parse(text) : up ? (int)Math.Ceiling(int.Parse(text[..^1]) * of / 100.0) : int.Parse(text[..^1]) * of / 100;

    private static int Replicas(JsonObject set) => (int)(set.Number("spec", "replicas") ?? 1);

    private static int Available(JsonObject set) => (int)(set.Number("status", "availableReplicas") ?? 0);

    private static int RevisionOf(JsonObject set) => int.TryParse(set.Text("metadata", "annotations", Revision), out var revision) ? revision : 0;

    private static bool SameTemplate(JsonObject set, JsonObject deployment)
    {
        var template = set.Object("spec", "template")!.Copy();
        template.Object("metadata", "labels")?.Remove("pod-template-hash");
        return JsonNode.DeepEquals(template, deployment.Object("spec", "template"));
    }

    private static string HashOf(JsonObject deployment) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(deployment.Object("spec", "template")!.ToJsonString(Json.Plain))))[..10];
}
