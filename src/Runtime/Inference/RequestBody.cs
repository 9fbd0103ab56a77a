using System.Buffers;
using System.IO.Pipelines;

namespace Ops.Runtime.Inference;

/// <summary>A request body, or its head, in one piece of pooled memory.</summary>
internal sealed class RequestBody : IDisposable
{
    private const int FirstSize = 16 * 1024;
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(FirstSize);
    private int length;

    private RequestBody()
    {
    }

    /// <summary>The bytes. Not after <see cref="Dispose"/>.</summary>
    public ReadOnlySpan<byte> Span => buffer.AsSpan(0, length);

    /// <summary>Reads to the end. Memory grows with what has arrived, not with what a header announces.</summary>
    /// <param name="reader">The body of the request.</param>
    /// <param name="maxBytes">The longest body.</param>
    /// <param name="memory">What the request may hold.</param>
    /// <param name="cancellation">Set when the client went away.</param>
    /// <exception cref="ProtocolException">413: it is longer; 413 or 503: there is not so much memory.</exception>
    /// <exception cref="BadHttpRequestException">The body is broken.</exception>
    public static async ValueTask<RequestBody> ReadAsync(PipeReader reader, long maxBytes, RequestMemory memory, CancellationToken cancellation)
    {
        var body = new RequestBody();
        try
        {
            while (true)
            {
                var result = await reader.ReadAsync(cancellation);
                try
                {
                    if (result.Buffer.Length > maxBytes - body.length)
                    {
                        throw ProtocolException.TooLarge(maxBytes);
                    }

                    body.Append(result.Buffer, memory);
                }
                finally
                {
                    reader.AdvanceTo(result.Buffer.End);
                }

                if (result.IsCompleted)
                {
                    return body;
                }
            }
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    /// <summary>Reads the given number of bytes and leaves what follows.</summary>
    /// <param name="reader">The body of the request.</param>
    /// <param name="headLength">How many bytes.</param>
    /// <param name="memory">What the request may hold.</param>
    /// <param name="cancellation">Set when the client went away.</param>
    /// <exception cref="ProtocolException">400: the body is shorter; 413 or 503: there is not so much memory.</exception>
    /// <exception cref="BadHttpRequestException">The body is broken.</exception>
    public static async ValueTask<RequestBody> ReadHeadAsync(PipeReader reader, int headLength, RequestMemory memory, CancellationToken cancellation)
    {
        var body = new RequestBody();
        try
        {
            while (body.length < headLength)
            {
                var result = await reader.ReadAsync(cancellation);
                var piece = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, headLength - body.length));
                try
                {
                    body.Append(piece, memory);
                }
                finally
                {
                    reader.AdvanceTo(piece.End);
                }

                if (result.IsCompleted && body.length < headLength)
                {
                    throw ProtocolException.BadRequest($"The body ends before the {headLength} bytes that {InferEndpoint.HeaderLengthHeader} announces.");
                }
            }

            return body;
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        var returned = Interlocked.Exchange(ref buffer, []);
        if (returned.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(returned);
        }
    }

    private void Append(ReadOnlySequence<byte> piece, RequestMemory memory)
    {
        var needed = checked(length + (int)piece.Length);
        memory.GrowBodyTo(needed);
        if (needed > buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, (int)Math.Min((long)buffer.Length * 2, Array.MaxLength)));
            Span.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }

        piece.CopyTo(buffer.AsSpan(length));
        length = needed;
    }
}
