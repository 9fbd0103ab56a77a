using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Ops.Runtime.Models;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Inference;

/// <summary>Reads an input that is preprocessed: JSON holds the bytes of each of its elements as base64 text.</summary>
internal static class EncodedJsonReader
{
    /// <summary>Reads the elements and makes the tensor.</summary>
    /// <param name="json">On the first token of the data; afterwards on its last.</param>
    /// <param name="model">Makes the tensor.</param>
    /// <param name="input">Position of the input.</param>
    /// <param name="shape">The extents that the request gave, already checked.</param>
    /// <param name="count">Their product.</param>
    /// <exception cref="ProtocolException">The data does not fit.</exception>
    public static OrtTensor Read(ref Utf8JsonReader json, ModelSignature model, int input, long[] shape, int count)
    {
        var name = model.Inputs[input].Name;
        var nesting = new TensorNesting(name, shape);
        nesting.Enter(ref json);
        var buffers = new List<byte[]>();
        try
        {
            var elements = new List<ReadOnlyMemory<byte>>();
            while (nesting.Next(ref json))
            {
                if (elements.Count == count)
                {
                    throw ProtocolException.BadRequest($"The data of input '{name}' has more than the {count} elements of its shape.");
                }

                elements.Add(ReadElement(ref json, buffers, name, elements.Count));
            }

            return elements.Count == count
                ? model.Preprocess(input, elements)
                : throw ProtocolException.BadRequest($"The data of input '{name}' has fewer than the {count} elements of its shape.");
        }
        finally
        {
            buffers.ForEach(b => ArrayPool<byte>.Shared.Return(b));
        }
    }

    private static ReadOnlyMemory<byte> ReadElement(ref Utf8JsonReader json, List<byte[]> buffers, string name, int index)
    {
        if (json.TokenType == JsonTokenType.String)
        {
            // Unescaping and decoding never make it longer.
            var buffer = ArrayPool<byte>.Shared.Rent(json.ValueSpan.Length);
            buffers.Add(buffer);
            var text = buffer.AsSpan(0, JsonText.Copy(ref json, buffer));
            if (Base64.DecodeFromUtf8InPlace(text, out var length) == OperationStatus.Done)
            {
                return buffer.AsMemory(0, length);
            }
        }

        throw ProtocolException.BadRequest($"Element {index} of input '{name}' is not base64 text.");
    }
}
