using System.Buffers.Binary;
using Ops.Runtime.Inference;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Grpc;

/// <summary>Tensors as raw bytes: elements little-endian without gaps, strings each behind their length of four bytes.</summary>
internal static class RawContents
{
    private const int LengthBytes = sizeof(uint);

    /// <summary>Makes a tensor of numbers.</summary>
    /// <param name="bytes">What came.</param>
    /// <param name="input">What the model expects: name and type.</param>
    /// <param name="shape">The extents that the request gave, already checked against the model.</param>
    /// <param name="count">Their product.</param>
    /// <param name="memory">What the request may hold.</param>
    /// <exception cref="ProtocolException">400: the bytes are not as many as the shape says, or no such elements.</exception>
    public static OrtTensor Numbers(ReadOnlySpan<byte> bytes, OrtTensorInfo input, long[] shape, long count, RequestMemory memory)
    {
        // Divided, not multiplied: the count may be close to the largest number.
        var size = input.ElementType.Size();
        if (bytes.Length % size != 0 || bytes.Length / size != count)
        {
            throw ProtocolException.BadRequest($"The data of input '{input.Name}' has {bytes.Length} bytes; its shape needs {count} elements of {size}.");
        }

        if (input.ElementType == OrtElementType.Bool && bytes.ContainsAnyExceptInRange((byte)0, (byte)1))
        {
            throw ProtocolException.BadRequest($"The data of input '{input.Name}' has bytes other than 0 and 1, which are no BOOL.");
        }

        memory.TakeTensor(input, count);
        var tensor = OrtTensor.Allocate(input.ElementType, shape);
        bytes.CopyTo(tensor.Data<byte>());
        return tensor;
    }

    /// <summary>Finds the strings of an input, without copying them.</summary>
    /// <param name="bytes">What came.</param>
    /// <param name="input">What the model expects.</param>
    /// <param name="count">How many there must be.</param>
    /// <exception cref="ProtocolException">400: there are more or fewer, or a length goes beyond the end.</exception>
    public static List<ReadOnlyMemory<byte>> Strings(ReadOnlyMemory<byte> bytes, OrtTensorInfo input, long count)
    {
        // Each string takes its length at least. Checked before memory is taken for them.
        if (count > bytes.Length / LengthBytes)
        {
            throw WrongStrings(input, count);
        }

        var strings = new List<ReadOnlyMemory<byte>>((int)count);
        while (strings.Count < count)
        {
            if (bytes.Length < LengthBytes || BinaryPrimitives.ReadUInt32LittleEndian(bytes.Span) is var length && length > (uint)(bytes.Length - LengthBytes))
            {
                throw WrongStrings(input, count);
            }

            strings.Add(bytes.Slice(LengthBytes, (int)length));
            bytes = bytes[(LengthBytes + (int)length)..];
        }

        return bytes.IsEmpty ? strings : throw WrongStrings(input, count);
    }

    /// <summary>The strings of an output, each behind its length.</summary>
    public static byte[] WriteStrings(OutputView output)
    {
        var strings = output.StringBytes(out var offsets);
        var bytes = new byte[checked(strings.Length + (LengthBytes * offsets.Length))];
        var position = 0;
        for (var i = 0; i < offsets.Length; i++)
        {
            var start = (int)offsets[i];
            var text = strings.AsSpan(start, (i + 1 < offsets.Length ? (int)offsets[i + 1] : strings.Length) - start);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(position), (uint)text.Length);
            text.CopyTo(bytes.AsSpan(position + LengthBytes));
            position += LengthBytes + text.Length;
        }

        return bytes;
    }

    private static ProtocolException WrongStrings(OrtTensorInfo input, long count) =>
        ProtocolException.BadRequest($"The data of input '{input.Name}' is not {count} strings, each behind its length.");
}
