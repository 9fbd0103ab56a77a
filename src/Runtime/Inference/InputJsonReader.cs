using System.Text.Json;
using Ops.Runtime.Models;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Inference;

/// <summary>Parses the inputs of an inference request: what describes them, and the data that is JSON.</summary>
/// <param name="bodyLength">Bytes of the JSON.</param>
/// <param name="model">Gives the inputs there are.</param>
/// <param name="memory">What the request may hold.</param>
/// <param name="request">Receives the inputs.</param>
/// <param name="binaryFollows">Whether tensors may follow in binary.</param>
internal readonly struct InputJsonReader(int bodyLength, ModelSignature model, RequestMemory memory, ParsedRequest request, bool binaryFollows)
{
    private const int MaxNameLength = 1024;

    /// <param name="json">On the first token of the array; afterwards on its last.</param>
    /// <exception cref="ProtocolException">They are malformed, too large or do not fit the model.</exception>
    public void Read(ref Utf8JsonReader json)
    {
        JsonObjects.Expect(ref json, JsonTokenType.StartArray, "inputs");
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            JsonObjects.Expect(ref json, JsonTokenType.StartObject, "Each of the inputs");
            ReadOne(ref json);
        }
    }

    private void ReadOne(ref Utf8JsonReader json)
    {
        var input = default(Description);
        var sawData = false;
        var read = false;
        // Members come in any order. Data that comes before what describes it is skipped and read afterwards.
        var dataLater = json;
        while (JsonObjects.NextProperty(ref json))
        {
            if (json.ValueTextEquals("data"u8))
            {
                json.Read();
                JsonObjects.Once(!sawData, "data of an input");
                sawData = true;
                if (input.IsComplete)
                {
                    AddData(ref json, input);
                    read = true;
                }
                else
                {
                    dataLater = json;
                    json.Skip();
                }
            }
            else
            {
                input.ReadMember(ref json);
            }
        }

        if (!input.IsComplete || (!sawData && input.BinarySize is null))
        {
            throw ProtocolException.BadRequest("Each of the inputs needs a name, a datatype, a shape and data.");
        }

        if (input.BinarySize is { } size)
        {
            if (sawData)
            {
                throw ProtocolException.BadRequest($"The input '{input.Name}' has both data and binary_data_size.");
            }

            AddBinary(input, size);
        }
        else if (!read)
        {
            AddData(ref dataLater, input);
        }
    }

    private void AddData(ref Utf8JsonReader json, Description input)
    {
        var (index, info, count) = Find(input);
        // Each element takes a digit and a separator at least, so a longer tensor cannot be in this body. Checked before
        // memory is taken for it.
        if (count > bodyLength / 2)
        {
            throw ProtocolException.BadRequest($"The data of input '{input.Name}' has fewer than the {count} elements of its shape.");
        }

        var elements = memory.TakeTensor(info, count);
        request.Inputs[index] = model.IsPreprocessed(index)
            ? memory.Added(EncodedJsonReader.Read(ref json, model, index, input.Shape!, elements))
            : TensorJsonReader.Read(ref json, info, input.Shape!, elements);
    }

    private void AddBinary(Description input, long size)
    {
        if (!binaryFollows)
        {
            throw ProtocolException.BadRequest("Binary tensor data needs the header Inference-Header-Content-Length.");
        }

        var (index, info, count) = Find(input);
        var elementSize = info.ElementType.Size();
        // A string takes at least the four bytes of its length.
        var fits = elementSize == 0 ? count <= size / sizeof(uint) && (count > 0 || size == 0) : size % elementSize == 0 && count == size / elementSize;
        if (!fits)
        {
            throw ProtocolException.BadRequest(
                $"The input '{input.Name}' has a binary_data_size of {size}, which contradicts its {count} elements of {ProtocolTypes.Name(info.ElementType)}.");
        }

        if (size > int.MaxValue - request.BinaryBytes)
        {
            throw new ProtocolException(StatusCodes.Status413PayloadTooLarge, "The binary tensors are too large.");
        }

        request.AddBinary(new BinaryInput(index, input.Shape!, count, size));
    }

    private (int Index, OrtTensorInfo Info, long Count) Find(Description input)
    {
        if (!model.InputIndex.TryGetValue(input.Name!, out var index))
        {
            throw ProtocolException.BadRequest($"The model has no input '{input.Name}'.");
        }

        if (request.IsGiven(index))
        {
            throw ProtocolException.BadRequest($"The input '{input.Name}' is given twice.");
        }

        var info = model.Inputs[index];
        return (index, info, model.CheckInput(index, input.Datatype!, input.Shape!));
    }

    /// <summary>What is said about an input.</summary>
    private struct Description
    {
        public string? Name { get; private set; }

        public string? Datatype { get; private set; }

        public long[]? Shape { get; private set; }

        public long? BinarySize { get; private set; }

        public readonly bool IsComplete => Name is not null && Datatype is not null && Shape is not null;

        /// <summary>Reads a member whose name the reader is on.</summary>
        public void ReadMember(ref Utf8JsonReader json)
        {
            if (json.ValueTextEquals("name"u8))
            {
                json.Read();
                JsonObjects.Once(Name is null, "name of an input");
                Name = JsonText.Read(ref json, "The name of an input", MaxNameLength);
            }
            else if (json.ValueTextEquals("datatype"u8))
            {
                json.Read();
                JsonObjects.Once(Datatype is null, "datatype of an input");
                Datatype = JsonText.Read(ref json, "The datatype of an input", MaxNameLength);
            }
            else if (json.ValueTextEquals("shape"u8))
            {
                json.Read();
                JsonObjects.Once(Shape is null, "shape of an input");
                Shape = ReadShape(ref json);
            }
            else if (json.ValueTextEquals("parameters"u8))
            {
                ReadParameters(ref json);
            }
            else
            {
                json.Skip();
            }
        }

        private static long[] ReadShape(ref Utf8JsonReader json)
        {
            JsonObjects.Expect(ref json, JsonTokenType.StartArray, "The shape of an input");
            Span<long> extents = stackalloc long[TensorNesting.MaxRank];
            var rank = 0;
            while (json.Read() && json.TokenType != JsonTokenType.EndArray)
            {
                if (json.TokenType != JsonTokenType.Number || !json.TryGetInt64(out var extent) || extent < 0)
                {
                    throw ProtocolException.BadRequest("The shape of an input must hold whole numbers of at least 0.");
                }

                if (rank == TensorNesting.MaxRank)
                {
                    throw ProtocolException.BadRequest($"The shape of an input must have at most {TensorNesting.MaxRank} dimensions.");
                }

                extents[rank++] = extent;
            }

            return extents[..rank].ToArray();
        }

        private void ReadParameters(ref Utf8JsonReader json)
        {
            json.Read();
            JsonObjects.Expect(ref json, JsonTokenType.StartObject, "parameters");
            while (JsonObjects.NextProperty(ref json))
            {
                if (json.ValueTextEquals("binary_data_size"u8))
                {
                    JsonObjects.Once(BinarySize is null, "binary_data_size of an input");
                    BinarySize = JsonObjects.ReadCount(ref json, "binary_data_size", long.MaxValue);
                }
                else if (json.ValueTextEquals("shared_memory_region"u8))
                {
                    throw ProtocolException.BadRequest("Shared memory is not supported; tensors travel in the body.");
                }
                else
                {
                    json.Skip();
                }
            }
        }
    }
}
