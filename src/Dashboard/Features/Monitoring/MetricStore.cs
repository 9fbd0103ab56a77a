using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Monitoring.Series;

namespace Ops.Dashboard.Features.Monitoring;

/// <summary>The last hour of every endpoint and replica, in memory. A restart of the dashboard begins a new hour; Prometheus keeps what must last.</summary>
internal sealed class MetricStore(IOptions<MonitoringOptions> options)
{
    private readonly ConcurrentDictionary<Guid, EndpointSeries> endpoints = new();
    private readonly int capacity = (int)(options.Value.HistoryMinutes * 60 / options.Value.IntervalSeconds);

    /// <summary>The series of an endpoint; made when first asked for.</summary>
    public EndpointSeries For(Guid endpointId) => endpoints.GetOrAdd(endpointId, _ => new(capacity));

    /// <summary>Forgets endpoints that are gone.</summary>
    public void Keep(IReadOnlySet<Guid> present)
    {
        foreach (var gone in endpoints.Keys.Where(id => !present.Contains(id)))
        {
            endpoints.TryRemove(gone, out _);
        }
    }
}

/// <summary>The series of one endpoint: all its requests together as the router saw them, and each replica as it reports itself.</summary>
internal sealed class EndpointSeries(int capacity)
{
    private readonly ConcurrentDictionary<string, MetricSeries> replicas = new(StringComparer.Ordinal);

    /// <summary>All requests of the endpoint.</summary>
    public MetricSeries Total { get; } = new(capacity);

    /// <summary>How often each replica is asked where that is less often than charts have points; null for at each point.</summary>
    public TimeSpan? FiguresEvery { get; set; }

    /// <summary>The replicas with a series, by id.</summary>
    public IReadOnlyCollection<string> ReplicaIds => [.. replicas.Keys];

    /// <summary>The series of a replica; made when first asked for.</summary>
    public MetricSeries Replica(string id) => replicas.GetOrAdd(id, _ => new(capacity));

    /// <summary>Forgets replicas whose last figures are older than the charts reach back.</summary>
    public void DropOlderThan(DateTimeOffset moment)
    {
        foreach (var (id, series) in replicas)
        {
            if (series.LastReadAt < moment)
            {
                replicas.TryRemove(id, out _);
            }
        }
    }
}
