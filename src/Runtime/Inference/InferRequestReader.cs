using System.Text.Json;
using Ops.Runtime.Models;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Inference;

/// <summary>Parses the JSON body of an inference request against the model it is for.</summary>
internal static class InferRequestReader
{
    private const int MaxDepth = 32;
    private const int MaxIdLength = 1024;
    private const int MaxNameLength = 1024;

    /// <summary>Parses a request.</summary>
    /// <param name="body">The whole body, UTF-8.</param>
    /// <param name="model">Gives the inputs and outputs there are.</param>
    /// <returns>The request; the caller disposes it.</returns>
    /// <exception cref="ProtocolException">The body is malformed or does not fit the model.</exception>
    public static InferRequest Read(ReadOnlySpan<byte> body, ModelSignature model)
    {
        var inputs = new OrtTensor?[model.Session.Inputs.Count];
        try
        {
            var json = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MaxDepth });
            return Read(ref json, body.Length, model, inputs);
        }
        catch (Exception exception)
        {
            foreach (var input in inputs)
            {
                input?.Dispose();
            }

            if (exception is JsonException)
            {
                throw ProtocolException.BadRequest($"The body is not valid JSON, or nested deeper than {MaxDepth} levels.");
            }

            throw;
        }
    }

    private static InferRequest Read(ref Utf8JsonReader json, int bodyLength, ModelSignature model, OrtTensor?[] inputs)
    {
        string? id = null;
        RequestedOutput[]? outputs = null;
        var sawInputs = false;
        json.Read();
        Expect(ref json, JsonTokenType.StartObject, "The body");
        while (NextProperty(ref json))
        {
            if (json.ValueTextEquals("id"u8))
            {
                json.Read();
                Once(id is null, "id");
                id = JsonText.Read(ref json, "The id", MaxIdLength);
            }
            else if (json.ValueTextEquals("inputs"u8))
            {
                json.Read();
                Once(!sawInputs, "inputs");
                sawInputs = true;
                ReadInputs(ref json, bodyLength, model, inputs);
            }
            else if (json.ValueTextEquals("outputs"u8))
            {
                json.Read();
                Once(outputs is null, "outputs");
                outputs = ReadOutputs(ref json, model);
            }
            else if (json.ValueTextEquals("parameters"u8))
            {
                SkipParameters(ref json);
            }
            else
            {
                json.Skip();
            }
        }

        if (json.Read())
        {
            throw ProtocolException.BadRequest("The body goes on after its end.");
        }

        var complete = new OrtTensor[inputs.Length];
        for (var i = 0; i < inputs.Length; i++)
        {
            complete[i] = inputs[i] ?? throw ProtocolException.BadRequest($"The input '{model.Session.Inputs[i].Name}' is missing.");
        }

        return new InferRequest(id, complete, outputs is { Length: > 0 } ? outputs : model.EveryOutput, InferParameters.Default);
    }

    private static void ReadInputs(ref Utf8JsonReader json, int bodyLength, ModelSignature model, OrtTensor?[] inputs)
    {
        Expect(ref json, JsonTokenType.StartArray, "inputs");
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            Expect(ref json, JsonTokenType.StartObject, "Each of the inputs");
            ReadInput(ref json, bodyLength, model, inputs);
        }
    }

    private static void ReadInput(ref Utf8JsonReader json, int bodyLength, ModelSignature model, OrtTensor?[] inputs)
    {
        string? name = null;
        string? datatype = null;
        long[]? shape = null;
        var sawData = false;
        var read = false;
        // Members come in any order. Data that comes before what describes it is skipped and read afterwards.
        var dataLater = json;
        while (NextProperty(ref json))
        {
            if (json.ValueTextEquals("name"u8))
            {
                json.Read();
                Once(name is null, "name of an input");
                name = JsonText.Read(ref json, "The name of an input", MaxNameLength);
            }
            else if (json.ValueTextEquals("datatype"u8))
            {
                json.Read();
                Once(datatype is null, "datatype of an input");
                datatype = JsonText.Read(ref json, "The datatype of an input", MaxNameLength);
            }
            else if (json.ValueTextEquals("shape"u8))
            {
                json.Read();
                Once(shape is null, "shape of an input");
                shape = ReadShape(ref json);
            }
            else if (json.ValueTextEquals("data"u8))
            {
                json.Read();
                Once(!sawData, "data of an input");
                sawData = true;
                if (name is not null && datatype is not null && shape is not null)
                {
                    AddInput(ref json, bodyLength, model, inputs, name, datatype, shape);
                    read = true;
                }
                else
                {
                    dataLater = json;
                    json.Skip();
                }
            }
            else if (json.ValueTextEquals("parameters"u8))
            {
                SkipParameters(ref json);
            }
            else
            {
                json.Skip();
            }
        }

        if (name is null || datatype is null || shape is null || !sawData)
        {
            throw ProtocolException.BadRequest("Each of the inputs needs a name, a datatype, a shape and data.");
        }

        if (!read)
        {
            AddInput(ref dataLater, bodyLength, model, inputs, name, datatype, shape);
        }
    }

    private static void AddInput(ref Utf8JsonReader json, int bodyLength, ModelSignature model, OrtTensor?[] inputs, string name, string datatype, long[] shape)
    {
        if (!model.InputIndex.TryGetValue(name, out var index))
        {
            throw ProtocolException.BadRequest($"The model has no input '{name}'.");
        }

        if (inputs[index] is not null)
        {
            throw ProtocolException.BadRequest($"The input '{name}' is given twice.");
        }

        var info = model.Inputs[index];
        var count = model.CheckInput(index, datatype, shape);
        // Each element takes a digit and a separator at least, so a longer tensor cannot be in this body. Checked before
        // memory is taken for it.
        if (count > bodyLength / 2)
        {
            throw ProtocolException.BadRequest($"The data of input '{name}' has fewer than the {count} elements of its shape.");
        }

        inputs[index] = model.IsPreprocessed(index)
            ? EncodedJsonReader.Read(ref json, model, index, shape, (int)count)
            : TensorJsonReader.Read(ref json, info, shape, (int)count);
    }

    private static long[] ReadShape(ref Utf8JsonReader json)
    {
        Expect(ref json, JsonTokenType.StartArray, "The shape of an input");
        var extents = new List<long>(4);
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (json.TokenType != JsonTokenType.Number || !json.TryGetInt64(out var extent) || extent < 0)
            {
                throw ProtocolException.BadRequest("The shape of an input must hold whole numbers of at least 0.");
            }

            if (extents.Count == TensorNesting.MaxRank)
            {
                throw ProtocolException.BadRequest($"The shape of an input must have at most {TensorNesting.MaxRank} dimensions.");
            }

            extents.Add(extent);
        }

        return [.. extents];
    }

    private static RequestedOutput[] ReadOutputs(ref Utf8JsonReader json, ModelSignature model)
    {
        Expect(ref json, JsonTokenType.StartArray, "outputs");
        var outputs = new List<RequestedOutput>(model.AllOutputs.Length);
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            Expect(ref json, JsonTokenType.StartObject, "Each of the outputs");
            string? name = null;
            while (NextProperty(ref json))
            {
                if (json.ValueTextEquals("name"u8))
                {
                    json.Read();
                    Once(name is null, "name of an output");
                    name = JsonText.Read(ref json, "The name of an output", MaxNameLength);
                }
                else if (json.ValueTextEquals("parameters"u8))
                {
                    SkipParameters(ref json);
                }
                else
                {
                    json.Skip();
                }
            }

            if (name is null || !model.OutputIndex.TryGetValue(name, out var index))
            {
                throw ProtocolException.BadRequest(name is null ? "Each of the outputs needs a name." : $"The model has no output '{name}'.");
            }

            if (outputs.Exists(o => o.Index == index))
            {
                throw ProtocolException.BadRequest($"The output '{name}' is asked for twice.");
            }

            outputs.Add(new RequestedOutput(index));
        }

        return [.. outputs];
    }

    /// <summary>Parameters that ask for something else than what is given are refused, unknown ones are ignored.</summary>
    private static void SkipParameters(ref Utf8JsonReader json)
    {
        json.Read();
        Expect(ref json, JsonTokenType.StartObject, "parameters");
        while (NextProperty(ref json))
        {
            if (json.ValueTextEquals("binary_data_size"u8))
            {
                throw ProtocolException.BadRequest("Binary tensor data is not supported; send the data as JSON.");
            }

            if (json.ValueTextEquals("classification"u8))
            {
                throw ProtocolException.BadRequest("Classification output is not supported.");
            }

            json.Skip();
        }
    }

    private static bool NextProperty(ref Utf8JsonReader json)
    {
        json.Read();
        return json.TokenType == JsonTokenType.PropertyName;
    }

    private static void Expect(ref Utf8JsonReader json, JsonTokenType token, string what)
    {
        if (json.TokenType != token)
        {
            throw ProtocolException.BadRequest($"{what} must be {(token == JsonTokenType.StartObject ? "an object" : "an array")}.");
        }
    }

    private static void Once(bool first, string what)
    {
        if (!first)
        {
            throw ProtocolException.BadRequest($"The {what} is given twice.");
        }
    }
}
