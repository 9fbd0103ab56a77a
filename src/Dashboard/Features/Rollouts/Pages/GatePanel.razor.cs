using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Monitoring;
using Ops.Dashboard.Features.Monitoring.Charts;
using Ops.Dashboard.Features.Monitoring.Pages;
using Ops.Dashboard.Features.Monitoring.Series;
using Ops.Dashboard.Features.Targets;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Pages;

/// <summary>Draws the new revision against the stable one, one chart a gate.</summary>
public sealed partial class GatePanel
{
    private const double WindowSeconds = 300;
    private readonly string syncKey = Guid.NewGuid().ToString("N");
    private readonly Dictionary<string, Guid> planOf = new(StringComparer.Ordinal);
    private IReadOnlyList<GateBox> boxes = [];
    private (Guid Endpoint, string Metrics)? built;

    [Inject]
    internal MonitoringFeed Monitoring { get; set; } = default!;

    [Inject]
    internal MetricStore Store { get; set; } = default!;

    [Inject]
    internal ObservedEndpoints Observed { get; set; } = default!;

    [Inject]
    public required TimeProvider Time { get; init; }

    /// <summary>The endpoint.</summary>
    [Parameter, EditorRequired]
    public Guid EndpointId { get; set; }

    /// <summary>The plan that is rolled out; every other one is what ran before.</summary>
    [Parameter, EditorRequired]
    public Guid PlanId { get; set; }

    /// <summary>The gates with their verdicts.</summary>
    [Parameter, EditorRequired]
    public IReadOnlyList<GateView> Gates { get; set; } = [];

    private double Now => Time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;

    private string Summary => Gates.Count == 0 ? "No gates: figures only."
        : Gates.Count(g => g.Passed == false) is > 0 and var failed ? $"{failed} of {Gates.Count} {(failed == 1 ? "fails" : "fail")}"
        : Gates.All(g => g.Passed == true) ? "All hold"
        : $"{Gates.Count(g => g.Passed == true)} of {Gates.Count} hold";

    /// <inheritdoc/>
    protected override void OnInitialized() => Watch(Monitoring.Pulses, async batch =>
    {
        if (batch.IsSnapshot || batch.Items.Any(p => p.Endpoint.Id == EndpointId))
        {
            Learn();
            await FeedAsync();
        }
    });

    /// <inheritdoc/>
    protected override void OnParametersSet()
    {
        var wanted = (EndpointId, string.Join(',', Gates.Select(g => g.Gate.Metric)));
        if (built != wanted)
        {
            built = wanted;
            Learn();
            Build();
        }
    }

    /// <inheritdoc/>
    protected override Task OnAfterRenderAsync(bool firstRender) => FeedAsync();

    // Replicas that are gone are drawn on, so it is remembered whose they were.
    private void Learn()
    {
        foreach (var replica in Observed.Find(EndpointId)?.Replicas ?? [])
        {
            planOf[replica.Id] = replica.PlanId;
        }
    }

    private void Build()
    {
        List<GateBox> made = [.. Gates.Select((gate, index) => new GateBox(index, gate.Gate.Metric == GateMetrics.Ready ? null : Chart(gate.Gate.Metric)))];
        foreach (var metric in new[] { GateMetrics.LatencyP95, GateMetrics.ErrorRate }.Where(m => Gates.All(g => g.Gate.Metric != m)))
        {
            made.Add(new(null, Chart(metric)));
        }

        boxes = made;
    }

    private ChartBox Chart(string metric)
    {
        var (unit, value) = metric switch
        {
            GateMetrics.LatencyP95 => (ChartUnit.Seconds, (Func<MetricPoint, double>)(p => p.P95)),
            GateMetrics.LatencyP99 => (ChartUnit.Seconds, p => p.P99),
            _ => (ChartUnit.Percent, p => p.Rate == 0 ? double.NaN : p.ErrorShare),
        };
        return new(
            Plans.GateWords.Name(metric),
            unit,
            [new("Stable", 1, Dashed: true), new("New", 2)],
            new([Line(isNew: false, value, unit), Line(isNew: true, value, unit)], 1, Now - WindowSeconds),
            []);
    }

    private ChartLine Line(bool isNew, Func<MetricPoint, double> value, ChartUnit unit) => new(
        after => planOf.Where(r => r.Value == PlanId == isNew).SelectMany(r => Store.For(EndpointId).Replica(r.Key).After(after)).Select(p => new ChartSample(p.At, value(p))),
        Worst: unit == ChartUnit.Seconds);

    private GateView? GateOf(GateBox box) => box.Gate is { } index && index < Gates.Count ? Gates[index] : null;

    private async Task FeedAsync()
    {
        var now = Now;
        await Task.WhenAll(boxes.Where(b => b.Box?.Chart is not null).Select(b => b.Box!.FeedAsync(now)));
    }

    /// <summary>A place in the panel: the gate it belongs to and what is drawn.</summary>
    private sealed record GateBox(int? Gate, ChartBox? Box);
}
