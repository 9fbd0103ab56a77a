using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Monitoring;
using Ops.Dashboard.Features.Monitoring.Fleet;
using Ops.Dashboard.Features.Monitoring.Pages;
using Ops.Dashboard.Features.Monitoring.Series;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Pages;

namespace Ops.Dashboard.ComponentTests.Features.Monitoring;

public sealed class EndpointPageTests
{
    [Fact]
    public async Task Metrics_Replicas_FourChartsInARowThenPerReplicaThenProcessesAndALineAboutGpus()
    {
        await using var context = await FleetContext.CreateAsync();
        var tile = FleetContext.Tile("digits", Health.Healthy);
        Observe(context, tile.Facts, "replica-0001", "replica-0002");
        var tab = context.Render<MetricsTab>(p => p.Add(t => t.Facts, tile.Facts).Add(t => t.Range, "15m"));

        Assert.Equal(["All requests", "Per replica", "Processes", "GPU"], tab.FindAll("h2").Select(h => h.TextContent));
        Assert.Equal(
            ["Requests", "Error rate", "Latency", "In flight", "Requests", "Error rate", "Latency p95", "In flight", "CPU, cores in use", "Memory"],
            tab.FindComponents<LineChart>().Select(c => c.Instance.Title));
        Assert.All(tab.FindComponents<LineChart>(), c => Assert.Equal(900, c.Instance.WindowSeconds));
        Assert.Single(tab.FindComponents<LineChart>().Select(c => c.Instance.SyncKey).Distinct());
        Assert.Equal(["0001", "0002"], tab.FindComponents<LineChart>()[4].Instance.Series.Select(s => s.Name));
        Assert.Contains("No GPU", tab.FindAll("section.panel")[3].TextContent, StringComparison.Ordinal);
        Assert.Equal("15 min", tab.Find("[aria-current=true]").TextContent);

        var feed = context.Services.GetRequiredService<MonitoringFeed>().Pulses;
        Assert.Equal(1, feed.SubscriberCount);
        await context.DisposeComponentsAsync();
        Assert.Equal(0, feed.SubscriberCount);
    }

    [Fact]
    public async Task Metrics_Pulse_AppendsToChartsAndDoesNotRenderThem()
    {
        await using var context = await FleetContext.CreateAsync();
        var tile = FleetContext.Tile("digits", Health.Healthy);
        Observe(context, tile.Facts, "replica-0001");
        var tab = context.Render<MetricsTab>(p => p.Add(t => t.Facts, tile.Facts));
        Pulse(context, tile.Facts, null);
        Assert.True(SpinWait.SpinUntil(() => context.Charts.Invocations.Count(i => i.Identifier == "create") == 10, TimeSpan.FromSeconds(20)));
        var (renders, chartRenders) = (tab.RenderCount, tab.FindComponents<LineChart>().Sum(c => c.RenderCount));

        // Nothing renders, so there is nothing that bUnit could wait for.
        for (var second = 0; second < 500 && Appended(context) < 5; second++)
        {
            context.Time.Advance(TimeSpan.FromSeconds(1));
            Pulse(context, tile.Facts, null);
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        Assert.True(Appended(context) >= 5);
        Assert.Equal(renders, tab.RenderCount);
        Assert.Equal(chartRenders, tab.FindComponents<LineChart>().Sum(c => c.RenderCount));
    }

    [Fact]
    public async Task Metrics_ScrapingFails_SaysSinceWhen()
    {
        await using var context = await FleetContext.CreateAsync();
        var tile = FleetContext.Tile("digits", Health.Healthy);
        Observe(context, tile.Facts, "replica-0001");
        var tab = context.Render<MetricsTab>(p => p.Add(t => t.Facts, tile.Facts));
        Pulse(context, tile.Facts, new DateTimeOffset(2026, 11, 22, 9, 8, 7, TimeSpan.Zero));
        context.Time.Advance(TimeSpan.FromSeconds(1));
        tab.WaitForAssertion(() => Assert.Contains("stale since 09:08:07 UTC", tab.Find(".toolbar").TextContent, StringComparison.Ordinal));
        Assert.Equal([false, false, false, false, true, true, true, true, true, true], tab.FindComponents<LineChart>().Select(c => c.Instance.StaleSince is not null));
    }

    [Fact]
    public async Task Page_UnknownName_SaysSo()
    {
        await using var context = await FleetContext.CreateAsync();
        var page = context.Render<EndpointPage>(p => p.Add(x => x.Name, "nobody"));
        page.WaitForAssertion(() => Assert.Equal("There is no endpoint named nobody", page.Find("h1").TextContent));
    }

    [Theory]
    [InlineData("Ready", State.Ok)]
    [InlineData("Failed", State.Critical)]
    [InlineData("Loading", State.Progress)]
    public void Replica_Phase_WordAndState(string phase, State expected)
    {
        var seen = new ReplicaObservation { Id = "r", PlanId = Guid.Empty, Node = "here", Phase = Enum.Parse<ReplicaPhase>(phase), Reason = "because" };
        Assert.Equal((phase, expected), (ReplicaView.Of(seen).Phase, ReplicaView.Of(seen).State));
    }

    private static int Appended(FleetContext context) => context.Charts.Invocations.Count(i => i.Identifier == "append");

    private static void Observe(FleetContext context, EndpointFacts facts, params string[] replicas)
    {
        var now = context.Time.GetUtcNow();
        context.Services.GetRequiredService<ObservedEndpoints>().Publish(new(
            new(facts.Id, facts.Name, facts.TargetId),
            [.. replicas.Select(id => new ReplicaObservation { Id = id, PlanId = facts.Stable!.PlanId, Node = "here", Phase = ReplicaPhase.Ready, StartedAt = now })],
            now));
    }

    private static void Pulse(FleetContext context, EndpointFacts facts, DateTimeOffset? staleSince)
    {
        var now = context.Time.GetUtcNow();
        var total = context.Services.GetRequiredService<MetricStore>().For(facts.Id).Total;
        total.Add(new() { At = now, Requests = now.ToUnixTimeSeconds(), Failures = 0, Durations = Histogram.Empty });
        context.Services.GetRequiredService<MonitoringFeed>().Pulses.Publish(new()
        {
            Endpoint = new(facts.Id, facts.Name, facts.TargetId),
            At = now,
            Health = Health.Healthy,
            Total = total.Latest(),
            StaleSince = staleSince,
        });
    }
}
