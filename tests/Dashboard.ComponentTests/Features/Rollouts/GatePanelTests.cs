using System.Runtime.InteropServices;
using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.ComponentTests.Features.Monitoring;
using Ops.Dashboard.Features.Monitoring;
using Ops.Dashboard.Features.Monitoring.Series;
using Ops.Dashboard.Features.Rollouts.Pages;
using Ops.Dashboard.Features.Targets;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.ComponentTests.Features.Rollouts;

public sealed class GatePanelTests
{
    private static readonly Guid Endpoint = Guid.NewGuid();
    private static readonly Guid Plan = Guid.NewGuid();
    private static readonly PlanGate Latency = new() { Metric = GateMetrics.LatencyP95, Max = 0.25, MaxRatio = 1.2 };
    private static readonly PlanGate Errors = new() { Metric = GateMetrics.ErrorRate, Max = 0.01 };
    private static readonly PlanGate Ready = new() { Metric = GateMetrics.Ready, Max = 1 };

    [Fact]
    public async Task NoGates_SaysSoAndStillDrawsBothVersions()
    {
        await using var context = await FleetContext.CreateAsync();

        var panel = Render(context);

        Assert.Equal("Stable and new", panel.Find("h2").TextContent);
        Assert.Contains("No gates: figures only.", panel.Find(".panel-header").TextContent, StringComparison.Ordinal);
        Assert.Equal(["Latency p95", "Error rate"], panel.FindComponents<LineChart>().Select(c => c.Instance.Title));
        Assert.All(panel.FindComponents<LineChart>(), c => Assert.Equal(["Stable", "New"], c.Instance.Series.Select(s => s.Name)));
        Assert.Empty(panel.FindAll(".badge"));
    }

    [Fact]
    public async Task Verdicts_EachGateSaysWhatItFoundAgainstWhichLimit()
    {
        await using var context = await FleetContext.CreateAsync();

        var panel = Render(context, new(Latency, false, 0.4, 0.1, "Latency p95 is 400 ms, more than 250 ms."), new(Errors, true, 0.001), new(Ready));

        Assert.Contains("1 of 3 fails", panel.Find(".panel-header").TextContent, StringComparison.Ordinal);
        Assert.Equal(["Fails", "Holds", "Not judged yet"], panel.FindAll(".badge").Select(b => b.TextContent.Trim()));
        var first = panel.FindAll(".gate")[0];
        Assert.Contains("400 ms", first.QuerySelector(".gate-figure")!.TextContent, StringComparison.Ordinal);
        Assert.Contains("stable 100 ms", first.TextContent, StringComparison.Ordinal);
        Assert.Equal("Latency p95 is 400 ms, more than 250 ms.", first.QuerySelector(".gate-why")!.TextContent);

        // The fixed limit, and 1.2 times what the stable version has now.
        Assert.Equal([0.25, 0.12], panel.FindComponents<LineChart>()[0].Instance.Thresholds.Select(t => Math.Round(t.Value, 6)));
        Assert.Equal(2, panel.FindComponents<LineChart>().Count);
        Assert.Equal("Replicas ready", panel.FindAll(".gate")[2].QuerySelector(".chart-title")!.TextContent);
    }

