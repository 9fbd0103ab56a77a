namespace Ops.Runtime.Monitoring;

/// <summary>A histogram of durations with fixed buckets from 100 us to 10 s. Safe to use from many threads without a lock.</summary>
internal sealed class Histogram
{
    /// <summary>Upper bounds of the buckets in seconds, inclusive; one more bucket takes what is longer.</summary>
    public static readonly double[] Bounds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly long[] counts = new long[Bounds.Length + 1];
    private long sumTicks;

    /// <summary>Adds one duration.</summary>
    public void Observe(TimeSpan duration)
    {
        var index = Array.BinarySearch(Bounds, duration.TotalSeconds);
        Interlocked.Increment(ref counts[index < 0 ? ~index : index]);
        Interlocked.Add(ref sumTicks, duration.Ticks);
    }

    /// <summary>Reads the histogram.</summary>
    /// <param name="cumulative">Receives, per bucket, how many durations were at most its bound; the last is the total.</param>
    /// <returns>The sum of all durations in seconds.</returns>
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
}
