namespace Ops.Dashboard.Features.ModelStore.Integrity;

/// <summary>Keeps background reading below a rate, so that it does not take the disk away from those who wait for it.</summary>
/// <param name="bytesPerSecond">The rate, or 0 for as fast as it goes.</param>
/// <param name="time">The clock.</param>
internal sealed class ReadPace(long bytesPerSecond, TimeProvider time)
{
    private readonly long began = time.GetTimestamp();
    private long bytes;

    /// <summary>Notes that bytes were read, and waits until they may have been.</summary>
    public async ValueTask ReadAsync(int count, CancellationToken cancellation)
    {
        if (bytesPerSecond <= 0)
        {
            return;
        }

        bytes += count;
        var ahead = TimeSpan.FromSeconds((double)bytes / bytesPerSecond) - time.GetElapsedTime(began);
        if (ahead > TimeSpan.FromMilliseconds(5))
        {
            await Task.Delay(ahead, time, cancellation);
        }
    }
}
