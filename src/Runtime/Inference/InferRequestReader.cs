using System.Text.Json;
using Ops.Runtime.Models;

namespace Ops.Runtime.Inference;

/// <summary>Parses the JSON of an inference request against the model it is for.</summary>
internal static class InferRequestReader
{
    private const int MaxDepth = 32;
    private const int MaxIdLength = 1024;

    /// <summary>Parses a request.</summary>
    /// <param name="body">The whole body, or its head when binary tensors follow; UTF-8.</param>
    /// <param name="model">Gives the inputs and outputs there are.</param>
    /// <param name="memory">What the request may hold.</param>
    /// <param name="binaryFollows">Whether the request announced that tensors may follow in binary.</param>
    /// <returns>The request; the caller disposes it.</returns>
    /// <exception cref="ProtocolException">The body is malformed, too large or does not fit the model.</exception>
    public static ParsedRequest Read(ReadOnlySpan<byte> body, ModelSignature model, RequestMemory memory, bool binaryFollows = false)
    {
        var request = new ParsedRequest(model);
        try
        {
            var json = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MaxDepth });
            Read(ref json, request, model, new InputJsonReader(body.Length, model, memory, request, binaryFollows));
            request.RequireEveryInput();
            return request;
        }
        catch (Exception exception)
        {
            request.Dispose();
            if (exception is JsonException)
            {
                throw ProtocolException.BadRequest($"The body is not valid JSON, or nested deeper than {MaxDepth} levels.");
            }

            throw;
        }
    }

    private static void Read(ref Utf8JsonReader json, ParsedRequest request, ModelSignature model, InputJsonReader inputs)
    {
        var (sawInputs, sawOutputs, sawParameters) = (false, false, false);
        OutputChoice[] outputs = [];
        var parameters = default(RequestParameters);
        json.Read();
        JsonObjects.Expect(ref json, JsonTokenType.StartObject, "The body");
        while (JsonObjects.NextProperty(ref json))
        {
            if (json.ValueTextEquals("id"u8))
            {
                json.Read();
                JsonObjects.Once(request.Id is null, "id");
                request.Id = JsonText.Read(ref json, "The id", MaxIdLength);
            }
            else if (json.ValueTextEquals("inputs"u8))
            {
                json.Read();
                JsonObjects.Once(!sawInputs, "inputs");
                sawInputs = true;
                inputs.Read(ref json);
            }
            else if (json.ValueTextEquals("outputs"u8))
            {
                json.Read();
                JsonObjects.Once(!sawOutputs, "outputs");
                sawOutputs = true;
                outputs = OutputJsonReader.Read(ref json, model);
            }
            else if (json.ValueTextEquals("parameters"u8))
            {
                json.Read();
                JsonObjects.Once(!sawParameters, "parameters");
                sawParameters = true;
                parameters = RequestParameters.Read(ref json);
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

        request.Parameters = parameters.Treatment ?? InferParameters.Default;
        if (outputs.Length > 0 || parameters.BinaryOutput)
        {
            // Only now is it known whether all outputs are to be binary: members come in any order.
            request.Outputs = outputs.Length > 0
                ? Array.ConvertAll(outputs, o => new RequestedOutput(o.Index, o.Binary ?? parameters.BinaryOutput, o.Classification))
                : model.EveryOutputInBinary;
        }
    }
}
