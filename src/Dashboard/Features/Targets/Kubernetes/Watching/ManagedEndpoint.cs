using Ops.Dashboard.Features.Targets.Kubernetes.Apply;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Watching;

/// <summary>An endpoint that is driven here, in its cluster, with what was seen of it last.</summary>
internal sealed class ManagedEndpoint(EndpointRef endpoint, ICluster cluster, EndpointApplier applier)
{
    private readonly Lock gate = new();
    private EndpointObservation? last;

    /// <summary>Which.</summary>
    public EndpointRef Endpoint => endpoint;

    /// <summary>Where.</summary>
    public ICluster Cluster => cluster;

    /// <summary>What changes its objects.</summary>
    public EndpointApplier Applier => applier;

    /// <summary>Looks, and tells and publishes what has changed since the last look. One look at a time, so that nothing is told twice or out of order.</summary>
    /// <param name="now">When.</param>
    /// <param name="events">Takes what happened.</param>
    /// <param name="observed">Takes what is seen.</param>
    /// <param name="always">Publishes though no replica has changed, because something else of the endpoint has.</param>
    public EndpointObservation Look(DateTimeOffset now, ITargetEvents events, ObservedEndpoints observed, bool always)
    {
        lock (gate)
        {
            var seen = EndpointView.Read(endpoint, cluster, now);
            var isNew = last is null || !last.Replicas.SequenceEqual(seen.Replicas);
            foreach (var happened in isNew ? ReplicaNews.Between(last, seen) : [])
            {
                events.Report(happened);
            }

            last = seen;
            if (isNew || always)
            {
                observed.Publish(seen);
            }

            return seen;
        }
    }
}
