namespace Ops.Dashboard.Features.Registry.Onnx;

/// <summary>
/// The element types of ONNX (<c>TensorProto.DataType</c> in onnx.proto, IR version 14), their size
/// and the datatype of the Open Inference Protocol that carries the same numbers.
/// </summary>
internal static class OnnxElementTypes
{
    /// <summary>The number of <c>STRING</c>, whose elements have no fixed size.</summary>
    public const int StringType = 8;

    // Index = the number in the file. Bits 0 means no fixed size. BF16 is Triton's name for what the protocol leaves out.
    private static readonly OnnxElementType?[] Known =
    [
        null,
        new("FLOAT", "FP32", 32),
        new("UINT8", "UINT8", 8),
        new("INT8", "INT8", 8),
        new("UINT16", "UINT16", 16),
        new("INT16", "INT16", 16),
        new("INT32", "INT32", 32),
        new("INT64", "INT64", 64),
        new("STRING", "BYTES", 0),
        new("BOOL", "BOOL", 8),
        new("FLOAT16", "FP16", 16),
        new("DOUBLE", "FP64", 64),
        new("UINT32", "UINT32", 32),
        new("UINT64", "UINT64", 64),
        new("COMPLEX64", null, 64),
        new("COMPLEX128", null, 128),
        new("BFLOAT16", "BF16", 16),
        new("FLOAT8E4M3FN", null, 8),
        new("FLOAT8E4M3FNUZ", null, 8),
        new("FLOAT8E5M2", null, 8),
        new("FLOAT8E5M2FNUZ", null, 8),
        new("UINT4", null, 4),
        new("INT4", null, 4),
        new("FLOAT4E2M1", null, 4),
        new("FLOAT8E8M0", null, 8),
        new("UINT2", null, 2),
        new("INT2", null, 2),
    ];

    /// <summary>The element type with this number, or null when ONNX defines none.</summary>
    public static OnnxElementType? Find(long number) =>
        number > 0 && number < Known.Length ? Known[number] : null;
}

/// <summary>One element type.</summary>
/// <param name="Name">Its ONNX name.</param>
/// <param name="Datatype">Its Open Inference Protocol name, or null when the protocol has none.</param>
/// <param name="Bits">The size of one element; 0 when it varies.</param>
internal sealed record OnnxElementType(string Name, string? Datatype, int Bits)
{
    /// <summary>Bytes that this many elements take when packed; null when they are strings or the number does not fit.</summary>
    public long? BytesFor(long elements)
    {
        if (Bits == 0)
        {
            return null;
        }

        var bits = (Int128)elements * Bits;
        var bytes = (bits + 7) / 8;
        return bytes <= long.MaxValue ? (long)bytes : null;
    }
}
