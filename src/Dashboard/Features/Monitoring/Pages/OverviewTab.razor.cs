using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Monitoring.Charts;
using Ops.Dashboard.Features.Monitoring.Fleet;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Pages;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Monitoring.Pages;

public sealed partial class OverviewTab
{
    private const int Window = 300;
    private readonly string syncKey = Guid.NewGuid().ToString("N");
    private IReadOnlyList<ChartBox> boxes = [];
    private List<ReplicaView> replicas = [];
    private DateTimeOffset? staleSince;
    private TimeSpan? every;
    private PlanSpec? plan;
    private Guid? planId;
    private string? opened;

    [Inject]
    internal MonitoringFeed Monitoring { get; set; } = default!;

    [Inject]
    internal MetricStore Store { get; set; } = default!;

    [Inject]
    internal ObservedEndpoints Observed { get; set; } = default!;

    [Inject]
    internal EndpointPages Pages { get; set; } = default!;

    [Inject]
    public required TimeProvider Time { get; init; }

    /// <summary>The endpoint.</summary>
    [Parameter, EditorRequired]
    public EndpointFacts Facts { get; set; } = default!;

    private double Now => Time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;

    private string Summary => replicas.Count == 0 ? "" : $"{replicas.Count(r => r.IsReady)} of {replicas.Count} ready{(every is { } seldom ? $", figures every {seldom.TotalSeconds:0} s" : "")}";

    /// <inheritdoc/>
    protected override void OnInitialized()
    {
        boxes = MetricsLayout.Small(Store.For(Facts.Id), Now - Window);
        See();
        Watch(Monitoring.Pulses, batch => TickAsync(batch.Items.FirstOrDefault(p => p.Endpoint.Id == Facts.Id)));
    }

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync()
    {
        if (planId != Facts.Stable?.PlanId)
        {
            planId = Facts.Stable?.PlanId;
            plan = planId is { } id && await Pages.PlanAsync(id, Ended) is { } found ? found.Spec : null;
        }
    }

    /// <inheritdoc/>
    protected override Task OnAfterRenderAsync(bool firstRender) => FeedAsync();

    private void Toggle(string replica) => opened = opened == replica ? null : replica;

    private bool See()
    {
        var seen = (Observed.Find(Facts.Id)?.Replicas ?? []).Select(ReplicaView.Of).OrderBy(r => r.Id, StringComparer.Ordinal).ToList();
        if (seen.SequenceEqual(replicas))
        {
            return false;
        }

        replicas = seen;
        return true;
    }

    private async Task TickAsync(EndpointPulse? pulse)
    {
        if (See() || (pulse is not null && (staleSince, every) != (pulse.StaleSince, pulse.FiguresEvery)))
        {
            (staleSince, every) = pulse is null ? (staleSince, every) : (pulse.StaleSince, pulse.FiguresEvery);
            StateHasChanged();
        }

        await FeedAsync();
    }

    private async Task FeedAsync()
    {
        var now = Now;
        await Task.WhenAll(boxes.Where(b => b.Chart is not null).Select(b => b.FeedAsync(now)));
    }
}
