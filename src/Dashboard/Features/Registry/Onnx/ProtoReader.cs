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
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly OnnxReadLimits limits;
    private readonly CancellationToken cancellation;
    private readonly ProtoBuffer buffer;
    private long pendingEnd;
    private long fields;

    public ProtoReader(Stream stream, OnnxReadLimits limits, CancellationToken cancellation)
    {
        this.limits = limits;
        this.cancellation = cancellation;
        buffer = new(stream, limits, cancellation);
    }

    /// <summary>Bytes in the file when the stream knows.</summary>
    public long? Total => buffer.Total;

    /// <summary>The end of the outermost message: the end of the file, wherever that is.</summary>
    public long RootEnd => Total ?? long.MaxValue;

    /// <summary>Bytes consumed so far.</summary>
    public long Position => buffer.Position;

    /// <summary>The number of the current field.</summary>
    public int Field { get; private set; }

    /// <summary>How the current field is written.</summary>
    public ProtoWireType WireType { get; private set; }

    /// <summary>Bytes of the current field's content, as far as they are still to be read.</summary>
    public long Length => Math.Max(0, pendingEnd - Position);

    private ulong Value { get; set; }

    /// <summary>The first bytes of the file, without consuming them.</summary>
    public ValueTask<ReadOnlyMemory<byte>> PeekAsync(int bytes) => buffer.PeekAsync(bytes);

    /// <summary>Moves to the next field of the message that ends at <paramref name="end"/>.</summary>
    /// <returns>False at the end of the message.</returns>
    public async ValueTask<bool> NextAsync(long end)
    {
        if (pendingEnd > Position)
        {
            await buffer.SkipAsync(pendingEnd - Position);
        }

        await buffer.FillAsync(ProtoBuffer.LongestVarint);
        if (Position == end || (end == long.MaxValue && buffer.IsEmpty))
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

        var tag = buffer.Varint(end);
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
        await buffer.FillAsync(ProtoBuffer.LongestVarint);
        return (long)buffer.Varint(end);
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
            var name = await buffer.TextAsync((int)Length, StrictUtf8);
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
        var text = (await buffer.TextAsync((int)Math.Min(Length, maxBytes), Encoding.UTF8)).Replace('\0', '\uFFFD');
        return (cut ? text.TrimEnd('\uFFFD') : text, cut);
    }

    public void Dispose() => buffer.Dispose();

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
                await buffer.FillAsync(ProtoBuffer.LongestVarint);
                Value = buffer.Varint(end);
                pendingEnd = 0;
                break;
            case (int)ProtoWireType.Bytes:
                await buffer.FillAsync(ProtoBuffer.LongestVarint);
                EnterContent(buffer.Varint(end), end);
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
                ? ProtoBuffer.Truncated()
                : OnnxRefusedException.Malformed("a field is longer than the message around it");
        }

        buffer.RefuseSize((Int128)Position + length);
        pendingEnd = Position + (long)length;
    }
}
