using System.Data.Common;
using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Ops.Dashboard.Features.Monitoring.Fleet;

/// <summary>
/// Joins the registry with what is measured, once a second and when replicas come or go, once for all subscribers; does nothing while nobody watches.
/// A page asks for <see cref="RefreshAsync"/> first, so that it never begins with what was true when the last one left.
/// </summary>
internal sealed class FleetService(
    FleetQuery query,
    FleetFeed feed,
    MonitoringFeed monitoring,
    MetricStore store,
    IOptions<MonitoringOptions> options,
    TimeProvider time,
    ILogger<FleetService> log) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    // Where replicas come and go without end, pages are told of it this often.
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(200);
    private readonly Channel<bool> renewed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly SparkCache sparks = new(store);
    private readonly SemaphoreSlim turn = new(1, 1);
    private IReadOnlyList<EndpointFacts> facts = [];
    private FirstSteps steps = new(false, false, false);
    private DateTimeOffset? readAt;
    private string? problem;

    /// <summary>Makes the feed fresh, unless it is.</summary>
    public async Task RefreshAsync(CancellationToken cancellation)
    {
        await turn.WaitAsync(cancellation);
        try
        {
            if (readAt is { } last && problem is null && time.GetUtcNow() - last < Period * 1.5)
            {
                return;
            }

            await ReadAsync(cancellation);
            Publish(time.GetUtcNow());
        }
        finally
        {
            turn.Release();
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        turn.Dispose();
        base.Dispose();
    }

    /// <summary>One look at registry and figures.</summary>
    internal Task RoundAsync(CancellationToken cancellation) => RoundAsync(TimeSpan.Zero, cancellation);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        monitoring.Renewed += OnRenewed;
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                try
                {
                    if (feed.IsWatched)
                    {
                        // Also where replicas come and go all the time, the registry is read only twice a second.
                        await RoundAsync(Period / 2, stoppingToken);
                    }
                }
                catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
                {
                    return;
                }
                catch (Exception exception)
                {
                    // What the feed says meanwhile is marked as stale by the next round that gets through; this one is in the log.
                    log.FleetRoundFailed(exception);
                }

                await PauseAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        finally
        {
            monitoring.Renewed -= OnRenewed;
        }
    }

    private void OnRenewed() => renewed.Writer.TryWrite(true);

    private async Task PauseAsync(CancellationToken stopping)
    {
        await Task.Delay(Shortest, time, stopping);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        await Task.WhenAny(Task.Delay(Period - Shortest, time, over.Token), renewed.Reader.WaitToReadAsync(over.Token).AsTask());
        await over.CancelAsync();
        renewed.Reader.TryRead(out _);
    }

    // What was read of the registry within this time is not read again.
    private async Task RoundAsync(TimeSpan young, CancellationToken cancellation)
    {
        await turn.WaitAsync(cancellation);
        try
        {
            if (readAt is not { } last || problem is not null || time.GetUtcNow() - last >= young)
            {
                await ReadAsync(cancellation);
            }

            Publish(time.GetUtcNow());
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task ReadAsync(CancellationToken cancellation)
    {
        try
        {
            facts = await query.ReadAsync(cancellation);
            if (!steps.AllDone)
            {
                steps = await query.ReadFirstStepsAsync(cancellation);
            }

            (readAt, problem) = (time.GetUtcNow(), null);
        }
        catch (Exception exception) when (exception is DbException or TimeoutException or InvalidOperationException { InnerException: DbException })
        {
            if (problem is null)
            {
                log.FleetRegistryFailed(exception);
            }

            problem = "The registry does not answer.";
        }
    }

    private void Publish(DateTimeOffset now)
    {
        var pulses = monitoring.Pulses.Snapshot().ToDictionary(p => p.Endpoint.Id);
        var known = feed.Tiles.Snapshot().ToDictionary(t => t.Facts.Id);
        var present = facts.Select(f => f.Id).ToHashSet();
        feed.Tiles.PublishAll([.. facts.Select(f => Tile(f, pulses.GetValueOrDefault(f.Id), now)).Where(t => !known.TryGetValue(t.Facts.Id, out var before) || before != t)]);

        foreach (var gone in known.Keys.Where(id => !present.Contains(id)))
        {
            feed.Tiles.Remove(FleetFeed.KeyOf(gone));
        }

        sparks.Keep(present);
        PublishStatus(pulses, now);
    }

    private void PublishStatus(Dictionary<Guid, EndpointPulse> pulses, DateTimeOffset now)
    {
        var patience = TimeSpan.FromSeconds(options.Value.StaleAfterSeconds + options.Value.IntervalSeconds);
        var measured = pulses.Count == 0 ? now : pulses.Values.Max(p => p.At);
        var status = problem is not null
            ? new FleetStatus(steps, readAt, problem)
            : measured < now - patience ? new FleetStatus(steps, measured, "Figures are not being read.") : new FleetStatus(steps);
        if (feed.Status.Snapshot() is not [var before] || before != status)
        {
            feed.Status.Publish(status);
        }
    }

    private EndpointTile Tile(EndpointFacts item, EndpointPulse? pulse, DateTimeOffset now)
    {
        var (health, why) = EndpointStatus.Judge(item, pulse);
        var tile = new EndpointTile { Facts = item, Health = health, Why = why };
        if (pulse is null || item.RetiredAt is not null)
        {
            return tile;
        }

        var total = store.For(item.Id).Total;
        var recent = total.After((now - TimeSpan.FromSeconds(10)).ToUnixTimeMilliseconds() / 1000.0).Where(p => !float.IsNaN(p.Rate)).ToList();
        var (requests, failures) = total.Sum(TimeSpan.FromMinutes(1), now);
        return tile with
        {
            Wanted = pulse.Wanted,
            Ready = pulse.Ready,
            Rate = recent.Count == 0 ? double.NaN : Rounded(recent.Average(p => p.Rate)),
            ErrorShare = requests > 0 ? Rounded(failures / requests) : double.NaN,
            P95 = Rounded(pulse.Total?.P95 ?? double.NaN),
            InFlight = pulse.Total?.InFlight ?? double.NaN,
            Spark = sparks.For(item.Id, now),
            StaleSince = pulse.StaleSince,
        };
    }

    /// <summary>Three significant digits: what is shown. Noise beyond them would cost every browser a message.</summary>
    internal static double Rounded(double value)
    {
        if (value == 0 || !double.IsFinite(value))
        {
            return value;
        }

        var scale = Math.Pow(10, 2 - Math.Floor(Math.Log10(Math.Abs(value))));
        return Math.Round(value * scale) / scale;
    }
}
