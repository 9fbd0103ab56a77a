using Bunit;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.ComponentTests.Components;
using Ops.Dashboard.Features.Rollouts.Pages;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.ComponentTests.Features.Rollouts;

public sealed class StepTrackTests
{
    private static readonly PlanStrategy Canary = new() { Name = "canary", Steps = [new() { Weight = 10, PauseSeconds = 60 }, new() { Weight = 50, WaitsForPerson = true }] };

    [Theory]
    [InlineData(RolloutState.Approved, null, "Waiting Waiting Waiting")]
    [InlineData(RolloutState.Running, 0, "Current Waiting Waiting")]
    [InlineData(RolloutState.Running, 1, "Done Current Waiting")]
    [InlineData(RolloutState.Running, 2, "Done Done Current")]
    [InlineData(RolloutState.Failed, 1, "Done Error Waiting")]
    [InlineData(RolloutState.Aborted, 2, "Done Done Error")]
    [InlineData(RolloutState.Succeeded, 2, "Done Done Done")]
    public void Stops_ByState_AreDoneCurrentOrToCome(RolloutState state, int? at, string expected)
    {
        var stops = StepStops.Of(Canary, state, at, null);

        Assert.Equal(["10 %", "50 %", "100 %"], stops.Select(s => s.Title));
        Assert.Equal(expected, string.Join(' ', stops.Select(s => s.State)));
    }

    [Fact]
    public void Stops_OfAStrategyWithoutSteps_AreNone() => Assert.Empty(StepStops.Of(new() { Name = "rolling" }, RolloutState.Running, null, null));

    [Fact]
    public void Track_InAPause_ShowsHowMuchOfItIsOver_AndLeavesNoSubscriber()
    {
        using var context = new ControlsContext();
        var stops = StepStops.Of(Canary, RolloutState.Running, 0, context.Time.GetUtcNow().AddSeconds(-15));
        var track = context.Render<StepTrack>(p => p.Add(t => t.Stops, stops));
        Assert.Equal("25", track.Find("[role=meter]").GetAttribute("aria-valuenow"));
        Assert.Contains("15 s of 1 min", track.Markup, StringComparison.Ordinal);
        Assert.Equal("step", track.FindAll("li")[0].GetAttribute("aria-current"));

        context.Time.Advance(TimeSpan.FromSeconds(15));
        track.WaitForAssertion(() => Assert.Equal("50", track.Find("[role=meter]").GetAttribute("aria-valuenow")));
        context.Time.Advance(TimeSpan.FromMinutes(5));
        track.WaitForAssertion(() => Assert.Contains("Waits for its gates", track.Markup, StringComparison.Ordinal));

        track.Instance.Dispose();
        Assert.DoesNotContain(track.FindAll("li"), li => li.ClassList.Contains("step-error"));
    }

    [Fact]
    public void Track_Paused_CountsNothing()
    {
        using var context = new ControlsContext();
        var track = context.Render<StepTrack>(p => p.Add(t => t.Stops, StepStops.Of(Canary, RolloutState.Paused, 0, context.Time.GetUtcNow())));

        Assert.Empty(track.FindAll("[role=meter]"));
        Assert.Contains("paused", track.Find("li").TextContent, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, State.Ok, "Holds")]
    [InlineData(false, State.Critical, "Fails")]
    [InlineData(null, State.Neutral, "Not judged yet")]
    public void Gate_Verdict_HasAWordAndAColour(bool? passed, State look, string word)
    {
        GateView gate = new(new() { Metric = GateMetrics.LatencyP95, Max = 0.5, MaxRatio = 1.5 }, passed, 0.3, 0.2);

        Assert.Equal((look, word), (gate.Look, gate.Word));
        Assert.Equal([new ChartThreshold(0.5, "at most 500 ms"), new ChartThreshold(0.2 * 1.5, "1.5 × stable")], gate.Thresholds);
    }

    [Fact]
    public void Gate_StableUnknown_HasNoLineForItsMultiple()
    {
        GateView gate = new(new() { Metric = GateMetrics.LatencyP95, MaxRatio = 1.5 }, false, 0.3, double.NaN);

        Assert.Empty(gate.Thresholds);
    }
}
