using Ops.Dashboard.Features.Monitoring.Revisions;
using Ops.Dashboard.Features.Monitoring.Series;
using Ops.Dashboard.Features.Rollouts.Gates;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Tests.Features.Rollouts.Gates;

/// <summary>A figure that is missing, no number, old or of too few requests holds no gate.</summary>
public sealed class GateNeverPassesTests
{
    private static readonly PlanGate Errors = new() { Metric = GateMetrics.ErrorRate, Max = 0.1, MinRequests = 10 };
    private static readonly PlanGate Slower = new() { Metric = GateMetrics.LatencyP95, MaxRatio = 1.5, MinRequests = 10 };

    [Theory]
    [InlineData(10, 1, nameof(GateAnswer.Holds))]
    [InlineData(10, 2, nameof(GateAnswer.Fails))]
    [InlineData(9, 0, nameof(GateAnswer.Missing))]
    [InlineData(0, 0, nameof(GateAnswer.Missing))]
    public void Judge_ErrorRate_CountsOnlyEnoughRequests(long requests, long failures, string expected) =>
        Assert.Equal(expected, Judge(Errors, Figures(requests, failures, 0.01)).Answer.ToString());

    [Fact]
    public void Judge_NoRequestsAndNoMinimum_IsMissing() => Assert.Equal(GateAnswer.Missing, Judge(Errors with { MinRequests = 0 }, Figures(0, 0, 0.01)).Answer);

    [Fact]
    public void Judge_FiguresThatCannotBeTold_AreMissingWithTheReason()
    {
        var verdict = Judge(Errors, Figures(100, 0, 0.01) with { Trouble = "Replica r1 has told no figures for 10 s." });

        Assert.Equal((GateAnswer.Missing, "Replica r1 has told no figures for 10 s."), (verdict.Answer, verdict.Why));
    }

