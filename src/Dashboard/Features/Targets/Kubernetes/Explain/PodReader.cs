using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Explain;

/// <summary>Makes a replica, as people see it, of a pod. Pure.</summary>
internal static class PodReader
{
    /// <summary>Reads one pod.</summary>
    /// <param name="pod">A pod of ours.</param>
    /// <param name="direct">Whether pods are reached by their own addresses, because the dashboard runs in the cluster.</param>
    public static ReplicaObservation Read(V1Pod pod, bool direct)
    {
        var server = pod.Status?.ContainerStatuses?.FirstOrDefault(c => c.Name == PodTemplate.Server);
        var fetch = pod.Status?.InitContainerStatuses?.FirstOrDefault(c => c.Name == PodTemplate.Fetch);
        var (phase, reason, next) = Phase(pod, server, fetch);
        return new()
        {
            Id = pod.Metadata.Name,
            PlanId = ObjectLabels.PlanOf(pod.Metadata) ?? Guid.Empty,
            Node = pod.Spec?.NodeName ?? "",
            Phase = phase,
            Reason = reason,
            Next = next,
            Restarts = (server?.RestartCount ?? 0) + (fetch?.RestartCount ?? 0),
            StartedAt = At(server?.State?.Running?.StartedAt),
            LoadingSince = phase == ReplicaPhase.Loading ? At(server?.State?.Running?.StartedAt ?? fetch?.State?.Running?.StartedAt) : null,
            Address = direct && phase is ReplicaPhase.Ready or ReplicaPhase.Unready && pod.Status?.PodIP is { Length: > 0 } ip ? AddressOf(ip) : null,
        };
    }

    /// <summary>The container of a pod whose log says how far it is on the way to being ready; null when it is not on it.</summary>
    public static string? Loading(V1Pod pod) =>
        IsFetching(pod) ? PodTemplate.Fetch
        : pod.Status?.ContainerStatuses?.FirstOrDefault(c => c.Name == PodTemplate.Server)?.State?.Running is not null && Read(pod, direct: false).Phase == ReplicaPhase.Loading ? PodTemplate.Server
        : null;

    /// <summary>Where a pod of this address answers.</summary>
    public static Uri AddressOf(string ip) => new UriBuilder(Uri.UriSchemeHttp, ip.Contains(':', StringComparison.Ordinal) ? $"[{ip}]" : ip, RevisionFiles.Port).Uri;

    private static (ReplicaPhase Phase, string? Reason, string? Next) Phase(V1Pod pod, V1ContainerStatus? server, V1ContainerStatus? fetch)
    {
        if (pod.Metadata.DeletionTimestamp is not null)
        {
            return (ReplicaPhase.Stopping, Disruption(pod), null);
        }

        if (pod.Status?.Phase == "Failed")
        {
            return (ReplicaPhase.Failed, pod.Status.Reason switch
            {
                "Evicted" => $"The node evicted it: {Sentence(pod.Status.Message)}",
                "NodeLost" or "NodeShutdown" or "Terminated" => $"Its node was shut down or lost: {Sentence(pod.Status.Message)}",
                _ => ContainerWords.Ended(server?.State?.Terminated ?? fetch?.State?.Terminated) ?? $"It failed: {Sentence(pod.Status.Message ?? pod.Status.Reason)}",
            }, "The cluster starts another in its place.");
        }

        if (Condition(pod, "PodScheduled") is { Status: "False" } placed)
        {
            return (ReplicaPhase.Pending, placed.Reason == "Unschedulable" ? SchedulerWords.Explain(placed.Message) : $"It is not placed yet: {Sentence(placed.Message)}", "The scheduler tries again by itself.");
        }

        if (server?.Ready == true)
        {
            return (ReplicaPhase.Ready, ContainerWords.LastEnd(server), null);
        }

        foreach (var status in new[] { fetch, server })
        {
            if (status?.State?.Waiting is { } waiting && ContainerWords.Trouble(status, waiting, pod.Spec?.ImagePullSecrets?.Select(s => s.Name) ?? []) is { } trouble)
            {
                return (ReplicaPhase.Failed, trouble, "The cluster tries again, each time after a longer wait.");
            }
        }

        if (fetch?.State?.Terminated is { ExitCode: not 0 } failed)
        {
            return (ReplicaPhase.Failed, ContainerWords.FetchEnded(failed), "The cluster tries again, each time after a longer wait.");
        }

        if (server?.State?.Terminated is { } ended)
        {
            return (ReplicaPhase.Failed, ContainerWords.Ended(ended), "The cluster starts it again.");
        }

        if (server?.State?.Running is not null)
        {
            // Ready once in this run means that it stopped answering; the condition's time is after the start of the container then.
            var wasReady = Condition(pod, "Ready") is { Status: "False", LastTransitionTime: { } since } && server.State.Running.StartedAt is { } start && since > start.AddSeconds(1) && server.Started == true;
            return wasReady
                ? (ReplicaPhase.Unready, "It runs, and its check for readiness fails: it gets no requests.", null)
                : (ReplicaPhase.Loading, ContainerWords.LastEnd(server) ?? "It loads the model.", null);
        }

        return fetch?.State?.Running is not null
            ? (ReplicaPhase.Loading, ContainerWords.LastEnd(fetch) ?? "It fetches the version's files.", null)
            : (ReplicaPhase.Pending, pod.Spec?.NodeName is { Length: > 0 } ? "Its image is fetched and its volumes are made ready." : "It waits for a node.", null);
    }

    private static bool IsFetching(V1Pod pod) =>
        pod.Metadata.DeletionTimestamp is null && pod.Status?.InitContainerStatuses?.FirstOrDefault(c => c.Name == PodTemplate.Fetch)?.State?.Running is not null;

    private static string? Disruption(V1Pod pod) => Condition(pod, "DisruptionTarget") is { Status: "True" } target
        ? target.Reason switch
        {
            "EvictionByEvictionAPI" => "Its node is drained: it moves to another.",
            "PreemptionByScheduler" => "Something of a higher priority took its place.",
            "DeletionByTaintManager" => "Its node got a taint that drives it away: it moves to another.",
            "TerminationByKubelet" => $"Its node ends it: {Sentence(target.Message)}",
            _ => null,
        }
        : null;

    private static V1PodCondition? Condition(V1Pod pod, string type) => pod.Status?.Conditions?.FirstOrDefault(c => c.Type == type);

    private static DateTimeOffset? At(DateTime? time) => time is { } at ? new DateTimeOffset(DateTime.SpecifyKind(at, DateTimeKind.Utc)) : null;

    private static string Sentence(string? text) => ContainerWords.Sentence(text);
}
