using System.Buffers;
using System.Text.Json;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Inference;

/// <summary>Parses a tensor's JSON elements straight into the tensor's memory.</summary>
internal static class TensorJsonReader
{
    /// <summary>Reads a tensor.</summary>
    /// <param name="json">On the first token of the data; afterwards on its last.</param>
    /// <param name="input">What the model expects: name and type.</param>
    /// <param name="shape">The extents that the request gave, already checked against the model.</param>
    /// <param name="count">Their product, already checked to be possible.</param>
    /// <exception cref="ProtocolException">The data does not fit.</exception>
    public static OrtTensor Read(ref Utf8JsonReader json, OrtTensorInfo input, long[] shape, int count)
    {
        var nesting = new TensorNesting(input.Name, shape);
        nesting.Enter(ref json);
        var tensor = input.ElementType == OrtElementType.String ? OrtTensor.AllocateStrings(shape) : OrtTensor.Allocate(input.ElementType, shape);
        try
        {
            switch (input.ElementType)
            {
                case OrtElementType.Float32: Fill<float, JsonFloat32>(ref json, nesting, input, tensor); break;
                case OrtElementType.Float64: Fill<double, JsonFloat64>(ref json, nesting, input, tensor); break;
                case OrtElementType.Float16: Fill<Half, JsonFloat16>(ref json, nesting, input, tensor); break;
                case OrtElementType.BFloat16: Fill<BrainFloat, JsonBrainFloat>(ref json, nesting, input, tensor); break;
                case OrtElementType.Int8: Fill<sbyte, JsonInt8>(ref json, nesting, input, tensor); break;
                case OrtElementType.UInt8: Fill<byte, JsonUInt8>(ref json, nesting, input, tensor); break;
                case OrtElementType.Int16: Fill<short, JsonInt16>(ref json, nesting, input, tensor); break;
                case OrtElementType.UInt16: Fill<ushort, JsonUInt16>(ref json, nesting, input, tensor); break;
                case OrtElementType.Int32: Fill<int, JsonInt32>(ref json, nesting, input, tensor); break;
                case OrtElementType.UInt32: Fill<uint, JsonUInt32>(ref json, nesting, input, tensor); break;
                case OrtElementType.Int64: Fill<long, JsonInt64>(ref json, nesting, input, tensor); break;
                case OrtElementType.UInt64: Fill<ulong, JsonUInt64>(ref json, nesting, input, tensor); break;
                case OrtElementType.Bool: Fill<byte, JsonBool>(ref json, nesting, input, tensor); break;
                case OrtElementType.String: FillStrings(ref json, nesting, input, tensor, count); break;
                default: throw new NotSupportedException($"Tensors of {input.ElementType} are not read from JSON.");
            }

            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    private static void Fill<T, TElement>(ref Utf8JsonReader json, TensorNesting nesting, OrtTensorInfo input, OrtTensor tensor)
        where T : unmanaged
        where TElement : IJsonElement<T>
    {
        var target = tensor.Data<T>();
        var filled = 0;
        while (nesting.Next(ref json))
        {
            if (filled == target.Length)
            {
                throw WrongCount(input, target.Length, "more");
            }

            if (!TElement.TryRead(ref json, out target[filled]))
            {
                throw WrongElement(input, filled);
            }

            filled++;
        }

        if (filled != target.Length)
        {
            throw WrongCount(input, target.Length, "fewer");
        }
    }

    private static void FillStrings(ref Utf8JsonReader json, TensorNesting nesting, OrtTensorInfo input, OrtTensor tensor, int count)
    {
        var filled = 0;
        while (nesting.Next(ref json))
        {
            if (filled == count)
            {
                throw WrongCount(input, count, "more");
            }

            if (json.TokenType != JsonTokenType.String)
            {
                throw WrongElement(input, filled);
            }

            if (json.ValueIsEscaped)
            {
                // Unescaping never makes a string longer.
                var bytes = ArrayPool<byte>.Shared.Rent(json.ValueSpan.Length);
                try
                {
                    tensor.SetString(filled, bytes.AsSpan(0, JsonText.Copy(ref json, bytes)));
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(bytes);
                }
            }
            else
            {
                tensor.SetString(filled, JsonText.Bytes(ref json));
            }

            filled++;
        }

        if (filled != count)
        {
            throw WrongCount(input, count, "fewer");
        }
    }

    private static ProtocolException WrongCount(OrtTensorInfo input, int expected, string what) =>
        ProtocolException.BadRequest($"The data of input '{input.Name}' has {what} than the {expected} elements of its shape.");

    private static ProtocolException WrongElement(OrtTensorInfo input, int index) =>
        ProtocolException.BadRequest($"Element {index} of input '{input.Name}' is not a valid {ProtocolTypes.Name(input.ElementType)}.");
}
