using System.IO.Pipelines;
using System.Text.Json;
using Ops.Runtime.Models;

namespace Ops.Runtime.Inference;

/// <summary>Writes an inference response as JSON into the connection, piece by piece, so that a large one is never whole
/// in memory.</summary>
internal static class InferResponseWriter
{
    private const int ElementsPerPiece = 4096;
    private const int FlushBytes = 64 * 1024;
    private static readonly JsonWriterOptions Options = new() { SkipValidation = true };

    /// <param name="pipe">The body of the response.</param>
    /// <param name="model">The model that answered.</param>
    /// <param name="signature">Gives the outputs' names.</param>
    /// <param name="request">What was asked.</param>
    /// <param name="outputs">One per requested output.</param>
    /// <param name="cancellation">Set when the client went away.</param>
    public static async Task WriteAsync(PipeWriter pipe, ServedModel model, ModelSignature signature, InferRequest request, OutputView[] outputs, CancellationToken cancellation)
    {
        await using var json = new Utf8JsonWriter(pipe, Options);
        var flushed = 0L;
        json.WriteStartObject();
        json.WriteString("model_name"u8, model.Name);
        json.WriteString("model_version"u8, model.Version);
        if (request.Id is not null)
        {
            json.WriteString("id"u8, request.Id);
        }

        json.WriteStartArray("outputs"u8);
        for (var i = 0; i < outputs.Length; i++)
        {
            var output = outputs[i];
            json.WriteStartObject();
            json.WriteString("name"u8, signature.Outputs[request.Outputs[i].Index].Name);
            json.WriteString("datatype"u8, ProtocolTypes.Name(output.ElementType));
            json.WriteStartArray("shape"u8);
            foreach (var extent in output.Shape)
            {
                json.WriteNumberValue(extent);
            }

            json.WriteEndArray();
            json.WriteStartArray("data"u8);
            var elements = new TensorJsonWriter(output);
            for (var start = 0; start < elements.Count; start += ElementsPerPiece)
            {
                elements.Write(json, start, Math.Min(ElementsPerPiece, elements.Count - start));
                if (json.BytesCommitted + json.BytesPending - flushed >= FlushBytes)
                {
                    await json.FlushAsync(cancellation);
                    await pipe.FlushAsync(cancellation);
                    flushed = json.BytesCommitted;
                }
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        await json.FlushAsync(cancellation);
    }
}
