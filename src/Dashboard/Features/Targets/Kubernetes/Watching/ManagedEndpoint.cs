using Ops.Dashboard.Features.Targets.Kubernetes.Apply;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Watching;

/// <summary>An endpoint that is driven here, in its cluster, with what was seen of it last.</summary>
internal sealed class ManagedEndpoint(EndpointRef endpoint, ICluster cluster, EndpointApplier applier)
{
    // The reconciler of the dashboard that acts comes by at least this often.
    private static readonly TimeSpan ActingFor = TimeSpan.FromMinutes(3);
    private readonly Lock gate = new();
    private EndpointObservation? last;
    private long actedAt = DateTimeOffset.MinValue.UtcTicks;

    /// <summary>Which.</summary>
    public EndpointRef Endpoint => endpoint;

    /// <summary>Where.</summary>
    public ICluster Cluster => cluster;

    /// <summary>What changes its objects.</summary>
    public EndpointApplier Applier => applier;

    /// <summary>Notes that this dashboard acts on the endpoint. Of several that watch only that one writes history.</summary>
    public void Act(DateTimeOffset now) => Volatile.Write(ref actedAt, now.UtcTicks);

    /// <summary>Whether this dashboard acts on the endpoint.</summary>
    public bool ActsAt(DateTimeOffset now) => now.UtcTicks - Volatile.Read(ref actedAt) < ActingFor.Ticks;

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
            foreach (var happened in isNew && ActsAt(now) ? ReplicaNews.Between(last, seen) : [])
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
