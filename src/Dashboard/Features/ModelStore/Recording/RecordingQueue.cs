namespace Ops.Dashboard.Features.ModelStore.Recording;

/// <summary>Says that there may be versions to write down. Saying it twice is saying it once.</summary>
internal sealed class RecordingQueue : IDisposable
{
    private readonly SemaphoreSlim signal = new(0, 1);

    /// <inheritdoc/>
    public void Dispose() => signal.Dispose();

    /// <summary>There may be something to do.</summary>
    public void Wake()
    {
        try
        {
            signal.Release();
        }
        catch (SemaphoreFullException)
        {
            // Said already.
        }
    }

    /// <summary>Waits until somebody says so, at most this long.</summary>
    public Task WaitAsync(TimeSpan most, CancellationToken cancellation) => signal.WaitAsync(most, cancellation);
}
