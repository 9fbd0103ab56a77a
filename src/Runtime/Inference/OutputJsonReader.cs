using System.Text.Json;
using Ops.Runtime.Models;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Inference;

/// <summary>One output that the JSON of a request names.</summary>
/// <param name="Index">Its position among the session's outputs.</param>
/// <param name="Binary">Whether it is to be returned in binary; null when only the request as a whole says.</param>
/// <param name="Classification">As in <see cref="RequestedOutput"/>.</param>
internal readonly record struct OutputChoice(int Index, bool? Binary, int Classification);

/// <summary>Parses the outputs of an inference request.</summary>
internal static class OutputJsonReader
{
    private const int MaxNameLength = 1024;

    /// <param name="json">On the first token of the array; afterwards on its last.</param>
    /// <param name="model">Gives the outputs there are.</param>
    /// <exception cref="ProtocolException">They are malformed or not the model's.</exception>
    public static OutputChoice[] Read(ref Utf8JsonReader json, ModelSignature model)
    {
        JsonObjects.Expect(ref json, JsonTokenType.StartArray, "outputs");
        var outputs = new List<OutputChoice>(model.AllOutputs.Length);
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            JsonObjects.Expect(ref json, JsonTokenType.StartObject, "Each of the outputs");
            var output = ReadOne(ref json, model);
            if (outputs.Exists(o => o.Index == output.Index))
            {
                throw ProtocolException.BadRequest($"The output '{model.Outputs[output.Index].Name}' is asked for twice.");
            }

            outputs.Add(output);
        }

        return [.. outputs];
    }

    private static OutputChoice ReadOne(ref Utf8JsonReader json, ModelSignature model)
    {
        string? name = null;
        bool? binary = null;
        var classification = 0;
        while (JsonObjects.NextProperty(ref json))
        {
            if (json.ValueTextEquals("name"u8))
            {
                json.Read();
                JsonObjects.Once(name is null, "name of an output");
                name = JsonText.Read(ref json, "The name of an output", MaxNameLength);
            }
            else if (json.ValueTextEquals("parameters"u8))
            {
                ReadParameters(ref json, ref binary, ref classification);
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

        if (classification > 0 && model.Outputs[index].ElementType is OrtElementType.String or OrtElementType.Bool)
        {
            throw ProtocolException.BadRequest($"The output '{name}' holds no numbers, so it cannot be returned as classes.");
        }

        return new OutputChoice(index, binary, classification);
    }

    private static void ReadParameters(ref Utf8JsonReader json, ref bool? binary, ref int classification)
    {
        json.Read();
        JsonObjects.Expect(ref json, JsonTokenType.StartObject, "parameters");
        while (JsonObjects.NextProperty(ref json))
        {
            if (json.ValueTextEquals("binary_data"u8))
            {
                binary = JsonObjects.ReadBool(ref json, "binary_data");
            }
            else if (json.ValueTextEquals("classification"u8))
            {
                classification = (int)JsonObjects.ReadCount(ref json, "classification", int.MaxValue);
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
