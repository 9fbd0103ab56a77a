using System.Text.Json;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Inference;

/// <summary>Writes a tensor's elements as JSON values, any run of them at a time.</summary>
internal sealed class TensorJsonWriter
{
    private readonly OutputView tensor;
    private readonly byte[] strings = [];
    private readonly nuint[] offsets = [];

    public TensorJsonWriter(OutputView tensor)
    {
        this.tensor = tensor;
        Count = checked((int)tensor.ElementCount);
        if (tensor.ElementType == OrtElementType.String)
        {
            strings = tensor.StringBytes(out offsets);
        }
    }

    /// <summary>How many elements there are.</summary>
    public int Count { get; }

    /// <summary>Writes the elements from <paramref name="start"/> on.</summary>
    public void Write(Utf8JsonWriter json, int start, int count)
    {
        switch (tensor.ElementType)
        {
            case OrtElementType.Float32: Write<float, JsonFloat32>(json, start, count); break;
            case OrtElementType.Float64: Write<double, JsonFloat64>(json, start, count); break;
            case OrtElementType.Float16: Write<Half, JsonFloat16>(json, start, count); break;
            case OrtElementType.BFloat16: Write<BrainFloat, JsonBrainFloat>(json, start, count); break;
            case OrtElementType.Int8: Write<sbyte, JsonInt8>(json, start, count); break;
            case OrtElementType.UInt8: Write<byte, JsonUInt8>(json, start, count); break;
            case OrtElementType.Int16: Write<short, JsonInt16>(json, start, count); break;
            case OrtElementType.UInt16: Write<ushort, JsonUInt16>(json, start, count); break;
            case OrtElementType.Int32: Write<int, JsonInt32>(json, start, count); break;
            case OrtElementType.UInt32: Write<uint, JsonUInt32>(json, start, count); break;
            case OrtElementType.Int64: Write<long, JsonInt64>(json, start, count); break;
            case OrtElementType.UInt64: Write<ulong, JsonUInt64>(json, start, count); break;
            case OrtElementType.Bool: Write<byte, JsonBool>(json, start, count); break;
            case OrtElementType.String: WriteStrings(json, start, count); break;
            default: throw new NotSupportedException($"Tensors of {tensor.ElementType} are not written as JSON.");
        }
    }

    private void Write<T, TElement>(Utf8JsonWriter json, int start, int count)
        where T : unmanaged
        where TElement : IJsonElement<T>
    {
        foreach (var value in tensor.Data<T>().Slice(start, count))
        {
            TElement.Write(json, value);
        }
    }

    private void WriteStrings(Utf8JsonWriter json, int start, int count)
    {
        for (var i = start; i < start + count; i++)
        {
            var from = (int)offsets[i];
            var to = i + 1 < offsets.Length ? (int)offsets[i + 1] : strings.Length;
            json.WriteStringValue(strings.AsSpan(from, to - from));
        }
    }
}
