using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Monitoring;
using Ops.Dashboard.Features.Monitoring.Gpus;
using Ops.Dashboard.Features.Monitoring.Prometheus;
using Ops.Dashboard.Features.Targets.Kubernetes.Figures;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>What is read of a real Prometheus that scrapes a runtime and a DCGM exporter.</summary>
public sealed class PrometheusTests
{
    [Fact]
    public async Task Newest_OfAPod_IsWhatTheRuntimeToldWhenItWasScraped()
    {
        var requests = 0;
        await using var server = await PrometheusServer.StartAsync(
            new Dictionary<string, string> { ["namespace"] = "models", ["pod"] = "digits-1" },
            () => $$"""
                ops_runtime_info{engine="onnxruntime",version="1.0"} 1
                ops_runtime_requests_total{model="m",version="1",code="200"} {{Interlocked.Add(ref requests, 10)}}
                ops_runtime_request_failures_total{model="m",version="1"} 3
                ops_runtime_request_duration_seconds_bucket{model="m",version="1",le="0.01"} 5
                ops_runtime_request_duration_seconds_bucket{model="m",version="1",le="+Inf"} 7
                process_resident_memory_bytes 1.5e+08

                """);
        using var client = new PrometheusClient();
        var selector = $"{{__name__=~\"{string.Join('|', RuntimeScrape.Names)}\",namespace=\"models\",pod!=\"\"}}";

        var first = await ReadAsync();
        await ClusterWorld.UntilAsync(async () => (await ReadAsync()).At > first.At, () => Task.FromResult("There is nothing newer."));
        var later = await ReadAsync();

        Assert.InRange(TimeProvider.System.GetUtcNow() - later.At, TimeSpan.FromSeconds(-1), TimeSpan.FromSeconds(10));
        Assert.True(later.Requests > first.Requests);
        Assert.Equal((3, 1.5e8), (later.Failures, later.MemoryBytes));
        Assert.Equal([5L, 2L], later.Durations.Counts);

        async Task<Ops.Dashboard.Features.Monitoring.Series.CounterReading> ReadAsync()
        {
            var samples = await client.NewestAsync(server.Address, selector, default);
            Assert.All(samples, s => Assert.Equal("digits-1", s.Sample.Labels["pod"]));
            return RuntimeScrape.Read([.. samples.Select(s => s.Sample)], samples.Max(s => s.At));
        }
    }

    [Fact]
    public async Task Gpus_OfTheDcgmExporter_AreChartedUnderTheirNode()
    {
        const string Labels = "gpu=\"0\",UUID=\"GPU-1\",device=\"nvidia0\",modelName=\"NVIDIA H100 80GB HBM3\",Hostname=\"gpu-1\"";
        await using var server = await PrometheusServer.StartAsync(
            new Dictionary<string, string> { ["job_name"] = "dcgm" },
            () => $$"""
                DCGM_FI_DEV_GPU_UTIL{{{Labels}}} 42
                DCGM_FI_DEV_FB_USED{{{Labels}}} 1024
                DCGM_FI_DEV_FB_FREE{{{Labels}}} 3072

                """);
        using var client = new PrometheusClient();
        var series = new GpuSeries();
        using var watch = new ClusterGpuWatch(null!, client, series, Options.Create(new MonitoringOptions()), TimeProvider.System, NullLogger<ClusterGpuWatch>.Instance);

        await watch.ReadAsync(server.Address, default);

        var track = Assert.Single(series.Of("gpu-1"));
        Assert.Equal(("0 NVIDIA H100 80GB HBM3", 4096L << 20), (track.Name, track.MemoryBytes));
        var point = Assert.Single(track.After(0));
        Assert.Equal((0.42f, 1024.0 * (1 << 20)), (point.Utilization, point.MemoryUsedBytes));
    }

    [Fact]
    public async Task Gpus_InstancesOfMig_AreKeptApartAndNameTheirProfile()
    {
        const string Gpu = "gpu=\"0\",UUID=\"GPU-1\",modelName=\"NVIDIA A100-SXM4-40GB\",Hostname=\"gpu-1\"";
        const string Small = Gpu + ",GPU_I_PROFILE=\"1g.5gb\",GPU_I_ID=\"7\"";
        const string Large = Gpu + ",GPU_I_PROFILE=\"3g.20gb\",GPU_I_ID=\"12\"";
        await using var server = await PrometheusServer.StartAsync(
            new Dictionary<string, string> { ["job_name"] = "dcgm" },
            () => $$"""
                DCGM_FI_PROF_GR_ENGINE_ACTIVE{{{Small}}} 0.25
                DCGM_FI_PROF_GR_ENGINE_ACTIVE{{{Large}}} 0.75
                DCGM_FI_DEV_FB_USED{{{Small}}} 1024
                DCGM_FI_DEV_FB_FREE{{{Small}}} 3072
                DCGM_FI_DEV_FB_USED{{{Large}}} 2048
                DCGM_FI_DEV_FB_FREE{{{Large}}} 18432

                """);
        using var client = new PrometheusClient();
        var series = new GpuSeries();
        using var watch = new ClusterGpuWatch(null!, client, series, Options.Create(new MonitoringOptions()), TimeProvider.System, NullLogger<ClusterGpuWatch>.Instance);

        await watch.ReadAsync(server.Address, default);

        Assert.Equal(
            [("0 NVIDIA A100-SXM4-40GB, 1g.5gb (instance 7)", 4096L << 20, 0.25f), ("0 NVIDIA A100-SXM4-40GB, 3g.20gb (instance 12)", 20480L << 20, 0.75f)],
            series.Of("gpu-1").Select(t => (t.Name, t.MemoryBytes!.Value, Assert.Single(t.After(0)).Utilization)));
    }

    [Fact]
    public async Task Newest_WhereNoPrometheusAnswers_SaysSo()
    {
        using var client = new PrometheusClient();

        await Assert.ThrowsAsync<HttpRequestException>(() => client.NewestAsync(new("http://127.0.0.1:1"), "up", default));
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => client.NewestAsync(new("http://169.254.169.254"), "up", default));
        Assert.Contains("credentials of the machine", refused.Message, StringComparison.Ordinal);
    }
}
