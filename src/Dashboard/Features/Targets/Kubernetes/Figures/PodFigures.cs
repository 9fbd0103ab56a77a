using System.Collections.Concurrent;
using Ops.Dashboard.Features.Monitoring;
using Ops.Dashboard.Features.Monitoring.Prometheus;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Figures;

/// <summary>
/// Figures of pods from the Prometheus of their target, for all pods of a namespace in one question. Prometheus must give its series the labels
/// <c>namespace</c> and <c>pod</c>, as pod monitors of its operator do.
/// </summary>
internal sealed class PodFigures(KubernetesTargetDriver driver, PrometheusClient prometheus, TimeProvider time) : IReplicaFigures
{
    // Prometheus has something new every 15 to 60 seconds; asking more often would only load it.
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<(Uri Server, string Namespace), Answer> answers = new();

    /// <inheritdoc/>
    public bool Carries(EndpointRef endpoint, ReplicaObservation replica) =>
        replica.Phase is ReplicaPhase.Ready or ReplicaPhase.Unready && driver.ClusterOf(endpoint.Id) is { Settings.Prometheus: not null };

    /// <inheritdoc/>
    public async Task<(IReadOnlyCollection<MetricSample> Samples, DateTimeOffset At)> ReadAsync(EndpointRef endpoint, ReplicaObservation replica, CancellationToken cancellation)
    {
        if (driver.ClusterOf(endpoint.Id)?.Settings is not { Prometheus: { } server } settings)
        {
            throw new HttpRequestException($"{replica.Id} is on no cluster with a Prometheus any more.");
        }

        var pods = await answers.GetOrAdd((server, settings.Namespace), _ => new()).GetAsync(() => AskAsync(server, settings.Namespace), time, cancellation);
        return pods.TryGetValue(replica.Id, out var found)
            ? found
            : throw new HttpRequestException($"Prometheus has taken no figures of {replica.Id} in the last minute. It must scrape port {Objects.RevisionFiles.Port} of the pods.");
    }

    private async Task<IReadOnlyDictionary<string, (IReadOnlyCollection<MetricSample>, DateTimeOffset)>> AskAsync(Uri server, string ns)
    {
        var selector = $"{{__name__=~\"{string.Join('|', RuntimeScrape.Names)}\",namespace=\"{ns}\",pod!=\"\"}}";
        var samples = await prometheus.NewestAsync(server, selector, CancellationToken.None);
        return samples.GroupBy(s => s.Sample.Labels["pod"], StringComparer.Ordinal).ToDictionary(
            pod => pod.Key,
            pod => ((IReadOnlyCollection<MetricSample>)[.. pod.Select(s => s.Sample)], pod.Max(s => s.At)),
            StringComparer.Ordinal);
    }

    /// <summary>The last answer, shared by all who ask at the same time; a failure is shared as well.</summary>
    private sealed class Answer
    {
        private readonly Lock gate = new();
        private Task<IReadOnlyDictionary<string, (IReadOnlyCollection<MetricSample>, DateTimeOffset)>>? last;
        private long asked;

        public Task<IReadOnlyDictionary<string, (IReadOnlyCollection<MetricSample>, DateTimeOffset)>> GetAsync(
            Func<Task<IReadOnlyDictionary<string, (IReadOnlyCollection<MetricSample>, DateTimeOffset)>>> ask, TimeProvider time, CancellationToken cancellation)
        {
            lock (gate)
            {
                if (last is null || (last.IsCompleted && time.GetElapsedTime(asked) >= Every))
                {
                    asked = time.GetTimestamp();
                    last = ask();
                }

                return last.WaitAsync(cancellation);
            }
        }
    }
}
