using FsCheck;
using FsCheck.Fluent;
using Ops.Runtime.Monitoring;

namespace Ops.Runtime.Tests.Monitoring;

public sealed class HistogramTests
{
    [Theory]
    [InlineData(0.0001, 0)]
    [InlineData(0.00011, 1)]
    [InlineData(0.001, 3)]
    [InlineData(10, 15)]
    [InlineData(10.1, 16)]
    public void Observe_Duration_FallsIntoTheFirstBucketThatHoldsIt(double seconds, int bucket)
    {
        var histogram = new Histogram();
        histogram.Observe(TimeSpan.FromSeconds(seconds));
        var counts = new long[Histogram.Bounds.Length + 1];
        var sum = histogram.Read(counts);
        Assert.Equal(seconds, sum, 6);
        Assert.All(counts[..bucket], c => Assert.Equal(0, c));
        Assert.All(counts[bucket..], c => Assert.Equal(1, c));
    }

    [Fact]
    public void Read_AnyDurations_IsCumulativeAndComplete() =>
        Prop.ForAll<int[]>(microseconds =>
        {
            var durations = microseconds.Select(m => TimeSpan.FromMicroseconds(Math.Abs((long)m) * 1000)).ToList();
            var histogram = new Histogram();
            durations.ForEach(histogram.Observe);
            var counts = new long[Histogram.Bounds.Length + 1];
            histogram.Read(counts);
            return counts[^1] == durations.Count
                && Histogram.Bounds.Select((bound, i) => counts[i] == durations.Count(d => d.TotalSeconds <= bound)).All(ok => ok);
        }).QuickCheckThrowOnFailure();
}
