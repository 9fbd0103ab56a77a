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
        if (input.ElementType == OrtElementType.String)
        {
            return OrtTensor.FromStrings(shape, ReadStrings(ref json, nesting, input, count));
        }

        var tensor = OrtTensor.Allocate(input.ElementType, shape);
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

    private static List<byte[]> ReadStrings(ref Utf8JsonReader json, TensorNesting nesting, OrtTensorInfo input, int count)
    {
        var strings = new List<byte[]>(count);
        while (nesting.Next(ref json))
        {
            if (strings.Count == count)
            {
                throw WrongCount(input, count, "more");
            }

            if (json.TokenType != JsonTokenType.String)
            {
                throw WrongElement(input, strings.Count);
            }

            // Unescaping never makes a string longer; one byte more for the 0 that ends it.
            var bytes = new byte[json.ValueSpan.Length + 1];
            var length = JsonText.Copy(ref json, bytes);
            if (bytes.AsSpan(0, length).Contains((byte)0))
            {
                throw ProtocolException.BadRequest($"Element {strings.Count} of input '{input.Name}' holds a NUL character, which strings cannot carry.");
            }

            strings.Add(bytes);
        }

        return strings.Count == count ? strings : throw WrongCount(input, count, "fewer");
    }

    private static ProtocolException WrongCount(OrtTensorInfo input, int expected, string what) =>
        ProtocolException.BadRequest($"The data of input '{input.Name}' has {what} than the {expected} elements of its shape.");

    private static ProtocolException WrongElement(OrtTensorInfo input, int index) =>
        ProtocolException.BadRequest($"Element {index} of input '{input.Name}' is not a valid {ProtocolTypes.Name(input.ElementType)}.");
}
