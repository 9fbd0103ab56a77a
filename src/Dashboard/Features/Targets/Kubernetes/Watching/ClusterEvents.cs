using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Explain;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Watching;

/// <summary>Finds out which endpoint an event of the cluster is about, and tells it once for each time it happened.</summary>
internal sealed class ClusterEvents(DateTimeOffset since)
{
    private const int MostKept = 4096;
    private readonly Lock gate = new();
    private readonly Dictionary<string, int> counts = new(StringComparer.Ordinal);

    /// <summary>Reads one event; null when it is nobody's, old, told already, or nothing people need to read.</summary>
    /// <param name="happened">The event.</param>
    /// <param name="cluster">Where it happened.</param>
    /// <param name="nameOf">The name of an endpoint that is known here, or null.</param>
    public TargetEvent? Read(Corev1Event happened, ICluster cluster, Func<Guid, string?> nameOf)
    {
        var at = At(happened);
        if (at < since || EventWords.Explain(happened) is not var (level, message) || Owner(happened.InvolvedObject, cluster) is not { } owner || nameOf(owner.EndpointId) is not { } name || !IsNew(happened))
        {
            return null;
        }

        return new()
        {
            EndpointId = owner.EndpointId,
            EndpointName = name,
            PlanId = owner.PlanId,
            ReplicaId = happened.InvolvedObject.Name,
            At = at,
            Level = level,
            Kind = TargetEventKinds.Cluster,
            Message = message,
        };
    }

    private bool IsNew(Corev1Event happened)
    {
        var (key, count) = (happened.Metadata?.Uid ?? $"{happened.Reason}/{happened.InvolvedObject?.Uid}", happened.Series?.Count ?? happened.Count ?? 1);
        lock (gate)
        {
            if (counts.TryGetValue(key, out var told) && told >= count)
            {
                return false;
            }

            // A cluster counts repetitions up; every one of them would drown the history, so each power of two is told.
            var isWorth = told == 0 || (count & (count - 1)) == 0;
            if (counts.Count >= MostKept)
            {
                counts.Clear();
            }

            counts[key] = count;
            return isWorth;
        }
    }

    private static (Guid EndpointId, Guid PlanId)? Owner(V1ObjectReference? about, ICluster cluster) => about?.Kind switch
    {
        "Pod" => Of(cluster.Find("Pod", about.Name)?.Metadata) ?? OfDeployment(about.Name, cluster),
        "ReplicaSet" => OfDeployment(about.Name, cluster),
        "Deployment" or "HorizontalPodAutoscaler" => Of(cluster.Find(about.Kind, about.Name)?.Metadata),
        _ => null,
    };

    // Pods and replica sets that were never made, or are gone already, are named after their Deployment.
    private static (Guid EndpointId, Guid PlanId)? OfDeployment(string name, ICluster cluster)
    {
        for (var at = name.LastIndexOf('-'); at > 0; at = name.LastIndexOf('-', at - 1))
        {
            if (Of(cluster.Find("Deployment", name[..at])?.Metadata) is { } owner)
            {
                return owner;
            }
        }

        return null;
    }

    private static (Guid EndpointId, Guid PlanId)? Of(V1ObjectMeta? metadata) =>
        ObjectLabels.EndpointOf(metadata) is { } endpointId && ObjectLabels.PlanOf(metadata) is { } planId ? (endpointId, planId) : null;

    private static DateTimeOffset At(Corev1Event happened)
    {
        var at = happened.Series?.LastObservedTime ?? happened.LastTimestamp ?? happened.EventTime ?? happened.FirstTimestamp ?? happened.Metadata?.CreationTimestamp;
        return at is { } time ? new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Utc)) : DateTimeOffset.MinValue;
    }
}
