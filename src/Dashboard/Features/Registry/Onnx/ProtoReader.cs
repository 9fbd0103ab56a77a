using System.Buffers;
using System.Text;

namespace Ops.Dashboard.Features.Registry.Onnx;

/// <summary>How a protobuf field is written (https://protobuf.dev/programming-guides/encoding/).</summary>
internal enum ProtoWireType
{
    Varint = 0,
    Fixed64 = 1,
    Bytes = 2,
    Fixed32 = 5,
}

/// <summary>
/// Reads protobuf forward, one field at a time, in a fixed 64 KiB of memory: fields nobody asks for are
/// skipped, by seeking where the stream can. The caller walks a message with
/// <c>while (await NextAsync(end))</c>; what it does not consume of a field is skipped by the next call.
/// Breaks of the format throw <see cref="OnnxRefusedException"/>; failures of the stream pass through.
/// </summary>
internal sealed class ProtoReader : IDisposable
{
    private const int BufferBytes = 64 * 1024;
    private const int LongestVarint = 10;
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Stream stream;
    private readonly OnnxReadLimits limits;
    private readonly CancellationToken cancellation;
    private readonly byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
    private int start;
    private int count;
    private long pendingEnd;
    private long fields;

    public ProtoReader(Stream stream, OnnxReadLimits limits, CancellationToken cancellation)
    {
        this.stream = stream;
        this.limits = limits;
        this.cancellation = cancellation;
        Total = stream.CanSeek ? stream.Length - stream.Position : null;
        RefuseSize(Total ?? 0);
    }

    /// <summary>Bytes in the file when the stream knows.</summary>
    public long? Total { get; }

    /// <summary>The end of the outermost message: the end of the file, wherever that is.</summary>
    public long RootEnd => Total ?? long.MaxValue;

    /// <summary>Bytes consumed so far.</summary>
    public long Position { get; private set; }

    /// <summary>The number of the current field.</summary>
    public int Field { get; private set; }

    /// <summary>How the current field is written.</summary>
    public ProtoWireType WireType { get; private set; }

    /// <summary>Bytes of the current field's content, as far as they are still to be read.</summary>
    public long Length => Math.Max(0, pendingEnd - Position);

    private ulong Value { get; set; }

    /// <summary>The first bytes of the file, without consuming them.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> PeekAsync(int bytes)
    {
        await FillAsync(bytes);
        return buffer.AsMemory(start, Math.Min(bytes, count));
    }

    /// <summary>Moves to the next field of the message that ends at <paramref name="end"/>.</summary>
    /// <returns>False at the end of the message.</returns>
    public async ValueTask<bool> NextAsync(long end)
    {
        if (pendingEnd > Position)
        {
            await SkipAsync(pendingEnd - Position);
        }

        await FillAsync(LongestVarint);
        if (Position == end || (end == long.MaxValue && count == 0))
        {
            return false;
        }

        if (++fields > limits.MaxFields)
        {
            throw OnnxRefusedException.TooMany("fields", limits.MaxFields);
        }

        if ((fields & 0xFFF) == 0)
        {
            cancellation.ThrowIfCancellationRequested();
        }

        var tag = Varint(end);
        if (tag > uint.MaxValue || tag >> 3 == 0)
        {
            throw OnnxRefusedException.Malformed("it has a field without a valid number");
        }

        Field = (int)(tag >> 3);
        await ReadContentAsync((int)(tag & 7), end);
        return true;
    }

    /// <summary>Enters the message in the current field.</summary>
    /// <returns>Where it ends, for <see cref="NextAsync"/>.</returns>
    public long Enter()
    {
        Expect(ProtoWireType.Bytes);
        var end = pendingEnd;
        pendingEnd = 0;
        return end;
    }

    /// <summary>The current field as a whole number.</summary>
    public long Int64()
    {
        Expect(ProtoWireType.Varint);
        return (long)Value;
    }

    /// <summary>The next number of the packed list that ends at <paramref name="end"/>.</summary>
    public async ValueTask<long> PackedInt64Async(long end)
    {
        await FillAsync(LongestVarint);
        return (long)Varint(end);
    }

