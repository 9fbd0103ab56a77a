using System.Buffers;
using System.IO.Pipelines;

namespace Ops.Runtime.Inference;

/// <summary>A whole request body in one piece of pooled memory.</summary>
internal sealed class RequestBody : IDisposable
{
    private const int FirstSize = 16 * 1024;
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(FirstSize);
    private int length;

    /// <summary>The bytes. Not after <see cref="Dispose"/>.</summary>
    public ReadOnlySpan<byte> Span => buffer.AsSpan(0, length);

    /// <summary>Reads to the end. Memory grows with what has arrived, not with what a header announces.</summary>
    /// <exception cref="BadHttpRequestException">The body is larger than the server's limit, or broken.</exception>
    public static async Task<RequestBody> ReadAsync(PipeReader reader, CancellationToken cancellation)
    {
        var body = new RequestBody();
        try
        {
            while (true)
            {
                var result = await reader.ReadAsync(cancellation);
                foreach (var segment in result.Buffer)
                {
                    body.Append(segment.Span);
                }

                reader.AdvanceTo(result.Buffer.End);
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

    public void Dispose()
    {
        var returned = Interlocked.Exchange(ref buffer, []);
        if (returned.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(returned);
        }
    }

    private void Append(ReadOnlySpan<byte> piece)
    {
        var needed = checked(length + piece.Length);
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
