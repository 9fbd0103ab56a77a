using Ops.Dashboard.Features.Monitoring.Prometheus;

namespace Ops.Dashboard.Tests.Features.Monitoring;

public sealed class PrometheusTextTests
{
    [Fact]
    public void Parse_SamplesWithLabelsEscapesAndTimestamps_ReadsThem()
    {
        var samples = PrometheusText.Parse(
            """
            # HELP a_total Some help with "quotes" {and} braces
            # TYPE a_total counter
            a_total{code="200",path="C:\\x \"y\" \n z",} 12 1700000000
            plain 1.5e-3
            odd{le="+Inf"} +Inf
            missing NaN

            """);

        Assert.Equal(["a_total", "plain", "odd", "missing"], samples.Select(s => s.Name));
        Assert.Equal("C:\\x \"y\" \n z", samples[0].Labels["path"]);
        Assert.Equal(12, samples[0].Value);
        Assert.Equal(0.0015, samples[1].Value);
        Assert.Equal(double.PositiveInfinity, samples[2].Value);
        Assert.True(double.IsNaN(samples[3].Value));
    }

    [Theory]
    [InlineData("a{b=\"c\"")]
    [InlineData("a{b=c} 1")]
    [InlineData("a{b=\"c\",b=\"d\"} 1")]
    [InlineData("a one")]
    [InlineData("{} 1")]
    [InlineData("<html>")]
    public void Parse_LineOutsideTheFormat_Fails(string line) =>
        Assert.Throws<FormatException>(() => PrometheusText.Parse(line));

    [Fact]
    public void Parse_TooManySamples_Fails() =>
        Assert.Throws<FormatException>(() => PrometheusText.Parse(string.Concat(Enumerable.Repeat("a 1\n", PrometheusText.MostSamples + 1))));

    [Fact]
    public void Read_CumulativeBucketsOfTwoModels_AreSummedAndMadePlain()
    {
        var reading = RuntimeScrape.Read(
            PrometheusText.Parse(
                """
                ops_runtime_info{engine="x"} 1
                ops_runtime_requests_total{model="a",code="200"} 5
                ops_runtime_requests_total{model="b",code="500"} 2
                ops_runtime_request_failures_total{model="b"} 2
                ops_runtime_request_duration_seconds_bucket{model="a",le="0.1"} 3
                ops_runtime_request_duration_seconds_bucket{model="a",le="1"} 4
                ops_runtime_request_duration_seconds_bucket{model="a",le="+Inf"} 5
                ops_runtime_request_duration_seconds_bucket{model="b",le="0.1"} 0
                ops_runtime_request_duration_seconds_bucket{model="b",le="1"} 2
                ops_runtime_request_duration_seconds_bucket{model="b",le="+Inf"} 2
                """),
            TimeProvider.System.GetUtcNow());

        Assert.Equal(7, reading.Requests);
        Assert.Equal(2, reading.Failures);
        Assert.Equal([0.1, 1], reading.Durations.Bounds);
        Assert.Equal([3, 3, 1], reading.Durations.Counts);
        Assert.True(double.IsNaN(reading.CpuSeconds));
    }

    [Theory]
    [InlineData("ops_runtime_requests_total 5")]
    [InlineData("ops_runtime_requests_total 5\nops_runtime_request_failures_total NaN")]
    [InlineData("ops_runtime_requests_total NaN\nops_runtime_request_failures_total 0")]
    [InlineData("ops_runtime_requests_total +Inf\nops_runtime_request_failures_total 0")]
    [InlineData("ops_runtime_requests_total 5\nops_runtime_request_failures_total -1")]
    [InlineData("ops_runtime_request_duration_seconds_bucket{le=\"1\"} NaN\nops_runtime_request_duration_seconds_bucket{le=\"+Inf\"} 5")]
    [InlineData("ops_runtime_request_duration_seconds_bucket{le=\"1\"} 5\nops_runtime_request_duration_seconds_bucket{le=\"+Inf\"} 4")]
    public void Read_CountMissingOrNoNumber_TakesNothingForTrue(string samples) =>
        Assert.Throws<FormatException>(() => RuntimeScrape.Read(PrometheusText.Parse($"ops_runtime_info 1\n{samples}\n"), TimeProvider.System.GetUtcNow()));

    [Fact]
    public void Read_NoRequestYet_IsZero()
    {
        var reading = RuntimeScrape.Read(PrometheusText.Parse("ops_runtime_info 1\n"), TimeProvider.System.GetUtcNow());
        Assert.Equal((0L, 0L), (reading.Requests, reading.Failures));
    }

    [Fact]
    public void Read_SomethingElsesMetrics_IsRefused() =>
        Assert.Throws<FormatException>(() => RuntimeScrape.Read(PrometheusText.Parse("up 1"), TimeProvider.System.GetUtcNow()));
}
