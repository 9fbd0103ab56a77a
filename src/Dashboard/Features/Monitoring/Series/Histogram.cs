namespace Ops.Dashboard.Features.Monitoring.Series;

/// <summary>A histogram as counters: how many observations fell into each bucket since the process started.</summary>
/// <param name="Bounds">Upper bounds in seconds, ascending; the last bucket has no bound and is not listed.</param>
/// <param name="Counts">One more than bounds; not cumulative over buckets.</param>
internal sealed record Histogram(double[] Bounds, long[] Counts)
{
    /// <summary>An empty histogram.</summary>
    public static Histogram Empty { get; } = new([], [0]);

    /// <summary>All observations.</summary>
    public long Total => Counts.Sum();

    /// <summary>What came since an earlier reading. After a restart of the process, when counters went down, everything is new.</summary>
    public Histogram Since(Histogram earlier)
    {
        if (!Bounds.AsSpan().SequenceEqual(earlier.Bounds))
        {
            return this;
        }

        var difference = new long[Counts.Length];
        for (var i = 0; i < difference.Length; i++)
        {
            difference[i] = Counts[i] - earlier.Counts[i];
            if (difference[i] < 0)
            {
                return this;
            }
        }

        return this with { Counts = difference };
    }

    /// <summary>The value below which a share of the observations lies, by linear interpolation within its bucket, as Prometheus' histogram_quantile does; NaN when there are none.</summary>
    /// <param name="share">0 to 1.</param>
    public double Quantile(double share)
    {
        var total = Total;
        if (total == 0 || Bounds.Length == 0)
        {
            return double.NaN;
        }

        var rank = share * total;
        double below = 0;
        for (var i = 0; i < Bounds.Length; i++)
        {
            if (below + Counts[i] >= rank && Counts[i] > 0)
            {
                var lower = i == 0 ? 0 : Bounds[i - 1];
                return lower + ((Bounds[i] - lower) * Math.Max(0, rank - below) / Counts[i]);
            }

            below += Counts[i];
        }

        // It lies in the bucket without a bound; the largest bound is all that is known.
        return Bounds[^1];
    }
}