    [Fact]
    public void Judge_LatencyWithoutAnyBucket_IsMissing() =>
        Assert.Equal(GateAnswer.Missing, Judge(new() { Metric = GateMetrics.LatencyP99, Max = 1 }, Figures(100, 0, 0.01) with { Durations = Histogram.Empty }).Answer);

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.NegativeInfinity)]
    public void Judge_LimitThatIsNoNumber_DoesNotHold(double max) => Assert.NotEqual(GateAnswer.Holds, Judge(Errors with { Max = max }, Figures(100, 0, 0.01)).Answer);

    [Fact]
    public void Judge_ComparedWithAStableOneWithoutEnoughRequests_IsMissing()
    {
        Assert.Equal(GateAnswer.Missing, Judge(Slower, Figures(100, 0, 0.01)).Answer);
        Assert.Equal(GateAnswer.Missing, Judge(Slower, Figures(100, 0, 0.01), Figures(9, 0, 0.01)).Answer);
        Assert.Equal(GateAnswer.Missing, Judge(Slower, Figures(100, 0, 0.01), Figures(100, 0, 0.01) with { Trouble = "old" }).Answer);
    }

    [Theory]
    [InlineData(0.01, nameof(GateAnswer.Holds))]
    [InlineData(0.1, nameof(GateAnswer.Fails))]
    public void Judge_ComparedWithTheStableOne_FailsWhenSlower(double seconds, string expected)
    {
        var verdict = Judge(Slower, Figures(100, 0, seconds), Figures(100, 0, 0.01));

        Assert.Equal(expected, verdict.Answer.ToString());
        Assert.NotNull(verdict.Stable);
    }

    [Theory]
    [InlineData(GateMetrics.LatencyP95, nameof(GateAnswer.Holds))]
    [InlineData(GateMetrics.LatencyP99, nameof(GateAnswer.Fails))]
    public void Judge_ThreeOf100RequestsAreSlow_OnlyTheGateOfThe99thPercentileSeesThem(string metric, string expected)
    {
        var figures = Figures(100, 0, 0.01) with { Durations = new([0.1, 1], [97, 3, 0]) };

        Assert.Equal(expected, Judge(new() { Metric = metric, Max = 0.2, MinRequests = 10 }, figures).Answer.ToString());
        Assert.Equal(expected, Judge(new() { Metric = metric, MaxRatio = 2, MinRequests = 10 }, figures, figures with { Durations = new([0.1, 1], [100, 0, 0]) }).Answer.ToString());
    }

    [Theory]
    [InlineData(0.099, nameof(GateAnswer.Holds))]
    [InlineData(0.1, nameof(GateAnswer.Holds))]
    [InlineData(0.101, nameof(GateAnswer.Fails))]
    public void Judge_LatencyAgainstAFixedLimit_FailsAboveIt(double p95, string expected)
    {
        // All requests in one bucket that begins at 0: the 95th percentile lies at 95 % of its bound.
        var figures = Figures(100, 0, 0.01) with { Durations = new([p95 / 0.95], [100, 0]) };

        var verdict = Judge(new() { Metric = GateMetrics.LatencyP95, Max = 0.1 + 1e-9, MinRequests = 10 }, figures);

        Assert.Equal(expected, verdict.Answer.ToString());
        Assert.Equal(p95, verdict.Value!.Value, 6);
        Assert.Null(verdict.Stable);
    }

    [Theory]
    [InlineData(3, nameof(GateAnswer.Holds))]
    [InlineData(4, nameof(GateAnswer.Fails))]
    public void Judge_ErrorRateComparedWithTheStableOne_FailsWhenWorseThanItsMultiple(long failures, string expected)
    {
        var verdict = Judge(new() { Metric = GateMetrics.ErrorRate, MaxRatio = 1.5, MinRequests = 10 }, Figures(100, failures, 0.01), Figures(200, 4, 0.01));

        Assert.Equal((expected, failures / 100.0, 0.02), (verdict.Answer.ToString(), verdict.Value!.Value, verdict.Stable!.Value));
    }

    [Theory]
    [InlineData(0.15, 0.2, nameof(GateAnswer.Holds))]
    [InlineData(0.25, 0.2, nameof(GateAnswer.Fails))]
    [InlineData(0.15, 0.05, nameof(GateAnswer.Fails))]
    public void Judge_BothLimits_BothMustHold(double p95, double stable, string expected)
    {
        PlanGate both = new() { Metric = GateMetrics.LatencyP95, Max = 0.2, MaxRatio = 2, MinRequests = 10 };

        Assert.Equal(expected, Judge(both, Slow(p95), Slow(stable)).Answer.ToString());

        static RevisionFigures Slow(double p95) => Figures(100, 0, 0.01) with { Durations = new([p95 / 0.95], [100, 0]) };
    }

    [Theory]
    [InlineData(2, 2, nameof(GateAnswer.Holds))]
    [InlineData(1, 2, nameof(GateAnswer.Fails))]
    [InlineData(0, 0, nameof(GateAnswer.Missing))]
    public void Judge_Ready_IsAShareOfWhatIsWanted(int ready, int wanted, string expected) =>
        Assert.Equal(expected, Judge(new() { Metric = GateMetrics.Ready }, new() { Ready = ready, Wanted = wanted }).Answer.ToString());

    [Fact]
    public void Judge_MetricNobodyKnows_IsMissing() => Assert.Equal(GateAnswer.Missing, Judge(Errors with { Metric = "moon" }, Figures(100, 0, 0.01)).Answer);

    [Fact]
    public void Read_OfWhatWasWritten_IsTheSameAndOfAnythingElseNothing()
    {
        List<GateVerdict> verdicts = [Judge(Slower, Figures(100, 0, 0.1), Figures(100, 0, 0.01)), Judge(Errors, Figures(0, 0, 0))];

        Assert.Equal(verdicts, GateVerdict.Read(GateVerdict.Write(verdicts)));
        Assert.Empty(GateVerdict.Read("{"));
        Assert.Empty(GateVerdict.Read(null));
    }

    [Fact]
    public void Write_AsManyGatesAsAPlanMayHave_KeepsEachAnswer()
    {
        List<GateVerdict> verdicts = [.. Enumerable.Range(0, 20).Select(i => new GateVerdict(i, GateAnswer.Fails, new string('x', 500), 0.123456789, 0.123456789, DateTimeOffset.UnixEpoch))];

        Assert.Equal(verdicts.Select(v => v.Answer), GateVerdict.Read(GateVerdict.Write(verdicts)).Select(v => v.Answer));
    }

    private static GateVerdict Judge(PlanGate gate, RevisionFigures to, RevisionFigures? stable = null) => GateJudge.Judge(0, gate, to, stable, DateTimeOffset.UnixEpoch);

    private static RevisionFigures Figures(long requests, long failures, double seconds) => new()
    {
        Ready = 1,
        Wanted = 1,
        Requests = requests,
        Failures = failures,
        Durations = new([seconds, seconds * 2], [requests, 0, 0]),
    };
}
