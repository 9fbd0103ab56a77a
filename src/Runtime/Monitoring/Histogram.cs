namespace Ops.Runtime.Monitoring;

/// <summary>A histogram with fixed buckets. Safe to use from many threads without a lock.</summary>
/// <param name="bounds">Upper bounds of the buckets, inclusive and ascending; one more bucket takes what is larger.</param>
internal sealed class Histogram(double[] bounds)
{
    /// <summary>Bounds for durations in seconds, from 100 us to 10 s.</summary>
    public static readonly double[] Bounds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    /// <summary>Bounds for batch sizes.</summary>
    public static readonly double[] Sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256];

    private readonly long[] counts = new long[bounds.Length + 1];
    private long sumTicks;

    /// <summary>A histogram of durations.</summary>
    public Histogram() : this(Bounds)
    {
    }

    /// <summary>Upper bounds of its buckets but the last.</summary>
    public ReadOnlySpan<double> UpperBounds => bounds;

    /// <summary>Adds one duration.</summary>
    public void Observe(TimeSpan duration) => Observe(duration.TotalSeconds, duration.Ticks);

    /// <summary>Adds one count.</summary>
    public void Observe(long count) => Observe(count, count * TimeSpan.TicksPerSecond);

    /// <summary>Reads the histogram.</summary>
    /// <param name="cumulative">Receives, per bucket, how many were at most its bound; the last is the total.</param>
    /// <returns>The sum of all, of durations in seconds.</returns>
    public double Read(Span<long> cumulative)
    {
        var total = 0L;
        for (var i = 0; i < counts.Length; i++)
        {
            total += Interlocked.Read(ref counts[i]);
            cumulative[i] = total;
        }

        return TimeSpan.FromTicks(Interlocked.Read(ref sumTicks)).TotalSeconds;
    }

    private void Observe(double value, long ticks)
    {
        var index = Array.BinarySearch(bounds, value);
        Interlocked.Increment(ref counts[index < 0 ? ~index : index]);
        Interlocked.Add(ref sumTicks, ticks);
    }
}
