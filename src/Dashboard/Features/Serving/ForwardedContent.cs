using System.Buffers;
using System.Net;

namespace Ops.Dashboard.Features.Serving;

/// <summary>Streams a request's body to a replica without holding it. Remembers whether any of it was read: then it cannot be sent twice.</summary>
/// <param name="body">The client's body.</param>
/// <param name="length">Its length, where the client says it.</param>
/// <param name="activity">Told when something moves.</param>
/// <param name="copy">Also gets what is sent, up to a little more than <see cref="ShadowCopies.LargestBody"/>; null for nobody.</param>
internal sealed class ForwardedContent(Stream body, long? length, ActivityTimeout activity, MemoryStream? copy = null) : HttpContent
{
    /// <summary>Whether the body was begun.</summary>
    public bool IsStarted { get; private set; }

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        IsStarted = true;
        await StreamCopy.CopyAsync(body, stream, activity, cancellationToken, copy);
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long computed)
    {
        computed = length ?? 0;
        return length is not null;
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
                if (copy is { Length: <= ShadowCopies.LargestBody })
                {
                    copy.Write(buffer, 0, read);
                }

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
