using System.Threading.Channels;

namespace Ops.Dashboard.Features.ModelStore.Integrity;

/// <summary>Between the commands and the background work: somebody asked, somebody gave up.</summary>
internal sealed class IntegrityWake
{
    private readonly Channel<bool> signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Lock gate = new();
    private Guid current;
    private CancellationTokenSource? reading;

    /// <summary>There is something to do.</summary>
    public void Wake() => signal.Writer.TryWrite(true);

    /// <summary>Stops reading a version, if that is what is being read.</summary>
    public void Cancel(Guid versionId)
    {
        lock (gate)
        {
            if (current == versionId)
            {
                reading?.Cancel();
            }
        }
    }

    /// <summary>Says which version is being read until the result is disposed.</summary>
    public Reading Begin(Guid versionId, CancellationToken cancellation)
    {
        lock (gate)
        {
            reading = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            current = versionId;
            return new Reading(this, reading);
        }
    }

    /// <summary>Waits until woken, or until the time is up.</summary>
    public async Task WaitAsync(TimeSpan most, TimeProvider time, CancellationToken cancellation)
    {
        using var due = new CancellationTokenSource(most, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(due.Token, cancellation);
        try
        {
            await signal.Reader.WaitToReadAsync(either.Token);
            signal.Reader.TryRead(out _);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The next look is due.
        }
    }

    /// <summary>A version being read.</summary>
    internal sealed class Reading(IntegrityWake owner, CancellationTokenSource source) : IDisposable
    {
        /// <summary>Cancelled by the person who gives up, or by the end of the process.</summary>
        public CancellationToken Token => source.Token;

        /// <inheritdoc/>
        public void Dispose()
        {
            lock (owner.gate)
            {
                owner.current = Guid.Empty;
                owner.reading = null;
                source.Dispose();
            }
        }
    }
}
