using System.Buffers;
using System.Text;

namespace Ops.Dashboard.Features.Registry.Onnx;

/// <summary>The bytes of a file, 64 KiB at a time and forward only, with what protobuf builds from them: numbers and text. Knows no fields.</summary>
internal sealed class ProtoBuffer : IDisposable
{
    /// <summary>The most bytes that a number takes.</summary>
    public const int LongestVarint = 10;

    private const int BufferBytes = 64 * 1024;
    private readonly Stream stream;
    private readonly OnnxReadLimits limits;
    private readonly CancellationToken cancellation;
    private readonly byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
    private int start;
    private int count;

    public ProtoBuffer(Stream stream, OnnxReadLimits limits, CancellationToken cancellation)
    {
        this.stream = stream;
        this.limits = limits;
        this.cancellation = cancellation;
        Total = stream.CanSeek ? stream.Length - stream.Position : null;
        RefuseSize(Total ?? 0);
    }

    /// <summary>Bytes in the file when the stream knows.</summary>
    public long? Total { get; }

    /// <summary>Bytes consumed so far.</summary>
    public long Position { get; private set; }

    /// <summary>Whether nothing is left in the buffer; after <see cref="FillAsync"/>, whether the file has ended.</summary>
    public bool IsEmpty => count == 0;

    /// <summary>The first bytes of the file, without consuming them.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> PeekAsync(int bytes)
    {
        await FillAsync(bytes);
        return buffer.AsMemory(start, Math.Min(bytes, count));
    }

    /// <summary>Tries to have this many bytes in the buffer; fewer only at the end of the file.</summary>
    public ValueTask FillAsync(int wanted) => count >= wanted ? ValueTask.CompletedTask : FillSlowlyAsync(wanted);

    /// <summary>A number of up to ten bytes, of which the caller has filled the buffer as far as the file goes.</summary>
    /// <param name="end">Where the message around it ends.</param>
    public ulong Varint(long end)
    {
        ulong value = 0;
        for (var i = 0; i < LongestVarint; i++)
        {
            if (i >= count)
            {
                throw Truncated();
            }

            if (Position + i >= end)
            {
                throw OnnxRefusedException.Malformed("a number reaches beyond the message around it");
            }

            var b = buffer[start + i];
            if (i == LongestVarint - 1 && b > 1)
            {
                break;
            }

            value |= (ulong)(b & 0x7F) << (7 * i);
            if (b < 0x80)
            {
                Consume(i + 1);
                return value;
            }
        }

        throw OnnxRefusedException.Malformed("a number is longer than 64 bits");
    }

    /// <summary>The next bytes as text.</summary>
    public async ValueTask<string> TextAsync(int length, Encoding encoding)
    {
        if (length <= BufferBytes)
        {
            await FillAsync(length);
            if (count < length)
            {
                throw Truncated();
            }

            var text = encoding.GetString(buffer, start, length);
            Consume(length);
            return text;
        }

        throw new InvalidOperationException("A limit on text is larger than the reader's buffer.");
    }

    /// <summary>Passes over bytes, by seeking where the stream can.</summary>
    public async ValueTask SkipAsync(long length)
    {
        var buffered = (int)Math.Min(length, count);
        Consume(buffered);
        length -= buffered;
        if (length > 0 && Total is not null)
        {
            // Never beyond the end: every length was checked against the size of the file when it was read.
            stream.Seek(length, SeekOrigin.Current);
            Position += length;
            return;
        }

        while (length > 0)
        {
            await FillAsync((int)Math.Min(length, BufferBytes));
            if (count == 0)
            {
                throw Truncated();
            }

            var step = (int)Math.Min(length, count);
            Consume(step);
            length -= step;
        }
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(buffer);

    /// <summary>Refuses a file that has at least this many bytes when that is too many.</summary>
    public void RefuseSize(Int128 bytes)
    {
        if (bytes > limits.MaxFileBytes)
        {
            throw new OnnxRefusedException(
                OnnxRefusalCodes.TooLarge,
                $"The model file is larger than {limits.MaxFileBytes} bytes, the most a protobuf file can hold. Export it with its weights as external data (save_as_external_data) and upload all the files together.");
        }
    }

    /// <summary>What to throw at the end of a file that should go on.</summary>
    public static OnnxRefusedException Truncated() =>
        new(OnnxRefusalCodes.Truncated, "The file ends in the middle of the model. Upload it again; if it stays like this, export the model again.");

    private async ValueTask FillSlowlyAsync(int wanted)
    {
        buffer.AsSpan(start, count).CopyTo(buffer);
        start = 0;
        while (count < wanted)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(count, BufferBytes - count), cancellation);
            if (read == 0)
            {
                return;
            }

            count += read;
            RefuseSize(Position + count);
        }
    }

    private void Consume(int bytes)
    {
        start += bytes;
        count -= bytes;
        Position += bytes;
    }
}
