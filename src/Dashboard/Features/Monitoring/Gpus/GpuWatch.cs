using System.Globalization;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Targets.Local.Inventory;

namespace Ops.Dashboard.Features.Monitoring.Gpus;

/// <summary>Reads the GPUs of this machine every two seconds while there are any, else looks once a minute whether one has come.</summary>
internal sealed class GpuWatch(IGpuReader reader, LocalMachine machine, GpuSeries series, IOptions<MonitoringOptions> options, TimeProvider time, ILogger<GpuWatch> log) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Rest = TimeSpan.FromMinutes(1);

    // The same name as the driver of this machine gives its node.
    private readonly Lazy<string> node = new(() => machine.Read().HostName);
    private readonly int capacity = (int)(options.Value.HistoryMinutes * 60 / Period.TotalSeconds);

    /// <summary>One reading; whether there are GPUs.</summary>
    internal bool Read()
    {
        var reading = reader.Read();
        series.Note = reading.Gpus.Count == 0 ? reading.Note ?? "No GPU was found." : null;
        var now = time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;
        foreach (var gpu in reading.Gpus)
        {
            var id = $"{gpu.Index:D3}-{gpu.Uuid}";
            series.For(id, () => new(node.Value, NameOf(gpu), gpu.MemoryTotalBytes, capacity))
                .Add(new(now, gpu.UtilizationPercent / 100f ?? float.NaN, gpu.MemoryUsedBytes ?? double.NaN));
        }

        return reading.Gpus.Count > 0;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var pause = Rest;
            try
            {
                // A driver that hangs must hold up neither the start of the application nor its threads' queue.
                pause = await Task.Factory.StartNew(Read, stoppingToken, TaskCreationOptions.LongRunning, TaskScheduler.Default) ? Period : Rest;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                log.GpuReadFailed(pause.TotalSeconds, exception);
            }

            await Task.Delay(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static string NameOf(GpuInventory gpu) => gpu.Name is null
        ? $"GPU {gpu.Index.ToString(CultureInfo.InvariantCulture)}"
        : $"{gpu.Index.ToString(CultureInfo.InvariantCulture)} {gpu.Name}";
}
