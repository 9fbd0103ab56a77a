namespace Ops.Runtime.Fetching;

/// <summary>Says now and then how far a download is: at most once a second.</summary>
internal sealed class ProgressLog(long total, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private readonly long begin = time.GetTimestamp();
    private long lineAt = time.GetTimestamp();
    private long here;
    private long fetchedBytes;
    private long fetchedAtLine;

    /// <summary>Takes how much more is there, see <see cref="FetchProgress"/>.</summary>
    public void Add(long bytes, bool fetched)
    {
        here += bytes;
        fetchedBytes += fetched ? bytes : 0;
        var elapsed = time.GetElapsedTime(lineAt);
        if (elapsed < Every)
        {
            return;
        }

        log.FetchProgress(here, total, (long)((fetchedBytes - fetchedAtLine) / elapsed.TotalSeconds));
        (lineAt, fetchedAtLine) = (time.GetTimestamp(), fetchedBytes);
    }

    /// <summary>Says that everything is there.</summary>
    public void End() => log.FetchDone(fetchedBytes, time.GetElapsedTime(begin).TotalSeconds, total);
}
