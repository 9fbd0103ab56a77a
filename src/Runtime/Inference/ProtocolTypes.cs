using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Inference;

/// <summary>The protocol's names of element types.</summary>
internal static class ProtocolTypes
{
    /// <summary>The name of a type that the runtime serves.</summary>
    public static string Name(OrtElementType type) => type switch
    {
        OrtElementType.Float32 => "FP32",
        OrtElementType.UInt8 => "UINT8",
        OrtElementType.Int8 => "INT8",
        OrtElementType.UInt16 => "UINT16",
        OrtElementType.Int16 => "INT16",
        OrtElementType.Int32 => "INT32",
        OrtElementType.Int64 => "INT64",
        OrtElementType.String => "BYTES",
        OrtElementType.Bool => "BOOL",
        OrtElementType.Float16 => "FP16",
        OrtElementType.Float64 => "FP64",
        OrtElementType.UInt32 => "UINT32",
        OrtElementType.UInt64 => "UINT64",
        OrtElementType.BFloat16 => "BF16",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a type that the runtime serves."),
    };
}
