using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Components.Controls;

namespace Ops.Dashboard.Components.Gallery;

public sealed partial class GalleryCharts
{
    private static readonly ChartSeries[] RequestSeries = [new("digits-1", 1, Fill: true), new("digits-2", 2)];
    private static readonly ChartSeries[] ErrorSeries = [new("Errors", 4, Fill: true)];
    private static readonly ChartSeries[] LatencySeries = [new("p50", 1), new("p95", 2), new("p99", 4)];
    private static readonly ChartSeries[] MemorySeries = [new("digits-1", 1), new("digits-2", 2, Dashed: true)];
    private static readonly ChartThreshold[] ErrorThreshold = [new(0.02, "gate 2 %")];
    private static readonly ChartThreshold[] LatencyThreshold = [new(0.05, "gate 50 ms")];
    private readonly CancellationTokenSource ended = new();
    private LineChart? requests;
    private LineChart? errors;
    private LineChart? latency;
    private LineChart? memory;
    private ChartMarker[] markers = [];
    private DateTimeOffset? stale;
    private Task running = Task.CompletedTask;

    [Inject]
    public required TimeProvider Time { get; init; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        await running;
        ended.Dispose();
    }

    protected override void OnInitialized() => markers = [new(Time.GetUtcNow().ToUnixTimeSeconds() - 120, "v12")];

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
        {
            var now = Time.GetUtcNow().ToUnixTimeSeconds();
            var times = Enumerable.Range(0, 300).Select(second => (double)(now - 299 + second)).ToArray();
            await SendAsync(times, snapshot: true);
            running = RunAsync();
        }
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), Time);
        try
        {
            while (await timer.WaitForNextTickAsync(ended.Token))
            {
                if (stale is null)
                {
                    await SendAsync([Time.GetUtcNow().ToUnixTimeSeconds()], snapshot: false);
                }
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The gallery was left.
        }
    }

    private async Task SendAsync(double[] times, bool snapshot)
    {
        var all = new (LineChart? Chart, ChartPoints Points)[]
        {
            (requests, new(times, [Wave(times, 640, 90, 60), [.. Wave(times, 480, 120, 45).Select((value, index) => index is > 100 and < 120 ? double.NaN : value)]])),
            (errors, new(times, [Wave(times, 0.008, 0.006, 80)])),
            (latency, new(times, [Wave(times, 0.008, 0.001, 20), Wave(times, 0.021, 0.006, 50), Wave(times, 0.042, 0.014, 70)])),
            (memory, new(times, [Wave(times, 4.1e8, 2e7, 200), Wave(times, 3.8e8, 3e7, 150)])),
        };
        foreach (var (chart, points) in all)
        {
            if (chart is not null)
            {
                await (snapshot ? chart.SetDataAsync(points) : chart.AppendAsync(points));
            }
        }
    }

    private static double[] Wave(double[] times, double middle, double height, double period) =>
        [.. times.Select(time => middle + (height * Math.Sin(time * 2 * Math.PI / period)) + (height * 0.3 * Math.Sin(time * 1.7)))];
}
