using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Ops.Dashboard.Components.Controls;

public sealed partial class LineChart : IAsyncDisposable
{
    private readonly string id = Guid.NewGuid().ToString("N");
    private readonly List<(string Method, ChartPoints Points)> early = [];
    private ElementReference host;
    private IJSObjectReference? module;
    private IReadOnlyList<ChartThreshold> sentThresholds = [];
    private IReadOnlyList<ChartMarker> sentMarkers = [];
    private bool disposed;

    [Inject]
    public required IJSRuntime Js { get; init; }

    [Parameter, EditorRequired]
    public string Title { get; set; } = "";

    /// <summary>What screen readers call it, where another chart on the page has the same title.</summary>
    [Parameter]
    public string? Label { get; set; }

    /// <summary>The lines; fixed for the life of the component (use a key to replace it).</summary>
    [Parameter, EditorRequired]
    public IReadOnlyList<ChartSeries> Series { get; set; } = [];

    [Parameter]
    public ChartUnit Unit { get; set; } = ChartUnit.Number;

    [Parameter]
    public ChartSize Size { get; set; } = ChartSize.Medium;

    /// <summary>Charts with the same key share their cursor.</summary>
    [Parameter]
    public string? SyncKey { get; set; }

    /// <summary>How many seconds stay visible; older points are dropped. Zero keeps everything.</summary>
    [Parameter]
    public double WindowSeconds { get; set; }

    [Parameter]
    public IReadOnlyList<ChartThreshold> Thresholds { get; set; } = [];

    [Parameter]
    public IReadOnlyList<ChartMarker> Markers { get; set; } = [];

    /// <summary>Since when no new data has come; null while it is fresh. The chart then looks stale rather than calm.</summary>
    [Parameter]
    public DateTimeOffset? StaleSince { get; set; }

    /// <summary>Replaces all data. May be called before the first render; on the circuit's dispatcher.</summary>
    public Task SetDataAsync(ChartPoints points)
    {
        early.Clear();
        return SendAsync("setData", points);
    }

    /// <summary>Adds points behind those already there; points that are not later than the last one are ignored.</summary>
    public Task AppendAsync(ChartPoints points) => SendAsync("append", points);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        disposed = true;
        if (module is not null)
        {
            await ScriptTeardown.RunAsync(async () =>
            {
                await module.InvokeVoidAsync("dispose", id);
                await module.DisposeAsync();
            });
        }
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
        {
            await StartAsync();
        }
        else if (module is not null && (!Thresholds.SequenceEqual(sentThresholds) || !Markers.SequenceEqual(sentMarkers)))
        {
            (sentThresholds, sentMarkers) = (Thresholds, Markers);
            await module.InvokeVoidAsync("setOverlays", id, Thresholds, Markers);
        }
    }

    private async Task StartAsync()
    {
        var loaded = await Js.InvokeAsync<IJSObjectReference>("import", "./js/charts.js");
        if (disposed)
        {
            await loaded.DisposeAsync();
            return;
        }

        (sentThresholds, sentMarkers) = (Thresholds, Markers);
        var unit = Unit.ToString();
        await loaded.InvokeVoidAsync("create", id, host, new
        {
            unit = char.ToLowerInvariant(unit[0]) + unit[1..],
            series = Series,
            syncKey = SyncKey,
            windowSeconds = WindowSeconds,
            thresholds = Thresholds,
            markers = Markers,
        });
        module = loaded;
        foreach (var (method, points) in early)
        {
            await SendAsync(method, points);
        }

        early.Clear();
    }

    private async Task SendAsync(string method, ChartPoints points)
    {
        ArgumentNullException.ThrowIfNull(points);
        if (points.Values.Count != Series.Count)
        {
            throw new ArgumentException($"The chart '{Title}' has {Series.Count} series, the points have {points.Values.Count}.", nameof(points));
        }

        if (module is null)
        {
            early.Add((method, points));
            return;
        }

        if (!disposed)
        {
            await module.InvokeVoidAsync(method, id, points.Pack());
        }
    }
}
