using System.Globalization;
using System.IO.Pipelines;
using System.Text.Json;
using Ops.Runtime.Models;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Inference;

/// <summary>Writes an inference response into the connection: a small one at once, a large one piece by piece, so that it is
/// never whole in memory.</summary>
internal static class InferResponseWriter
{
    private const int ElementsPerPiece = 4096;
    private const int FlushBytes = 64 * 1024;

    /// <param name="response">Where to.</param>
    /// <param name="model">The model that answered.</param>
    /// <param name="signature">Gives the outputs' names.</param>
    /// <param name="request">What was asked.</param>
    /// <param name="outputs">One per requested output.</param>
    /// <param name="cancellation">Set when the client went away.</param>
    public static Task WriteAsync(HttpResponse response, ServedModel model, ModelSignature signature, InferRequest request, OutputView[] outputs, CancellationToken cancellation)
    {
        var answer = new Answer(model, signature, request, outputs, BinaryOf(request, outputs));
        return answer.Binary is not null ? WriteBinaryAsync(response, answer, cancellation)
            : IsSmall(outputs) ? WriteSmallAsync(response, answer, cancellation)
            : WriteLargeAsync(response, answer, cancellation);
    }

    /// <returns>Null when no output is to be binary.</returns>
    private static BinaryTensorWriter?[]? BinaryOf(InferRequest request, OutputView[] outputs)
    {
        BinaryTensorWriter?[]? binary = null;
        for (var i = 0; i < outputs.Length; i++)
        {
            if (request.Outputs[i].Binary)
            {
                binary ??= new BinaryTensorWriter?[outputs.Length];
                binary[i] = new BinaryTensorWriter(outputs[i]);
            }
        }

        return binary;
    }

    private static bool IsSmall(OutputView[] outputs)
    {
        var elements = 0L;
        foreach (var output in outputs)
        {
            elements += output.ElementType == OrtElementType.String ? ElementsPerPiece + 1 : output.ElementCount;
        }

        return elements <= ElementsPerPiece;
    }

    private static Task WriteSmallAsync(HttpResponse response, in Answer answer, CancellationToken cancellation)
    {
        response.ContentType = "application/json";
        using var head = WholeJson.Rent();
        WriteHead(head.Json, answer);
        response.ContentLength = head.Length;
        return Written(head.CopyTo(response.BodyWriter, cancellation));
    }

    private static Task WriteBinaryAsync(HttpResponse response, in Answer answer, CancellationToken cancellation)
    {
        // The length of the JSON goes before it, so it has to be whole in memory first; the binary tensors never are.
        using var head = WholeJson.Rent();
        WriteHead(head.Json, answer);
        var size = (long)head.Length;
        foreach (var tensor in answer.Binary!)
        {
            size += tensor?.Size ?? 0;
        }

        response.ContentType = "application/octet-stream";
        response.Headers[InferEndpoint.HeaderLengthHeader] = head.Length.ToString(CultureInfo.InvariantCulture);
        response.ContentLength = size;
        head.CopyTo(response.BodyWriter);
        return answer.Binary is [{ } only] ? only.WriteAsync(response.BodyWriter, cancellation) : WriteTensorsAsync(response, answer.Binary, cancellation);
    }

    private static async Task WriteTensorsAsync(HttpResponse response, BinaryTensorWriter?[] tensors, CancellationToken cancellation)
    {
        foreach (var tensor in tensors)
        {
            if (tensor is not null)
            {
                await tensor.WriteAsync(response.BodyWriter, cancellation);
            }
        }
    }

    private static async Task WriteLargeAsync(HttpResponse response, Answer answer, CancellationToken cancellation)
    {
        response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(response.BodyWriter, WholeJson.Options);
        var flushed = 0L;
        WriteStart(json, answer);
        for (var i = 0; i < answer.Outputs.Length; i++)
        {
            WriteOutputStart(json, answer, i);
            json.WriteStartArray("data"u8);
            var elements = new TensorJsonWriter(answer.Outputs[i]);
            for (var start = 0; start < elements.Count; start += ElementsPerPiece)
            {
                elements.Write(json, start, Math.Min(ElementsPerPiece, elements.Count - start));
                if (json.BytesCommitted + json.BytesPending - flushed >= FlushBytes)
                {
                    await json.FlushAsync(cancellation);
                    await response.BodyWriter.FlushAsync(cancellation);
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

    private static void WriteHead(Utf8JsonWriter json, in Answer answer)
    {
        WriteStart(json, answer);
        for (var i = 0; i < answer.Outputs.Length; i++)
        {
            WriteOutputStart(json, answer, i);
            if (answer.Binary?[i] is { } binary)
            {
                json.WriteStartObject("parameters"u8);
                json.WriteNumber("binary_data_size"u8, binary.Size);
                json.WriteEndObject();
            }
            else
            {
                json.WriteStartArray("data"u8);
                var elements = new TensorJsonWriter(answer.Outputs[i]);
                elements.Write(json, 0, elements.Count);
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
    }

    private static void WriteStart(Utf8JsonWriter json, in Answer answer)
    {
        json.WriteStartObject();
        json.WriteString("model_name"u8, answer.Model.Name);
        json.WriteString("model_version"u8, answer.Model.Version);
        if (answer.Request.Id is not null)
        {
            json.WriteString("id"u8, answer.Request.Id);
        }

        json.WriteStartArray("outputs"u8);
    }

    private static void WriteOutputStart(Utf8JsonWriter json, in Answer answer, int index)
    {
        var output = answer.Outputs[index];
        json.WriteStartObject();
        json.WriteString("name"u8, answer.Signature.Outputs[answer.Request.Outputs[index].Index].Name);
        json.WriteString("datatype"u8, ProtocolTypes.Name(output.ElementType));
        json.WriteStartArray("shape"u8);
        foreach (var extent in output.Shape)
        {
            json.WriteNumberValue(extent);
        }

        json.WriteEndArray();
    }

    private static Task Written(ValueTask<FlushResult> flush) => flush.IsCompletedSuccessfully ? Task.CompletedTask : flush.AsTask();

    private readonly record struct Answer(ServedModel Model, ModelSignature Signature, InferRequest Request, OutputView[] Outputs, BinaryTensorWriter?[]? Binary);
}