    /// <summary>
    /// The current field as a name that must be exact: valid UTF-8 without NUL, at most
    /// <see cref="OnnxReadLimits.MaxNameBytes"/> long.
    /// </summary>
    public async ValueTask<string> NameAsync()
    {
        Expect(ProtoWireType.Bytes);
        if (Length > limits.MaxNameBytes)
        {
            throw new OnnxRefusedException(OnnxRefusalCodes.TooMany, $"The model has a name of {Length} bytes (the limit is {limits.MaxNameBytes}). Export it with shorter names.");
        }

        try
        {
            var name = await TextAsync((int)Length, StrictUtf8);
            return name.Contains('\0') ? throw OnnxRefusedException.Malformed("a name contains a NUL character") : name;
        }
        catch (DecoderFallbackException)
        {
            throw OnnxRefusedException.Malformed("a name is not valid UTF-8");
        }
    }

    /// <summary>
    /// The current field as text for people: at most <paramref name="maxBytes"/> of it, with what cannot be
    /// stored (broken UTF-8, NUL) replaced.
    /// </summary>
    public async ValueTask<(string Text, bool Cut)> TextAsync(int maxBytes)
    {
        Expect(ProtoWireType.Bytes);
        var cut = Length > maxBytes;
        var text = (await TextAsync((int)Math.Min(Length, maxBytes), Encoding.UTF8)).Replace('\0', '\uFFFD');
        return (cut ? text.TrimEnd('\uFFFD') : text, cut);
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(buffer);

    private void Expect(ProtoWireType wanted)
    {
        if (WireType != wanted)
        {
            throw OnnxRefusedException.Malformed($"field {Field} is written as {WireType} where ONNX has {wanted}");
        }
    }

    private async ValueTask ReadContentAsync(int wireType, long end)
    {
        switch (wireType)
        {
            case (int)ProtoWireType.Varint:
                await FillAsync(LongestVarint);
                Value = Varint(end);
                pendingEnd = 0;
                break;
            case (int)ProtoWireType.Bytes:
                await FillAsync(LongestVarint);
                EnterContent(Varint(end), end);
                break;
            case (int)ProtoWireType.Fixed64:
                EnterContent(8, end);
                break;
            case (int)ProtoWireType.Fixed32:
                EnterContent(4, end);
                break;
            default:
                throw OnnxRefusedException.Malformed("it uses a protobuf encoding (groups) that ONNX does not have");
        }

        WireType = (ProtoWireType)wireType;
    }

    private void EnterContent(ulong length, long end)
    {
        if (length > long.MaxValue)
        {
            throw OnnxRefusedException.Malformed("a field has a negative length");
        }

        if ((long)length > end - Position)
        {
            throw end == RootEnd
                ? Truncated()
                : OnnxRefusedException.Malformed("a field is longer than the message around it");
        }

        RefuseSize((Int128)Position + length);
        pendingEnd = Position + (long)length;
    }

    // A number of up to ten bytes, of which the caller has filled the buffer as far as the file goes.
    private ulong Varint(long end)
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

    private async ValueTask<string> TextAsync(int length, Encoding encoding)
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

    private async ValueTask SkipAsync(long length)
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

    // Tries to have this many bytes in the buffer; fewer only at the end of the file.
    private ValueTask FillAsync(int wanted) => count >= wanted ? ValueTask.CompletedTask : FillSlowlyAsync(wanted);

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

    private void RefuseSize(Int128 bytes)
    {
        if (bytes > limits.MaxFileBytes)
        {
            throw new OnnxRefusedException(
                OnnxRefusalCodes.TooLarge,
                $"The model file is larger than {limits.MaxFileBytes} bytes, the most a protobuf file can hold. Export it with its weights as external data (save_as_external_data) and upload all the files together.");
        }
    }

    private static OnnxRefusedException Truncated() =>
        new(OnnxRefusalCodes.Truncated, "The file ends in the middle of the model. Upload it again; if it stays like this, export the model again.");
}
