using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Monitoring.Charts;

namespace Ops.Dashboard.Tests.Features.Monitoring.Charts;

public sealed class ChartFeederTests
{
    private readonly List<ChartSample> first = [];
    private readonly List<ChartSample> second = [];

    [Fact]
    public void Take_ReadAtDifferentMoments_OneAxisAndOnlyCompleteSteps()
    {
        var feeder = Feeder(step: 1, from: 100, Line(first), Line(second));
        first.AddRange([new(100.2, 1), new(101.2, 2), new(102.2, 3)]);
        second.AddRange([new(100.9, 10), new(101.9, 20), new(102.9, 30)]);

        var points = feeder.Take(102.5)!;
        Assert.Equal([100, 101], points.Times);
        Assert.Equal([1, 2], points.Values[0]);
        Assert.Equal([10, 20], points.Values[1]);

        Assert.Null(feeder.Take(102.9));
        points = feeder.Take(103.1)!;
        Assert.Equal([102], points.Times);
        Assert.Equal([30], points.Values[1]);
    }

    [Fact]
    public void Take_OneReadingFallsBetweenTwoSteps_HoldsTheLine()
    {
        var feeder = Feeder(1, 100, Line(first), Line(second));
        first.AddRange([new(100.1, 1), new(102.1, 3)]);
        second.AddRange([new(100.1, 5), new(101.1, 6), new(102.1, 7)]);
        Assert.Equal([1, 1, 3], feeder.Take(103)!.Values[0]);
    }

    [Fact]
    public void Take_OneLineSilentForLong_GapForThatLineOnly()
    {
        var feeder = Feeder(1, 100, Line(first), Line(second));
        first.Add(new(100.1, 1));
        second.AddRange(Enumerable.Range(100, 8).Select(second => new ChartSample(second, 9)));
        var points = feeder.Take(108)!;
        Assert.Equal([1, 1, 1, 1, double.NaN, double.NaN, double.NaN, double.NaN], points.Values[0]);
        Assert.DoesNotContain(double.NaN, points.Values[1]);
    }

    [Fact]
    public void Take_NothingReadForAMinute_OneGapNotALineAcross()
    {
        var feeder = Feeder(1, 100, Line(first));
        first.AddRange([new(100, 1), new(160, 2)]);
        var points = feeder.Take(161)!;
        Assert.Equal([100, 104, 160], points.Times);
        Assert.Equal([1, double.NaN, 2], points.Values[0]);
    }

    [Fact]
    public void Take_KnownGap_IsDrawnAtOnceAndNotHeld()
    {
        var feeder = Feeder(1, 100, Line(first));
        first.AddRange([new(100, 1), new(101, double.NaN), new(103, 4)]);
        var points = feeder.Take(104)!;
        Assert.Equal([100, 101, 103], points.Times);
        Assert.Equal([1, double.NaN, 4], points.Values[0]);
    }

    [Fact]
    public void Take_LongSteps_MeanOrWorst()
    {
        var feeder = Feeder(4, 100, Line(first), new ChartLine(after => first.Where(s => s.At > after), Worst: true));
        first.AddRange([new(100, 1), new(101, 5), new(102, double.NaN), new(103, 3), new(104, 7)]);
        var points = feeder.Take(104)!;
        Assert.Equal([100], points.Times);
        Assert.Equal([3], points.Values[0]);
        Assert.Equal([5], points.Values[1]);
    }

    [Fact]
    public void Take_NothingInTheWindow_Nothing() => Assert.Null(Feeder(1, 100, Line(first)).Take(400));

    private static ChartFeeder Feeder(int step, double from, params ChartLine[] lines) => new(lines, step, from);

    private static ChartLine Line(List<ChartSample> samples) => new(after => samples.Where(s => s.At > after));
}
