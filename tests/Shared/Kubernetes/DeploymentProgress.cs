using System.Text.Json.Nodes;

namespace Ops.Testing.Kubernetes;

/// <summary>Writes the status of deployments: counts, and the conditions Available, Progressing and ReplicaFailure.</summary>
internal sealed class DeploymentProgress(SimulatedCluster cluster)
{
    /// <summary>Writes a deployment's status.</summary>
    /// <returns>Whether the rollout is complete.</returns>
    public bool Report(JsonObject deployment, List<JsonObject> sets, JsonObject? current)
    {
        var wanted = deployment.Number("spec", "replicas") ?? 1;
        var total = Sum(sets, "replicas");
        var updated = current.Number("status", "replicas") ?? 0;
        var available = Sum(sets, "availableReplicas");
        var asked = sets.Sum(s => s.Number("spec", "replicas") ?? 1);
        var complete = updated == wanted && total == wanted && available == wanted && current is not null;
        cluster.Writes.Update(ResourceKind.Deployment, deployment, "kube-controller-manager", d =>
        {
            var before = d.Object("status")?.Copy() ?? [];
            var status = d.Make("status");
            status["observedGeneration"] = d.Number("metadata", "generation") ?? 1;
            ReplicaSetController.Count(status, "replicas", total);
            ReplicaSetController.Count(status, "updatedReplicas", updated);
            ReplicaSetController.Count(status, "readyReplicas", Sum(sets, "readyReplicas"));
            ReplicaSetController.Count(status, "availableReplicas", available);
            ReplicaSetController.Count(status, "unavailableReplicas", Math.Max(0, asked - available));
            var (_, unavailable) = DeploymentController.Bounds(d, (int)wanted);
            var enough = available >= wanted - (d.Text("spec", "strategy", "type") == "Recreate" ? 0 : unavailable);
            Conditions.Set(d, "Available", enough ? "True" : "False", enough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
                enough ? "Deployment has minimum availability." : "Deployment does not have minimum availability.", cluster.Writes.Now, updateTime: true);
            Progress(d, before, current, complete);
            Failure(d, sets);
        }, "status");
        return complete;
    }

    private void Progress(JsonObject deployment, JsonObject before, JsonObject? current, bool complete)
    {
        var condition = Conditions.Find(deployment, "Progressing");
        var name = current is null ? $"Deployment \"{deployment.Text("metadata", "name")}\"" : $"ReplicaSet \"{current.Text("metadata", "name")}\"";
        if (deployment.Flag("spec", "paused"))
        {
            Conditions.Set(deployment, "Progressing", "Unknown", "DeploymentPaused", "Deployment is paused", cluster.Writes.Now, updateTime: true);
            return;
        }

        if (complete)
        {
            if (condition.Text("reason") != "NewReplicaSetAvailable" || condition.Text("message")?.StartsWith(name, StringComparison.Ordinal) != true)
            {
                Conditions.Set(deployment, "Progressing", "True", "NewReplicaSetAvailable", $"{name} has successfully progressed.", cluster.Writes.Now, updateTime: true);
            }

            return;
        }

        // A rollout that was once complete is not judged again while its revision stays the same.
        var updated = deployment.Number("status", "updatedReplicas") ?? 0;
        if (condition.Text("reason") == "NewReplicaSetAvailable" && condition.Text("message")?.StartsWith(name, StringComparison.Ordinal) == true && (deployment.Number("status", "replicas") ?? 0) == updated)
        {
            return;
        }

        var status = deployment.Object("status")!;
        var moved = condition is null || current is null || updated > Value(before, "updatedReplicas")
            || Value(status, "replicas") - updated < Value(before, "replicas") - Value(before, "updatedReplicas")
            || Value(status, "readyReplicas") > Value(before, "readyReplicas") || Value(status, "availableReplicas") > Value(before, "availableReplicas")
            || condition.Text("message")?.StartsWith(name, StringComparison.Ordinal) != true;
        if (moved)
        {
            Conditions.Remove(deployment, "Progressing");
            Conditions.Set(deployment, "Progressing", "True", condition is null ? "NewReplicaSetCreated" : "ReplicaSetUpdated", condition is null ? $"Created new replica set {name.Replace("ReplicaSet ", "", StringComparison.Ordinal)}" : $"{name} is progressing.", cluster.Writes.Now, updateTime: true);
            Conditions.Find(deployment, "Progressing")!["lastTransitionTime"] = condition.Text("status") == "True" ? condition!["lastTransitionTime"]!.DeepClone() : cluster.Writes.Now;
            condition = Conditions.Find(deployment, "Progressing");
        }

        if (condition.Text("reason") == "ProgressDeadlineExceeded")
        {
            return;
        }

        var deadline = DateTimeOffset.Parse(condition.Text("lastUpdateTime")!).AddSeconds(deployment.Number("spec", "progressDeadlineSeconds") ?? 600);
        if (deadline <= cluster.Now)
        {
            Conditions.Set(deployment, "Progressing", "False", "ProgressDeadlineExceeded", $"{name} has timed out progressing.", cluster.Writes.Now, updateTime: true);
        }
        else
        {
            cluster.WakeAt(deadline);
        }
    }

    private void Failure(JsonObject deployment, List<JsonObject> sets)
    {
        if (sets.Select(s => Conditions.Find(s, "ReplicaFailure")).FirstOrDefault(c => c is not null) is { } failure)
        {
            Conditions.Set(deployment, "ReplicaFailure", "True", failure.Text("reason") ?? "", failure.Text("message") ?? "", cluster.Writes.Now, updateTime: true);
        }
        else
        {
            Conditions.Remove(deployment, "ReplicaFailure");
        }
    }

    private static long Sum(List<JsonObject> sets, string field) => sets.Sum(s => s.Number("status", field) ?? 0);

    private static long Value(JsonObject status, string field) => status.Number(field) ?? 0;
}
