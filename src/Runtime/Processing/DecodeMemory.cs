using System.Buffers;
using Ops.Runtime.Inference;

namespace Ops.Runtime.Processing;

/// <summary>
/// Pooled memory for pixels, bounded for the whole process: a decoded image is up to a thousand times as large as what
/// was sent, so the limit on request bodies does not bound it. A request that finds none left is turned away instead of
/// blocking a thread.
/// </summary>
/// <param name="limit">Bytes that may be in use at once.</param>
internal sealed class DecodeMemory(long limit)
{
    private const long DefaultLimit = 1024L * 1024 * 1024;
    private long used;

    /// <summary>The one of the process.</summary>
    public static DecodeMemory Shared { get; } = new(DefaultLimit);

    /// <summary>Bytes in use.</summary>
    public long Used => Interlocked.Read(ref used);

    /// <summary>Takes memory with undefined content.</summary>
    /// <param name="bytes">How much.</param>
    /// <exception cref="ProtocolException">503: too much is in use; 400: so much there will never be.</exception>
    public Piece Rent(long bytes)
    {
        if (bytes > limit)
        {
            throw ProtocolException.BadRequest("An image needs too much memory to be decoded and resized.");
        }

        if (Interlocked.Add(ref used, bytes) > limit)
        {
            Interlocked.Add(ref used, -bytes);
            throw new ProtocolException(StatusCodes.Status503ServiceUnavailable, "Too many images are being decoded.");
        }

        try
        {
            return new Piece(this, ArrayPool<byte>.Shared.Rent((int)bytes), (int)bytes);
        }
        catch
        {
            Interlocked.Add(ref used, -bytes);
            throw;
        }
    }

    /// <summary>Memory until it is disposed.</summary>
    internal sealed class Piece(DecodeMemory owner, byte[] array, int length) : IDisposable
    {
        private byte[]? array = array;

        /// <summary>The bytes. Not after <see cref="Dispose"/>.</summary>
        public Span<byte> Span => array.AsSpan(0, length);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref array, null) is { } returned)
            {
                ArrayPool<byte>.Shared.Return(returned);
                Interlocked.Add(ref owner.used, -length);
            }
        }
    }
}
