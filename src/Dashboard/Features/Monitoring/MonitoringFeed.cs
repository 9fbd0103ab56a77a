using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Monitoring.Series;
using Ops.Dashboard.Features.Serving;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Live;

namespace Ops.Dashboard.Features.Monitoring;

/// <summary>How one endpoint is right now; what tiles and charts are fed with once a second.</summary>
internal sealed record EndpointPulse
{
    /// <summary>The endpoint.</summary>
    public required EndpointRef Endpoint { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Its health.</summary>
    public required Health Health { get; init; }

    /// <summary>Why it is not healthy.</summary>
    public string? Why { get; init; }

    /// <summary>The newest point of all requests together, or null before the second reading.</summary>
    public MetricPoint? Total { get; init; }

    /// <summary>Replicas that should run.</summary>
    public int Wanted { get; init; }

    /// <summary>Replicas that answer.</summary>
    public int Ready { get; init; }

    /// <summary>Since when figures are missing, or null while they are fresh.</summary>
    public DateTimeOffset? StaleSince { get; init; }

    /// <summary>How often its replicas are asked for figures where that is less often than charts have points, or null.</summary>
    public TimeSpan? FiguresEvery { get; init; }

    /// <summary>What health was judged by, for whoever knows more about what ought to run.</summary>
    public HealthFacts? JudgedBy { get; init; }

    /// <summary>The newest point of each replica, by id.</summary>
    public IReadOnlyDictionary<string, MetricPoint> Replicas { get; init; } = new Dictionary<string, MetricPoint>();
}

/// <summary>The pulse of every endpoint, live.</summary>
internal sealed class MonitoringFeed(MetricStore store, RouteTable routes, IOptions<MonitoringOptions> options, TimeProvider time)
{
    private static readonly TimeSpan LongestSeldom = TimeSpan.FromMinutes(1);

    /// <summary>Raised after <see cref="Renew"/>, on its caller's thread; handlers only signal.</summary>
    public event Action? Renewed;

    /// <summary>Subscribe here; keyed by endpoint, at most twice a second: once for the figures, and in between for replicas that come and go.</summary>
    public SnapshotFeed<EndpointPulse> Pulses { get; } = new(p => p.Endpoint.Id.ToString("N"), time, new() { Interval = TimeSpan.FromMilliseconds(500) });

    /// <summary>Makes and publishes the pulse of every endpoint.</summary>
    public void Publish(IReadOnlyCollection<EndpointObservation> endpoints, DateTimeOffset now)
    {
        var serving = Serving();
        Pulses.PublishAll([.. endpoints.Select(e => Pulse(e, serving.GetValueOrDefault(e.Endpoint.Id), now))]);

        var present = endpoints.Select(e => e.Endpoint.Id.ToString("N")).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in Pulses.Snapshot().Select(p => p.Endpoint.Id.ToString("N")).Where(id => !present.Contains(id)))
        {
            Pulses.Remove(gone);
        }
    }

    /// <summary>Publishes anew how endpoints are whose replicas have changed since their figures were read, which stay as old as they are.</summary>
    public void Renew(IReadOnlyCollection<EndpointObservation> endpoints, DateTimeOffset now)
    {
        var known = Pulses.Snapshot().ToDictionary(p => p.Endpoint.Id, p => p.At);
        var serving = Serving();
        Pulses.PublishAll([.. endpoints.Where(e => known.ContainsKey(e.Endpoint.Id)).Select(e => Pulse(e, serving.GetValueOrDefault(e.Endpoint.Id), now) with { At = known[e.Endpoint.Id] })]);
        Renewed?.Invoke();
    }

    private Dictionary<Guid, IReadOnlySet<Guid>> Serving() => routes.All.ToDictionary(r => r.EndpointId, r => r.ServingPlans);

    // Where replicas are asked seldom, they have not fallen silent before they were asked a second time. After a minute figures are old all the same.
    private TimeSpan Patience(EndpointSeries series)
    {
        var usual = TimeSpan.FromSeconds(options.Value.StaleAfterSeconds);
        var twice = 2 * series.FiguresEvery ?? usual;
        return twice <= usual ? usual : twice < LongestSeldom ? twice : LongestSeldom > usual ? LongestSeldom : usual;
    }

    // A replica that has just become ready gets as long as any other before its silence counts.
    private DateTimeOffset? StaleSince(ReplicaObservation[] ready, EndpointSeries series, DateTimeOffset now)
    {
        var newest = ready.Select(r => series.Replica(r.Id).LastReadAt ?? r.StartedAt).Max();
        return newest < now - Patience(series) ? newest : null;
    }

    private EndpointPulse Pulse(EndpointObservation endpoint, IReadOnlySet<Guid>? serving, DateTimeOffset now)
    {
        var series = store.For(endpoint.Endpoint.Id);
        var meant = endpoint.Replicas.Where(r => r.Phase != ReplicaPhase.Stopping && serving?.Contains(r.PlanId) == true).ToArray();
        var ready = meant.Where(r => r.Phase == ReplicaPhase.Ready).ToArray();
        var stale = StaleSince(ready, series, now);
        var (requests, failures) = series.Total.Sum(TimeSpan.FromMinutes(1), now);
        var facts = new HealthFacts { Wanted = meant.Length, Ready = ready.Length, Requests = requests, Failures = failures, StaleSince = stale };
        var (health, why) = EndpointHealth.Judge(facts);
        return new()
        {
            Endpoint = endpoint.Endpoint,
            At = now,
            Health = health,
            Why = why,
            Total = series.Total.Latest(),
            Wanted = meant.Length,
            Ready = ready.Length,
            StaleSince = stale,
            FiguresEvery = series.FiguresEvery,
            JudgedBy = facts,
            Replicas = endpoint.Replicas
                .Select(r => (r.Id, Point: series.Replica(r.Id).Latest()))
                .Where(r => r.Point is not null)
                .ToDictionary(r => r.Id, r => r.Point!.Value, StringComparer.Ordinal),
        };
    }
}
