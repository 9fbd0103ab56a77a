using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Monitoring;
using Ops.Dashboard.Features.Monitoring.Gpus;
using Ops.Dashboard.Features.Targets.Local.Inventory;
using Ops.Testing;

namespace Ops.Dashboard.Tests.Features.Monitoring.Gpus;

public sealed class GpuWatchTests
{
    private sealed class Cards : IGpuReader
    {
        public GpuReading Reading { get; set; } = new([], "No NVIDIA driver was found.");

        public GpuReading Read() => Reading;
    }

    [Fact]
    public void Read_NoneThenOne_NoteThenAnHourOfPoints()
    {
        var time = new ManualTime();
        var cards = new Cards();
        var series = new GpuSeries();
        var machine = new LocalMachine(cards, time, null, _ => null);
        using var watch = new GpuWatch(cards, machine, series, Options.Create(new MonitoringOptions { HistoryMinutes = 5 }), time, NullLogger<GpuWatch>.Instance);
        Assert.False(watch.Read());
        Assert.Equal("No NVIDIA driver was found.", series.Note);

        cards.Reading = new([Card(50)], null);
        for (var second = 0; second < 200; second++)
        {
            Assert.True(watch.Read());
            time.Advance(TimeSpan.FromSeconds(2));
        }

        cards.Reading = new([Card(null)], null);
        Assert.True(watch.Read());
        Assert.Null(series.Note);
        var track = Assert.Single(series.Of(Environment.MachineName));
        Assert.Equal("0 H200", track.Name);
        var points = track.After(0);
        Assert.Equal(150, points.Length);
        Assert.Equal(0.5f, points[0].Utilization);
        Assert.True(float.IsNaN(points[^1].Utilization));
        Assert.Equal(2, track.After(points[^3].At).Length);
    }

    private static GpuInventory Card(int? utilization) => new()
    {
        Index = 0, Name = "H200", Uuid = "GPU-1", DriverVersion = null, MemoryTotalBytes = 1000, MemoryUsedBytes = 400, MemoryFreeBytes = 600,
        UtilizationPercent = utilization, TemperatureCelsius = null, PowerWatts = null, Processes = [],
    };
}
