using System.Numerics;
using Google.Protobuf.Collections;
using Ops.Runtime.Grpc.Protocol;
using Ops.Runtime.Inference;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Grpc;

/// <summary>Tensors in the message's field of their type.</summary>
internal static class TypedContents
{
    private static readonly InferTensorContents None = new();

    /// <summary>Makes a tensor of numbers.</summary>
    /// <param name="given">What came; null for nothing.</param>
    /// <param name="input">What the model expects: name and type.</param>
    /// <param name="shape">The extents that the request gave, already checked against the model.</param>
    /// <param name="count">Their product.</param>
    /// <param name="memory">What the request may hold.</param>
    /// <exception cref="ProtocolException">400: the elements are in another field, not as many as the shape says, or
    /// outside the range of their type.</exception>
    public static OrtTensor Numbers(InferTensorContents? given, OrtTensorInfo input, long[] shape, long count, RequestMemory memory)
    {
        var contents = given ?? None;
        RefuseOtherFields(contents, input);
        switch (input.ElementType)
        {
            case OrtElementType.Bool: return Copy<bool, byte>(contents.BoolContents, input, shape, count, memory, static b => b ? (byte)1 : (byte)0);
            case OrtElementType.Int8: return Narrow<int, sbyte>(contents.IntContents, input, shape, count, memory);
            case OrtElementType.Int16: return Narrow<int, short>(contents.IntContents, input, shape, count, memory);
            case OrtElementType.Int32: return Copy<int, int>(contents.IntContents, input, shape, count, memory, static n => n);
            case OrtElementType.Int64: return Copy<long, long>(contents.Int64Contents, input, shape, count, memory, static n => n);
            case OrtElementType.UInt8: return Narrow<uint, byte>(contents.UintContents, input, shape, count, memory);
            case OrtElementType.UInt16: return Narrow<uint, ushort>(contents.UintContents, input, shape, count, memory);
            case OrtElementType.UInt32: return Copy<uint, uint>(contents.UintContents, input, shape, count, memory, static n => n);
            case OrtElementType.UInt64: return Copy<ulong, ulong>(contents.Uint64Contents, input, shape, count, memory, static n => n);
            case OrtElementType.Float32: return Copy<float, float>(contents.Fp32Contents, input, shape, count, memory, static n => n);
            case OrtElementType.Float64: return Copy<double, double>(contents.Fp64Contents, input, shape, count, memory, static n => n);
            default:
                throw ProtocolException.BadRequest($"The input '{input.Name}' of type {ProtocolTypes.Name(input.ElementType)} must be in raw_input_contents; contents have no field for it.");
        }
    }

    /// <summary>Finds the strings of an input, without copying them.</summary>
    /// <param name="given">What came; null for nothing.</param>
    /// <param name="input">What the model expects.</param>
    /// <param name="count">How many there must be.</param>
    /// <exception cref="ProtocolException">400: they are in another field, or not as many.</exception>
    public static List<ReadOnlyMemory<byte>> Strings(InferTensorContents? given, OrtTensorInfo input, long count)
    {
        var contents = given ?? None;
        RefuseOtherFields(contents, input);
        CheckCount(contents.BytesContents.Count, input, count);
        return contents.BytesContents.Select(text => text.Memory).ToList();
    }

    private static OrtTensor Narrow<TWide, TElement>(RepeatedField<TWide> given, OrtTensorInfo input, long[] shape, long count, RequestMemory memory)
        where TWide : unmanaged, INumberBase<TWide>
        where TElement : unmanaged, INumberBase<TElement>
    {
        try
        {
            return Copy<TWide, TElement>(given, input, shape, count, memory, static n => TElement.CreateChecked(n));
        }
        catch (OverflowException)
        {
            throw ProtocolException.BadRequest($"The data of input '{input.Name}' has numbers outside the range of {ProtocolTypes.Name(input.ElementType)}.");
        }
    }

    private static OrtTensor Copy<TGiven, TElement>(RepeatedField<TGiven> given, OrtTensorInfo input, long[] shape, long count, RequestMemory memory, Func<TGiven, TElement> convert)
        where TElement : unmanaged
    {
        CheckCount(given.Count, input, count);
        memory.TakeTensor(input, count);
        var tensor = OrtTensor.Allocate(input.ElementType, shape);
        try
        {
            var data = tensor.Data<TElement>();
            for (var i = 0; i < data.Length; i++)
            {
                data[i] = convert(given[i]);
            }

            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    private static void CheckCount(int given, OrtTensorInfo input, long count)
    {
        if (given != count)
        {
            throw ProtocolException.BadRequest($"The data of input '{input.Name}' has {given} elements; its shape needs {count}.");
        }
    }

    /// <summary>Elements in a wrong field would otherwise be taken for none.</summary>
    private static void RefuseOtherFields(InferTensorContents contents, OrtTensorInfo input)
    {
        var all = contents.BoolContents.Count + (long)contents.IntContents.Count + contents.Int64Contents.Count + contents.UintContents.Count
            + contents.Uint64Contents.Count + contents.Fp32Contents.Count + contents.Fp64Contents.Count + contents.BytesContents.Count;
        var own = input.ElementType switch
        {
            OrtElementType.Bool => contents.BoolContents.Count,
            OrtElementType.Int8 or OrtElementType.Int16 or OrtElementType.Int32 => contents.IntContents.Count,
            OrtElementType.Int64 => contents.Int64Contents.Count,
            OrtElementType.UInt8 or OrtElementType.UInt16 or OrtElementType.UInt32 => contents.UintContents.Count,
            OrtElementType.UInt64 => contents.Uint64Contents.Count,
            OrtElementType.Float32 => contents.Fp32Contents.Count,
            OrtElementType.Float64 => contents.Fp64Contents.Count,
            OrtElementType.String => contents.BytesContents.Count,
            _ => all,
        };
        if (own != all)
        {
            throw ProtocolException.BadRequest($"The data of input '{input.Name}' is not in the field for {ProtocolTypes.Name(input.ElementType)}.");
        }
    }
}
