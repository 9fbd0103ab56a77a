using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Monitoring.Charts;
using Ops.Dashboard.Features.Monitoring.Fleet;
using Ops.Dashboard.Features.Monitoring.Gpus;
using Ops.Dashboard.Features.Targets;

namespace Ops.Dashboard.Features.Monitoring.Pages;

public sealed partial class MetricsTab
{
    private readonly string syncKey = Guid.NewGuid().ToString("N");
    private readonly Dictionary<string, int> colours = new(StringComparer.Ordinal);
    private ChartRange range = ChartRange.All[0];
    private IReadOnlyList<ChartSection> sections = [];
    private IReadOnlyList<ChartMarker> markers = [];
    private IReadOnlyList<string> replicas = [];
    private DateTimeOffset? staleSince;
    private TimeSpan? every;
    private (Guid Endpoint, string Range, RolloutFacts? Rollout, PlanFacts? Stable)? built;

    [Inject]
    internal MonitoringFeed Monitoring { get; set; } = default!;

    [Inject]
    internal MetricStore Store { get; set; } = default!;

    [Inject]
    internal GpuSeries Gpus { get; set; } = default!;

    [Inject]
    internal ObservedEndpoints Observed { get; set; } = default!;

    [Inject]
    internal EndpointPages Pages { get; set; } = default!;

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required TimeProvider Time { get; init; }

    /// <summary>The endpoint.</summary>
    [Parameter, EditorRequired]
    public EndpointFacts Facts { get; set; } = default!;

    /// <summary>How far back, as it stands in the address.</summary>
    [Parameter]
    public string? Range { get; set; }

    private double Now => Time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;

    /// <inheritdoc/>
    protected override void OnInitialized() => Watch(Monitoring.Pulses, batch => TickAsync(batch.Items.FirstOrDefault(p => p.Endpoint.Id == Facts.Id)));

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync()
    {
        var wanted = (Facts.Id, ChartRange.Of(Range).Key, Facts.Rollout is { } rollout ? rollout with { Status = "" } : null, Facts.Stable);
        if (built == wanted)
        {
            return;
        }

        var redraw = built is null || built.Value.Endpoint != wanted.Id || built.Value.Range != wanted.Key || built.Value.Stable != wanted.Stable;
        built = wanted;
        if (redraw)
        {
            Build();
        }

        await MarkAsync();
    }

    /// <inheritdoc/>
    protected override Task OnAfterRenderAsync(bool firstRender) => FeedAsync();

    private void Build()
    {
        range = ChartRange.Of(Range);
        replicas = MetricsLayout.Replicas(Observed.Find(Facts.Id), Store.For(Facts.Id), Now - range.Seconds);
        foreach (var replica in replicas)
        {
            colours.TryAdd(replica, colours.Count);
        }

        var nodes = Observed.Find(Facts.Id)?.Replicas.Select(r => r.Node).Distinct(StringComparer.Ordinal).ToList() ?? [];
        sections = new MetricsLayout(Facts.Stable, Store.For(Facts.Id), Gpus, range, Now).Sections(replicas, colours, nodes);
    }

    private async Task MarkAsync()
    {
        var to = Time.GetUtcNow();
        var from = to.AddSeconds(-range.Seconds);
        markers = RolloutMarkers.Of(await Pages.SpansAsync(Facts.Id, from, Ended), from, to.AddSeconds(1));
    }

    private async Task TickAsync(EndpointPulse? pulse)
    {
        if (pulse is null)
        {
            return;
        }

        var seen = MetricsLayout.Replicas(Observed.Find(Facts.Id), Store.For(Facts.Id), Now - range.Seconds);
        var changed = !seen.SequenceEqual(replicas, StringComparer.Ordinal);
        if (changed)
        {
            Build();
        }

        if (changed || (staleSince, every) != (pulse.StaleSince, pulse.FiguresEvery))
        {
            (staleSince, every) = (pulse.StaleSince, pulse.FiguresEvery);
            StateHasChanged();
        }

        await FeedAsync();
    }

    // All at once: one after the other would cost a round trip each.
    private async Task FeedAsync()
    {
        var now = Now;
        await Task.WhenAll(sections.SelectMany(s => s.Boxes).Where(b => b.Chart is not null).Select(b => b.FeedAsync(now)));
    }
}
