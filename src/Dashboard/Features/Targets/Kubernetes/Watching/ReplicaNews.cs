using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Watching;

/// <summary>What happened to replicas between two looks, in plain sentences. Pure.</summary>
internal static class ReplicaNews
{
    /// <summary>Compares two looks.</summary>
    public static IEnumerable<TargetEvent> Between(EndpointObservation? before, EndpointObservation now)
    {
        // The first look says what is there, not what happened.
        if (before is null)
        {
            yield break;
        }

        var old = before.Replicas.ToDictionary(r => r.Id, StringComparer.Ordinal);
        foreach (var replica in now.Replicas)
        {
            if (!old.Remove(replica.Id, out var was))
            {
                yield return New(replica, TargetEventKinds.Started, RolloutEventLevel.Info, $" was made by the cluster.{(replica.Reason is null ? "" : $" {replica.Reason}")}");
                if (replica.Phase == ReplicaPhase.Pending)
                {
                    continue;
                }

                was = replica with { Phase = ReplicaPhase.Pending, Restarts = 0, Reason = null };
            }

            if (replica.Restarts > was.Restarts)
            {
                yield return New(replica, TargetEventKinds.Restarted, RolloutEventLevel.Warning, replica.Reason is null ? " was started again." : $" was started again: {replica.Reason}");
            }

            if (replica.Phase == was.Phase && (replica.Phase != ReplicaPhase.Failed || replica.Reason == was.Reason))
            {
                continue;
            }

            var happened = replica.Phase switch
            {
                ReplicaPhase.Ready => New(replica, TargetEventKinds.Ready, RolloutEventLevel.Info, $" is ready on {replica.Node}."),
                ReplicaPhase.Unready => New(replica, TargetEventKinds.Unready, RolloutEventLevel.Warning, replica.Reason is null ? " does not answer." : $": {replica.Reason}"),
                ReplicaPhase.Failed => New(replica, TargetEventKinds.Failed, RolloutEventLevel.Error, replica.Note is null ? " cannot run." : $": {replica.Note}"),
                ReplicaPhase.Stopping when replica.Reason is not null => New(replica, TargetEventKinds.Stopped, RolloutEventLevel.Warning, $": {replica.Reason}"),
                _ => null,
            };
            if (happened is not null)
            {
                yield return happened;
            }
        }

        foreach (var gone in old.Values.Where(r => r.Node.Length > 0))
        {
            yield return New(gone, TargetEventKinds.Stopped, gone.Phase == ReplicaPhase.Stopping ? RolloutEventLevel.Info : RolloutEventLevel.Warning, $" is gone from {gone.Node}.");
        }

        TargetEvent New(ReplicaObservation replica, string kind, RolloutEventLevel level, string what) => new()
        {
            EndpointId = now.Endpoint.Id,
            EndpointName = now.Endpoint.Name,
            PlanId = replica.PlanId,
            ReplicaId = replica.Id,
            At = now.At,
            Level = level,
            Kind = kind,
            Message = $"Replica {replica.Id}{what}",
        };
    }
}
