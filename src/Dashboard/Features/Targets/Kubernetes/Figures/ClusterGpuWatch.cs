using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Monitoring;
using Ops.Dashboard.Features.Monitoring.Gpus;
using Ops.Dashboard.Features.Monitoring.Prometheus;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Figures;

/// <summary>
/// Reads the GPUs of clusters from the DCGM exporter's series in their Prometheus (<see href="https://github.com/NVIDIA/dcgm-exporter"/>:
/// <c>DCGM_FI_DEV_GPU_UTIL</c> in percent, <c>DCGM_FI_DEV_FB_USED</c> and <c>DCGM_FI_DEV_FB_FREE</c> in MiB).
/// </summary>
internal sealed class ClusterGpuWatch(
    ClusterConnections clusters, PrometheusClient prometheus, GpuSeries series, IOptions<MonitoringOptions> options, TimeProvider time, ILogger<ClusterGpuWatch> log) : BackgroundService
{
    private const string Utilization = "DCGM_FI_DEV_GPU_UTIL";
    private const string Used = "DCGM_FI_DEV_FB_USED";
    private const string Free = "DCGM_FI_DEV_FB_FREE";
    private const double MiB = 1024 * 1024;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(15);
    private readonly int capacity = (int)(options.Value.HistoryMinutes * 60 / Period.TotalSeconds);
    private readonly HashSet<Uri> failing = [];

    /// <summary>One reading of one Prometheus.</summary>
    /// <exception cref="HttpRequestException">It does not answer.</exception>
    /// <exception cref="FormatException">It answers something else.</exception>
    internal async Task ReadAsync(Uri server, CancellationToken cancellation)
    {
        var samples = await prometheus.NewestAsync(server, $"{{__name__=~\"{Utilization}|{Used}|{Free}\",Hostname!=\"\"}}", cancellation);
        foreach (var gpu in samples.GroupBy(s => (Node: s.Sample.Labels["Hostname"], Uuid: s.Sample.Labels.GetValueOrDefault("UUID", ""), Index: s.Sample.Labels.GetValueOrDefault("gpu", "0"))))
        {
            var (used, free) = (Value(gpu, Used), Value(gpu, Free));
            var model = gpu.First().Sample.Labels.GetValueOrDefault("modelName", "GPU");
            series.For($"{gpu.Key.Node}/{gpu.Key.Index.PadLeft(3, '0')}-{gpu.Key.Uuid}", () => new(gpu.Key.Node, $"{gpu.Key.Index} {model}", double.IsNaN(used + free) ? null : (long)((used + free) * MiB), capacity))
                .Add(new(gpu.Max(s => s.At).ToUnixTimeMilliseconds() / 1000.0, (float)(Value(gpu, Utilization) / 100), used * MiB));
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            foreach (var server in clusters.All.Select(c => c.Settings.Prometheus).OfType<Uri>().Distinct())
            {
                try
                {
                    await ReadAsync(server, stoppingToken);
                    failing.Remove(server);
                }
                catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
                {
                    // Told once: what is shown of these GPUs meanwhile ends where it could be read last.
                    if (failing.Add(server))
                    {
                        log.PrometheusNotRead(server, exception);
                    }
                }
            }

            await Task.Delay(Period, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static double Value(IEnumerable<PrometheusSample> gpu, string name) => gpu.FirstOrDefault(s => s.Sample.Name == name)?.Sample.Value ?? double.NaN;
}
