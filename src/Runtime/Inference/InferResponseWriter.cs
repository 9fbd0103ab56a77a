using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text.Json;
using Ops.Runtime.Models;

namespace Ops.Runtime.Inference;

/// <summary>Writes an inference response into the connection, piece by piece, so that a large one is never whole in
/// memory.</summary>
internal static class InferResponseWriter
{
    private const int ElementsPerPiece = 4096;
    private const int FlushBytes = 64 * 1024;
    private static readonly JsonWriterOptions Options = new() { SkipValidation = true };

    /// <param name="response">Where to.</param>
    /// <param name="model">The model that answered.</param>
    /// <param name="signature">Gives the outputs' names.</param>
    /// <param name="request">What was asked.</param>
    /// <param name="outputs">One per requested output.</param>
    /// <param name="cancellation">Set when the client went away.</param>
    public static Task WriteAsync(HttpResponse response, ServedModel model, ModelSignature signature, InferRequest request, OutputView[] outputs, CancellationToken cancellation)
    {
        var binary = new BinaryTensorWriter?[outputs.Length];
        var any = false;
        for (var i = 0; i < outputs.Length; i++)
        {
            if (request.Outputs[i].Binary)
            {
                binary[i] = new BinaryTensorWriter(outputs[i]);
                any = true;
            }
        }

        var answer = new Answer(model, signature, request, outputs, binary);
        return any ? WriteBinaryAsync(response, answer, cancellation) : WriteJsonAsync(response, answer, cancellation);
    }

    private static async Task WriteJsonAsync(HttpResponse response, Answer answer, CancellationToken cancellation)
    {
        response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(response.BodyWriter, Options);
        await WriteHeadAsync(json, answer, response.BodyWriter, cancellation);
    }

    private static async Task WriteBinaryAsync(HttpResponse response, Answer answer, CancellationToken cancellation)
    {
        // The length of the JSON goes before it, so it has to be whole in memory first; the binary tensors never are.
        var head = new ArrayBufferWriter<byte>();
        await using (var json = new Utf8JsonWriter(head, Options))
        {
            await WriteHeadAsync(json, answer, null, cancellation);
        }

        response.ContentType = "application/octet-stream";
        response.Headers[InferEndpoint.HeaderLengthHeader] = head.WrittenCount.ToString(CultureInfo.InvariantCulture);
        response.ContentLength = head.WrittenCount + answer.Binary.Sum(b => b?.Size ?? 0);
        response.BodyWriter.Write(head.WrittenSpan);
        foreach (var tensor in answer.Binary)
        {
            if (tensor is not null)
            {
                await tensor.WriteAsync(response.BodyWriter, cancellation);
            }
        }
    }

    private static async Task WriteHeadAsync(Utf8JsonWriter json, Answer answer, PipeWriter? flushTo, CancellationToken cancellation)
    {
        var flushed = 0L;
        json.WriteStartObject();
        json.WriteString("model_name"u8, answer.Model.Name);
        json.WriteString("model_version"u8, answer.Model.Version);
        if (answer.Request.Id is not null)
        {
            json.WriteString("id"u8, answer.Request.Id);
        }

        json.WriteStartArray("outputs"u8);
        for (var i = 0; i < answer.Outputs.Length; i++)
        {
            var output = answer.Outputs[i];
            json.WriteStartObject();
            json.WriteString("name"u8, answer.Signature.Outputs[answer.Request.Outputs[i].Index].Name);
            json.WriteString("datatype"u8, ProtocolTypes.Name(output.ElementType));
            json.WriteStartArray("shape"u8);
            foreach (var extent in output.Shape)
            {
                json.WriteNumberValue(extent);
            }

            json.WriteEndArray();
            if (answer.Binary[i] is { } binary)
            {
                json.WriteStartObject("parameters"u8);
                json.WriteNumber("binary_data_size"u8, binary.Size);
                json.WriteEndObject();
                json.WriteEndObject();
                continue;
            }

            json.WriteStartArray("data"u8);
            var elements = new TensorJsonWriter(output);
            for (var start = 0; start < elements.Count; start += ElementsPerPiece)
            {
                elements.Write(json, start, Math.Min(ElementsPerPiece, elements.Count - start));
                if (flushTo is not null && json.BytesCommitted + json.BytesPending - flushed >= FlushBytes)
                {
                    await json.FlushAsync(cancellation);
                    await flushTo.FlushAsync(cancellation);
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

    private sealed record Answer(ServedModel Model, ModelSignature Signature, InferRequest Request, OutputView[] Outputs, BinaryTensorWriter?[] Binary);
}
