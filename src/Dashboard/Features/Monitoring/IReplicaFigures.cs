using Ops.Dashboard.Features.Monitoring.Prometheus;
using Ops.Dashboard.Features.Targets;

namespace Ops.Dashboard.Features.Monitoring;

/// <summary>Knows figures of replicas without asking them, such as a Prometheus that scrapes them already.</summary>
internal interface IReplicaFigures
{
    /// <summary>Whether a replica's figures come from here and from nowhere else.</summary>
    bool Carries(EndpointRef endpoint, ReplicaObservation replica);

    /// <summary>The newest samples of a replica, and when they were taken.</summary>
    /// <exception cref="HttpRequestException">They cannot be had; the message says why.</exception>
    /// <exception cref="FormatException">What answers is something else.</exception>
    Task<(IReadOnlyCollection<MetricSample> Samples, DateTimeOffset At)> ReadAsync(EndpointRef endpoint, ReplicaObservation replica, CancellationToken cancellation);
}
