using Ops.Dashboard.Features.Monitoring;
using Ops.Dashboard.Features.Monitoring.Series;

namespace Ops.Dashboard.Tests.Features.Monitoring;

public sealed class MetricSeriesTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch.AddDays(1);

    private static CounterReading Reading(int second, long requests, long failures = 0, double cpu = double.NaN, params long[] counts) => new()
    {
        At = Start.AddSeconds(second),
        Requests = requests,
        Failures = failures,
        CpuSeconds = cpu,
        Durations = new([0.01, 0.1, 1], counts.Length == 0 ? [requests, 0, 0, 0] : counts),
    };

    [Theory]
    [InlineData(0.5, 0.01)]
    [InlineData(0.25, 0.005)]
    [InlineData(0.95, 0.82)]
    [InlineData(1, 1)]
    public void Quantile_KnownCounts_InterpolatesWithinTheBucket(double share, double expected) =>
        Assert.Equal(expected, new Histogram([0.01, 0.1, 1], [50, 25, 25, 0]).Quantile(share), 3);

    [Fact]
    public void Quantile_NothingObserved_IsNotANumber() =>
        Assert.True(double.IsNaN(new Histogram([0.01], [0, 0]).Quantile(0.95)));

    [Fact]
    public void Quantile_BeyondTheLastBound_IsTheLastBound() =>
        Assert.Equal(0.1, new Histogram([0.01, 0.1], [0, 0, 9]).Quantile(0.5));

    [Fact]
    public void Add_TwoReadings_GiveRatesPerSecond()
    {
        var series = new MetricSeries(10);
        series.Add(Reading(0, 100, 10, cpu: 5));
        Assert.Null(series.Latest());
        series.Add(Reading(2, 120, 12, cpu: 6));

        var point = series.Latest()!.Value;
        Assert.Equal(10, point.Rate);
        Assert.Equal(1, point.FailureRate);
        Assert.Equal(0.5, point.CpuCores);
        Assert.Equal(0.1, point.ErrorShare, 3);
    }

    [Fact]
    public void Add_CountersWentDown_CountsWhatTheNewProcessDid()
    {
        var series = new MetricSeries(10);
        series.Add(Reading(0, 1000, cpu: 100));
        series.Add(Reading(1, 7, cpu: 0.5));

        Assert.Equal(7, series.Latest()!.Value.Rate);
        Assert.Equal(0.5, series.Latest()!.Value.CpuCores);
    }

    [Fact]
    public void Add_NoRequests_QuantilesAreGapsNotZero()
    {
        var series = new MetricSeries(10);
        series.Add(Reading(0, 5));
        series.Add(Reading(1, 5));

        Assert.Equal(0, series.Latest()!.Value.Rate);
        Assert.True(float.IsNaN(series.Latest()!.Value.P95));
    }

    [Fact]
    public void After_MoreThanTheCapacity_KeepsTheNewest()
    {
        var series = new MetricSeries(3);
        for (var second = 0; second <= 5; second++)
        {
            series.Add(Reading(second, second));
        }

        Assert.Equal([3, 4, 5], series.After(0).Select(p => p.At - Start.ToUnixTimeSeconds()));
        Assert.Single(series.After(Start.AddSeconds(4).ToUnixTimeSeconds()));
    }

    [Fact]
    public void Quantiles_OldRequests_LeaveTheWindow()
    {
        var series = new MetricSeries(100);
        series.Add(Reading(0, 0, counts: [0, 0, 0, 0]));
        series.Add(Reading(1, 100, counts: [0, 0, 100, 0]));
        Assert.True(series.Latest()!.Value.P50 > 0.1);
        for (var second = 2; second < 15; second++)
        {
            series.Add(Reading(second, 100 + (second * 10), counts: [second * 10, 0, 100, 0]));
        }

        Assert.True(series.Latest()!.Value.P99 <= 0.01);
    }

    [Theory]
    [InlineData(0, 0, 0, 0, false, nameof(Health.Idle))]
    [InlineData(2, 2, 100, 0, false, nameof(Health.Healthy))]
    [InlineData(2, 2, 0, 0, false, nameof(Health.Healthy))]
    [InlineData(2, 2, 0, 0, true, nameof(Health.Degraded))]
    [InlineData(2, 1, 100, 0, false, nameof(Health.Degraded))]
    [InlineData(2, 2, 100, 2, false, nameof(Health.Degraded))]
    [InlineData(2, 2, 100, 6, false, nameof(Health.Burning))]
    [InlineData(2, 0, 0, 0, false, nameof(Health.Burning))]
    public void Judge_Facts_GiveTheHealth(int wanted, int ready, double requests, double failures, bool stale, string expected)
    {
        var (health, why) = EndpointHealth.Judge(new() { Wanted = wanted, Ready = ready, Requests = requests, Failures = failures, StaleSince = stale ? Start : null });

        Assert.Equal(expected, health.ToString());
        Assert.Equal(health == Health.Healthy, why is null);
    }
}
