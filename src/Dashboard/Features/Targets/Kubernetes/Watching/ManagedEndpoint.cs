using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Apply;
using Ops.Dashboard.Features.Targets.Kubernetes.Explain;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Watching;

/// <summary>An endpoint that is driven here, in its cluster, with what was seen of it last.</summary>
internal sealed class ManagedEndpoint(EndpointRef endpoint, ICluster cluster, EndpointApplier applier)
{
    // The reconciler of the dashboard that acts comes by at least this often.
    private static readonly TimeSpan ActingFor = TimeSpan.FromMinutes(3);

    // How far it is, is worth neither many questions nor much waiting.
    private static readonly TimeSpan LogPatience = TimeSpan.FromSeconds(2);
    private const int MostLogs = 16;

    // Beside the lines that tell it stand those of engines, which may be many.
    private const int LogLines = 40;
    private readonly Lock gate = new();
    private volatile IReadOnlyDictionary<string, (string Container, LoadStep Step)> steps = new Dictionary<string, (string, LoadStep)>();
    private readonly ShrinkingRevisions shrinking = new();
    private EndpointObservation? last;
    private string? refusal;
    private long actedAt = DateTimeOffset.MinValue.UtcTicks;

    /// <summary>Which.</summary>
    public EndpointRef Endpoint => endpoint;

    /// <summary>Where.</summary>
    public ICluster Cluster => cluster;

    /// <summary>What changes its objects.</summary>
    public EndpointApplier Applier => applier;

    /// <summary>Notes that this dashboard acts on the endpoint. Of several that watch only that one writes history.</summary>
    public void Act(DateTimeOffset now) => Volatile.Write(ref actedAt, now.UtcTicks);

    /// <summary>Notes what is about to be asked of the cluster, so that pods that go because of it are counted on no more.</summary>
    public void Ask(IReadOnlyList<RevisionSpec> revisions, DateTimeOffset now)
    {
        lock (gate)
        {
            shrinking.Ask(revisions, last?.Replicas ?? [], now);
        }
    }

    /// <summary>Whether this dashboard acts on the endpoint.</summary>
    public bool ActsAt(DateTimeOffset now) => now.UtcTicks - Volatile.Read(ref actedAt) < ActingFor.Ticks;

    /// <summary>Reads from the logs of pods that load how far they are. What cannot be read stays as it was known.</summary>
    public async Task ReadStepsAsync(CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(LogPatience);
        var known = steps;
        var read = await Task.WhenAll(cluster.All<V1Pod>()
            .Where(p => ObjectLabels.EndpointOf(p.Metadata) == endpoint.Id)
            .Select(p => (p.Metadata.Name, Container: PodReader.Loading(p)!))
            .Where(p => p.Container is not null)
            .Take(MostLogs)
            .Select(async p => (p.Name, p.Container, Step: await ReadAsync(p.Name, p.Container) ?? (known.TryGetValue(p.Name, out var far) && far.Container == p.Container ? far.Step : null))));
        steps = read.Where(r => r.Step is not null).ToDictionary(r => r.Name, r => (r.Container, r.Step!), StringComparer.Ordinal);

        async Task<LoadStep?> ReadAsync(string pod, string container)
        {
            try
            {
                return ProgressLines.Read(await cluster.GlanceAtLogAsync(pod, container, LogLines, patience.Token));
            }
            catch (Exception exception) when (exception is InvalidOperationException or HttpRequestException or IOException || (exception is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                return null;
            }
        }
    }

    /// <summary>Looks, and tells and publishes what has changed since the last look. One look at a time, so that nothing is told twice or out of order.</summary>
    /// <param name="now">When.</param>
    /// <param name="events">Takes what happened; null where another dashboard tells it.</param>
    /// <param name="observed">Takes what is seen.</param>
    /// <param name="always">Publishes though no replica has changed, because something else of the endpoint has.</param>
    public EndpointObservation Look(DateTimeOffset now, ITargetEvents? events, ObservedEndpoints observed, bool always)
    {
        lock (gate)
        {
            var seen = EndpointView.Read(endpoint, cluster, steps, now);
            seen = seen with { Replicas = shrinking.Mark(seen.Replicas, endpoint, cluster, now) };
            var isNew = last is null || !last.Replicas.SequenceEqual(seen.Replicas);
            if (events is not null)
            {
                foreach (var happened in isNew ? ReplicaNews.Between(last, seen) : [])
                {
                    events.Report(happened);
                }

                TellRoute(now, events);
            }

            last = seen;
            if (isNew || always)
            {
                observed.Publish(seen, isOther: always);
            }

            return seen;
        }
    }

    // A gateway that refuses a route fails no pod, so nothing else would say it.
    private void TellRoute(DateTimeOffset now, ITargetEvents events)
    {
        var route = HttpRoute.Find(cluster, endpoint);
        var found = route is null ? null : RouteAcceptance.RefusalOf(route);
        if (found == refusal)
        {
            return;
        }

        refusal = found;
        events.Report(new()
        {
            EndpointId = endpoint.Id,
            EndpointName = endpoint.Name,
            PlanId = Guid.Empty,
            ReplicaId = ObjectNames.Of(endpoint),
            At = now,
            Level = found is null ? RolloutEventLevel.Info : RolloutEventLevel.Warning,
            Kind = TargetEventKinds.Cluster,
            Message = found is not null ? $"{Capital(found)}. Requests to the gateway's address are not shared as planned: they go where it sent them before, or nowhere."
                : route is null ? "The route that the gateway refused is gone."
                : "The gateway takes the route now.",
        });
    }

    private static string Capital(string words) => char.ToUpperInvariant(words[0]) + words[1..];
}
