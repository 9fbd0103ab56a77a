namespace Ops.Runtime.OnnxRuntime;

/// <summary>
/// Says which run of a session gives the arena's surplus back. An arena only grows: one run with a large input keeps its
/// memory for good. When a series of runs needed much less than the largest since the last time, the surplus is released
/// with the last of them; a steady load of any size never pays for it.
/// </summary>
internal sealed class ArenaTrim
{
    /// <summary>So many runs in a row have to be small, so that alternating sizes do not release and take for ever.</summary>
    public const int Series = 16;

    private const int Ratio = 4;

    /// <summary>Below this a spike is not worth the work.</summary>
    private const long LeastSpike = 1024 * 1024;

    private readonly Lock gate = new();
    private long largest;
    private long largestOfSeries;
    private int small;

    /// <summary>Takes note of a run.</summary>
    /// <param name="bytes">What its inputs take.</param>
    /// <returns>Whether this run is to give memory back.</returns>
    public bool Next(long bytes)
    {
        lock (gate)
        {
            largest = Math.Max(largest, bytes);
            if (largest < LeastSpike || bytes > largest / Ratio)
            {
                small = 0;
                largestOfSeries = 0;
                return false;
            }

            largestOfSeries = Math.Max(largestOfSeries, bytes);
            if (++small < Series)
            {
                return false;
            }

            largest = largestOfSeries;
            small = 0;
            largestOfSeries = 0;
            return true;
        }
    }
}
