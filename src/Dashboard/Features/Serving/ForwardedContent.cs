using System.Buffers;
using System.Net;

namespace Ops.Dashboard.Features.Serving;

/// <summary>Streams a request's body to a replica without holding it. Remembers whether any of it was read: then it can be sent again only from a whole copy.</summary>
/// <param name="body">The client's body.</param>
/// <param name="length">Its length, where the client says it.</param>
/// <param name="activity">Told when something moves.</param>
/// <param name="copy">Also gets what is sent. What is in it already, an earlier attempt has read, so that goes first. Null for nobody.</param>
internal sealed class ForwardedContent(Stream body, long? length, ActivityTimeout activity, MemoryStream? copy = null) : HttpContent
{
    private readonly CancellationTokenSource stop = new();
    private Task sending = Task.CompletedTask;

    /// <summary>Whether the body was begun.</summary>
    public bool IsStarted { get; private set; }

    /// <summary>Whether the body can be sent once more, after <see cref="StopAsync"/>.</summary>
    public bool CanRepeat => !IsStarted || BodyCopies.IsWhole(copy);

    /// <summary>Ends the sending: an answer may have come before all was sent, and nobody may read the client's body beside the next attempt.</summary>
    public async Task StopAsync()
    {
        await stop.CancelAsync();
        await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        IsStarted = true;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stop.Token);
        sending = SendAsync(stream, either.Token);
        await sending;
    }

    private async Task SendAsync(Stream stream, CancellationToken cancellation)
    {
        if (copy is { Length: > 0 })
        {
            await stream.WriteAsync(copy.GetBuffer().AsMemory(0, (int)copy.Length), cancellation);
            activity.Touch();
        }

        await StreamCopy.CopyAsync(body, stream, activity, cancellation, copy);
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long computed)
    {
        computed = length ?? 0;
        return length is not null;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        stop.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>Copies streams through one pooled buffer, passing on what arrives as it arrives.</summary>
internal static class StreamCopy
{
    private const int BufferSize = 64 * 1024;

    /// <summary>Copies to the end.</summary>
    /// <exception cref="OperationCanceledException">Cancelled, or nothing moved for too long.</exception>
    public static async Task CopyAsync(Stream from, Stream to, ActivityTimeout activity, CancellationToken cancellation, MemoryStream? copy = null)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            int read;
            while ((read = await from.ReadAsync(buffer.AsMemory(0, BufferSize), cancellation)) > 0)
            {
                activity.Touch();
                BodyCopies.Add(copy, buffer.AsSpan(0, read));
                await to.WriteAsync(buffer.AsMemory(0, read), cancellation);
                await to.FlushAsync(cancellation);
                activity.Touch();
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

/// <summary>Cancels when nothing moved for a time, or when the client has gone.</summary>
internal sealed class ActivityTimeout : IDisposable
{
    private readonly CancellationTokenSource source;
    private readonly TimeSpan limit;

    /// <summary>Begins to watch.</summary>
    public ActivityTimeout(TimeSpan limit, CancellationToken client)
    {
        this.limit = limit;
        source = CancellationTokenSource.CreateLinkedTokenSource(client);
        source.CancelAfter(limit);
    }

    /// <summary>Cancelled by silence or by the client.</summary>
    public CancellationToken Token => source.Token;

    /// <summary>Something moved.</summary>
    public void Touch() => source.CancelAfter(limit);

    /// <inheritdoc/>
    public void Dispose() => source.Dispose();
}
