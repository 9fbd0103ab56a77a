using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Monitoring;
using Ops.Dashboard.Features.Monitoring.Gpus;
using Ops.Dashboard.Features.Monitoring.Prometheus;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Figures;

/// <summary>
/// Reads the GPUs of clusters from the DCGM exporter's series in their Prometheus (<see href="https://github.com/NVIDIA/dcgm-exporter"/>:
/// <c>DCGM_FI_DEV_GPU_UTIL</c> in percent, which instances of MIG do not have, so that of them <c>DCGM_FI_PROF_GR_ENGINE_ACTIVE</c> is taken,
/// the share of the time in which their engine was busy; <c>DCGM_FI_DEV_FB_USED</c> and <c>DCGM_FI_DEV_FB_FREE</c> in MiB).
/// </summary>
internal sealed class ClusterGpuWatch(
    ClusterConnections clusters, PrometheusClient prometheus, GpuSeries series, IOptions<MonitoringOptions> options, TimeProvider time, ILogger<ClusterGpuWatch> log) : BackgroundService
{
    private const string Utilization = "DCGM_FI_DEV_GPU_UTIL";
    private const string EngineActive = "DCGM_FI_PROF_GR_ENGINE_ACTIVE";
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
        var samples = await prometheus.NewestAsync(server, $"{{__name__=~\"{Utilization}|{EngineActive}|{Used}|{Free}\",Hostname!=\"\"}}", cancellation);
        foreach (var gpu in samples.GroupBy(s => (Node: Label(s, "Hostname"), Uuid: Label(s, "UUID"), Index: Label(s, "gpu", "0"), Instance: Label(s, "GPU_I_ID"))))
        {
            var (node, uuid, index, instance) = gpu.Key;
            var (used, free) = (Value(gpu, Used), Value(gpu, Free));
            var (model, profile) = (Label(gpu.First(), "modelName", "GPU"), Label(gpu.First(), "GPU_I_PROFILE", "MIG"));
            var name = instance.Length == 0 ? $"{index} {model}" : $"{index} {model}, {profile} (instance {instance})";
            series.For($"{node}/{index.PadLeft(3, '0')}-{uuid}-{instance.PadLeft(3, '0')}", () => new(node, name, double.IsNaN(used + free) ? null : (long)((used + free) * MiB), capacity))
                .Add(new(gpu.Max(s => s.At).ToUnixTimeMilliseconds() / 1000.0, (float)Busy(gpu, instance.Length > 0), used * MiB));
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

    private static double Busy(IEnumerable<PrometheusSample> gpu, bool isInstance)
    {
        // What an exporter says of an instance by the name of the whole GPU's figure would be that of the whole GPU.
        var (engine, all) = (Value(gpu, EngineActive), Value(gpu, Utilization) / 100);
        return isInstance || double.IsNaN(all) ? engine : all;
    }

    private static string Label(PrometheusSample sample, string name, string otherwise = "") => sample.Sample.Labels.GetValueOrDefault(name, otherwise);

    private static double Value(IEnumerable<PrometheusSample> gpu, string name) => gpu.FirstOrDefault(s => s.Sample.Name == name)?.Sample.Value ?? double.NaN;
}
