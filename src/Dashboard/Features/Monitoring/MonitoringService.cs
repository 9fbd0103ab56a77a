using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Monitoring.Revisions;
using Ops.Dashboard.Features.Monitoring.Series;
using Ops.Dashboard.Features.Serving;
using Ops.Dashboard.Features.Targets;

namespace Ops.Dashboard.Features.Monitoring;

/// <summary>Reads router and replicas once a second and publishes what it found to the live feed; replicas that come and go are told at once.</summary>
internal sealed class MonitoringService(
    ObservedEndpoints observed,
    ServingStatistics statistics,
    Scraper scraper,
    MetricStore store,
    RevisionReadings readings,
    MonitoringFeed feed,
    IOptions<MonitoringOptions> options,
    TimeProvider time,
    ILogger<MonitoringService> log) : BackgroundService
{
    private const int MostAtOnce = 32;

    // Replicas that load report often.
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(100);
    private readonly Channel<Guid> changed = Channel.CreateUnbounded<Guid>(new() { SingleReader = true });
    private readonly ScrapeTurns turns = new(time);
    private readonly ConcurrentDictionary<string, bool> failing = new(StringComparer.Ordinal);

    /// <summary>One round over all endpoints.</summary>
    internal async Task RoundAsync(CancellationToken cancellation)
    {
        var endpoints = observed.All;
        var now = time.GetUtcNow();
        foreach (var endpoint in endpoints)
        {
            var counters = statistics.For(endpoint.Endpoint.Id);
            store.For(endpoint.Endpoint.Id).Total.Add(new()
            {
                At = now,
                Requests = counters.Requests,
                Failures = counters.ServerErrors,
                InFlight = counters.InFlight,
                Durations = new(EndpointCounters.Bounds, counters.Buckets()),
            });
        }

        var replicas = endpoints.SelectMany(e => e.Replicas.Where(r => scraper.Reaches(e.Endpoint, r)).Select(r => new ScrapeTurn(e.Endpoint, r, scraper.BudgetOf(e.Endpoint, r), readings.IsWatched(e.Endpoint.Id)))).ToList();
        var (asked, seldom) = turns.Choose(replicas, TimeSpan.FromSeconds(options.Value.IntervalSeconds));
        foreach (var endpoint in endpoints)
        {
            store.For(endpoint.Endpoint.Id).FiguresEvery = seldom.TryGetValue(endpoint.Endpoint.Id, out var every) ? every : null;
        }

        await Parallel.ForEachAsync(
            asked,
            new ParallelOptions { MaxDegreeOfParallelism = MostAtOnce, CancellationToken = cancellation },
            async (item, token) => await ScrapeAsync(item.Endpoint, item.Replica, token));

        var oldest = now - TimeSpan.FromMinutes(options.Value.HistoryMinutes);
        store.Keep(endpoints.Select(e => e.Endpoint.Id).ToHashSet());
        foreach (var endpoint in endpoints)
        {
            store.For(endpoint.Endpoint.Id).DropOlderThan(oldest);
        }

        // Reading took a while: replicas that have come or gone meanwhile were told already, and are not told otherwise again.
        feed.Publish(observed.All, now);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        observed.News += OnNews;
        try
        {
            Task[] loops = [RoundsAsync(stoppingToken), RenewAsync(stoppingToken)];

            // Neither ends by itself; what ends one of them is for the host to know.
            await await Task.WhenAny(loops);
            await Task.WhenAll(loops);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The usual end.
        }
        finally
        {
            observed.News -= OnNews;
        }
    }

    private void OnNews(ObservedNews news)
    {
        if (news.IsReplica)
        {
            changed.Writer.TryWrite(news.EndpointId);
        }
    }

    private async Task RenewAsync(CancellationToken stopping)
    {
        while (await changed.Reader.WaitToReadAsync(stopping))
        {
            await Task.Delay(Gathering, time, stopping);
            HashSet<Guid> endpoints = [];
            while (changed.Reader.TryRead(out var id))
            {
                endpoints.Add(id);
            }

            try
            {
                feed.Renew([.. endpoints.Select(observed.Find).OfType<EndpointObservation>()], time.GetUtcNow());
            }
            catch (Exception exception)
            {
                // The next round tells it.
                log.RenewFailed(exception);
            }
        }
    }

    private async Task RoundsAsync(CancellationToken stopping)
    {
        var interval = TimeSpan.FromSeconds(options.Value.IntervalSeconds);
        var pause = interval;
        while (!stopping.IsCancellationRequested)
        {
            var began = time.GetTimestamp();
            try
            {
                await RoundAsync(stopping);
                pause = interval;
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                // One bad round must not end the watching; it backs off to at most half a minute.
                pause = TimeSpan.FromSeconds(Math.Min(30, pause.TotalSeconds * 2));
                log.RoundFailed(pause.TotalSeconds, exception);
            }

            var rest = pause - time.GetElapsedTime(began);
            await Task.Delay(rest > TimeSpan.Zero ? rest : TimeSpan.FromMilliseconds(1), time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ScrapeAsync(EndpointRef endpoint, ReplicaObservation replica, CancellationToken cancellation)
    {
        var series = store.For(endpoint.Id).Replica(replica.Id);
        try
        {
            var counters = await scraper.ReadAsync(endpoint, replica, cancellation);
            series.Add(counters, time.GetUtcNow());
            readings.Add(endpoint.Id, replica.Id, counters);
            failing.TryRemove(replica.Id, out _);
        }
        catch (Exception exception) when (!cancellation.IsCancellationRequested && exception is HttpRequestException or FormatException or OperationCanceledException)
        {
            series.AddGap(time.GetUtcNow());
            if (failing.TryAdd(replica.Id, true))
            {
                log.ScrapeFailed(endpoint.Name, replica.Id, exception.Message);
            }
        }
    }
}
