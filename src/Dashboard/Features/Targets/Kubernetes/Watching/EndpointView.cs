using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Explain;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Watching;

/// <summary>What of a cluster belongs to one endpoint, as replicas. Pure over what the watches show.</summary>
internal static class EndpointView
{
    /// <summary>Reads it.</summary>
    /// <param name="endpoint">Which.</param>
    /// <param name="cluster">Where.</param>
    /// <param name="steps">How far pods are that load, and which container of theirs said it, by the pod's name.</param>
    /// <param name="now">When.</param>
    public static EndpointObservation Read(EndpointRef endpoint, ICluster cluster, IReadOnlyDictionary<string, (string Container, LoadStep Step)> steps, DateTimeOffset now)
    {
        List<ReplicaObservation> replicas =
        [
            .. cluster.All<V1Pod>()
                .Where(p => ObjectLabels.EndpointOf(p.Metadata) == endpoint.Id && ObjectLabels.PlanOf(p.Metadata) is not null && !IsOver(p))
                .OrderBy(p => p.Metadata.CreationTimestamp).ThenBy(p => p.Metadata.Name, StringComparer.Ordinal)
                .Select(p => WithStep(p, PodReader.Read(p, cluster.Settings.ReachesPods) with { Gpus = PodGpus.Of(p, cluster.Find("Node", p.Spec?.NodeName ?? "") as V1Node) })),
        ];
        Dictionary<Guid, int> scale = [];
        foreach (var deployment in cluster.All<V1Deployment>().Where(d => ObjectLabels.EndpointOf(d.Metadata) == endpoint.Id && d.Metadata.DeletionTimestamp is null))
        {
            if (ObjectLabels.PlanOf(deployment.Metadata) is { } plan && deployment.Spec?.Replicas is { } replicasNow)
            {
                scale[plan] = replicasNow;
            }

            // Pods that the cluster refuses to make do not exist, so their absence is shown in their place.
            if (ObjectLabels.PlanOf(deployment.Metadata) is { } planId && Refusal(deployment) is { } refusal && replicas.Count(r => r.PlanId == planId) < (deployment.Spec?.Replicas ?? 1))
            {
                replicas.Add(new() { Id = $"{deployment.Metadata.Name}-missing", PlanId = planId, Node = "", Phase = ReplicaPhase.Failed, Reason = refusal, Next = "The cluster tries again by itself." });
            }
        }

        return new(endpoint, replicas, now) { Scale = scale };

        ReplicaObservation WithStep(V1Pod pod, ReplicaObservation replica) =>
            steps.TryGetValue(pod.Metadata.Name, out var far) && PodReader.Loading(pod) == far.Container
                ? replica with { Step = far.Step, Progress = far.Step is { Name: LoadStep.Download } step ? (step.Done, step.Total) : null }
                : replica;
    }

    // Evicted pods stay in the list as a record while others have long taken their place.
    private static bool IsOver(V1Pod pod) => pod.Status?.Phase is "Succeeded" or "Failed" && pod.Metadata.OwnerReferences is { Count: > 0 };

    private static string? Refusal(V1Deployment deployment) =>
        deployment.Status?.Conditions?.FirstOrDefault(c => c is { Type: "ReplicaFailure", Status: "True" }) is { } failure
            ? EventWords.Explain(new() { Reason = "FailedCreate", Type = "Warning", Message = failure.Message, InvolvedObject = new() { Kind = "Deployment", Name = deployment.Metadata.Name } })?.Message
            : null;
}