    [Theory]
    [InlineData(true, true, "All hold")]
    [InlineData(true, null, "1 of 2 hold")]
    [InlineData(false, false, "2 of 2 fail")]
    public async Task Summary_CountsVerdicts(bool? first, bool? second, string expected)
    {
        await using var context = await FleetContext.CreateAsync();

        Assert.EndsWith(expected, Render(context, new(Latency, first), new(Errors, second)).Find(".panel-header").TextContent.Trim(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Figures_ArePutOnTheSideOfTheirReplicasVersion_AndNobodyListensAfterwards()
    {
        await using var context = await FleetContext.CreateAsync();
        var endpoint = new EndpointRef(Endpoint, "digits", Guid.NewGuid());
        context.Services.GetRequiredService<ObservedEndpoints>().Publish(new(
            endpoint,
            [Replica("old", Guid.NewGuid()), Replica("new", Plan)],
            context.Time.GetUtcNow()));
        Render(context, new GateView(Errors));
        var feed = context.Services.GetRequiredService<MonitoringFeed>().Pulses;
        Assert.Equal(1, feed.SubscriberCount);

        for (var second = 0; second < 500 && Drawn(context, 1) is null; second++)
        {
            context.Time.Advance(TimeSpan.FromSeconds(1));
            Count(context, "old", failures: 0);
            Count(context, "new", failures: 5);
            feed.Publish(new() { Endpoint = endpoint, At = context.Time.GetUtcNow(), Health = Health.Healthy });
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        Assert.Equal((0d, 0.5), (Drawn(context, 0), Drawn(context, 1)));
        await context.DisposeComponentsAsync();
        Assert.Equal(0, feed.SubscriberCount);
    }

    [Theory]
    [InlineData(GateMetrics.LatencyP95, 0.02, 0.02)]
    [InlineData(GateMetrics.LatencyP99, 0.02, 2)]
    public async Task Latency_IsDrawnSideBySide_EachByThePercentileOfItsGate(string metric, double stable, double expected)
    {
        await using var context = await FleetContext.CreateAsync();
        var endpoint = new EndpointRef(Endpoint, "digits", Guid.NewGuid());
        context.Services.GetRequiredService<ObservedEndpoints>().Publish(new(endpoint, [Replica("old", Guid.NewGuid()), Replica("new", Plan)], context.Time.GetUtcNow()));
        Render(context, new GateView(new() { Metric = metric, Max = 1 }));

        // The chart of the gate comes first.
        var chart = (string)context.Charts.Invocations["create"][0].Arguments[0]!;
        var feed = context.Services.GetRequiredService<MonitoringFeed>().Pulses;

        // 2 of 100 requests of the new version take two seconds: the 99th percentile sees them, the 95th does not.
        for (var second = 0; second < 500 && Drawn(context, 1, chart) is null; second++)
        {
            context.Time.Advance(TimeSpan.FromSeconds(1));
            Count(context, "old", failures: 0, slow: 0);
            Count(context, "new", failures: 0, slow: 2);
            feed.Publish(new() { Endpoint = endpoint, At = context.Time.GetUtcNow(), Health = Health.Healthy });
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        Assert.InRange(Drawn(context, 0, chart)!.Value, stable / 2, stable);
        Assert.InRange(Drawn(context, 1, chart)!.Value, expected / 2, expected);
    }

    // The newest number that a chart, or without one any of them, was given for a line.
    private static double? Drawn(FleetContext context, int line, string? chart = null)
    {
        var numbers = context.Charts.Invocations.Where(i => i.Identifier is "append" or "setData" && (chart is null || chart.Equals(i.Arguments[0])))
            .SelectMany(i =>
            {
                // Times, then each line, one after the other.
                var block = MemoryMarshal.Cast<byte, double>((byte[])i.Arguments[1]!).ToArray();
                return block.Skip(block.Length / 3 * (line + 1)).Take(block.Length / 3);
            })
            .Where(double.IsFinite).ToList();
        return numbers.Count == 0 ? null : numbers[^1];
    }

    private static void Count(FleetContext context, string replica, int failures, int? slow = null)
    {
        var now = context.Time.GetUtcNow();
        var seconds = now.ToUnixTimeSeconds();
        var durations = slow is { } some ? new Histogram([0.02, 2], [seconds * (100 - some), seconds * some, 0]) : Histogram.Empty;
        context.Services.GetRequiredService<MetricStore>().For(Endpoint).Replica(replica)
            .Add(new() { At = now, Requests = seconds * 10, Failures = seconds * failures, Durations = durations });
    }

    private static ReplicaObservation Replica(string id, Guid plan) => new() { Id = id, PlanId = plan, Node = "here", Phase = ReplicaPhase.Ready };

    private static IRenderedComponent<GatePanel> Render(FleetContext context, params GateView[] gates) =>
        context.Render<GatePanel>(p => p.Add(g => g.EndpointId, Endpoint).Add(g => g.PlanId, Plan).Add(g => g.Gates, gates));
}
