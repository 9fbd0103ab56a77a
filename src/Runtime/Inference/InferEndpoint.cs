using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Ops.Runtime.Configuration;
using Ops.Runtime.Models;
using Ops.Runtime.Monitoring;

namespace Ops.Runtime.Inference;

/// <summary>Answers <c>POST /v2/models/{model}[/versions/{version}]/infer</c>.</summary>
internal sealed class InferEndpoint(
    ModelRegistry registry, RuntimeMetrics metrics, InferencePipeline pipeline, MemoryBudget budget, Answers answers, IOptions<RuntimeOptions> options, ILogger<InferEndpoint> log)
{
    /// <summary>Says, in and out, how many bytes of JSON come before the binary tensors.</summary>
    public const string HeaderLengthHeader = "Inference-Header-Content-Length";

    private static readonly TimeSpan FinishPatience = TimeSpan.FromSeconds(10);

    /// <summary>Answers a request and counts it.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        if (await AnswerAndCountAsync(context) >= StatusCodes.Status400BadRequest)
        {
            await LetClientFinishAsync(context);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> AnswerAndCountAsync(HttpContext context)
    {
        var start = Stopwatch.GetTimestamp();
        using var lease = registry.Acquire((string)context.GetRouteValue("model")!, (string?)context.GetRouteValue("version"));
        var model = lease.Model;
        var counted = model?.Metrics ?? metrics.Unknown;
        counted.Enter();
        using var span = RuntimeTracing.StartInfer(context, "http", counted.Model, counted.Version);
        var traceId = RuntimeTracing.TraceId(context);
        var status = StatusCodes.Status200OK;
        try
        {
            await AnswerAsync(context, model, span);
        }
#pragma warning disable CA1031 // Counted here, answered like everywhere else.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            status = await answers.FailAsync(context, exception);
        }
        finally
        {
            var elapsed = Stopwatch.GetElapsedTime(start);
            counted.Leave(status, elapsed);
            span.SetOutcome(status);
            log.Answered(context.TraceIdentifier, counted.Model, counted.Version, status, elapsed.TotalMilliseconds, traceId);
        }

        return status;
    }

    /// <summary>
    /// A request may be refused before all of it came. Closing the connection then would make many clients, which send
    /// everything before they look for an answer, see a reset connection instead of the answer; so the rest is read and
    /// thrown away, within bounds.
    /// </summary>
    private async Task LetClientFinishAsync(HttpContext context)
    {
        try
        {
            await context.Response.CompleteAsync();
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
            patience.CancelAfter(FinishPatience);
            for (var left = options.Value.MaxRequestBytes; left > 0;)
            {
                var result = await context.Request.BodyReader.ReadAsync(patience.Token);
                left -= result.Buffer.Length;
                context.Request.BodyReader.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    return;
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            log.ClientDidNotFinish(context.TraceIdentifier, RuntimeTracing.TraceId(context));
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask AnswerAsync(HttpContext context, ServedModel? model, Activity? span)
    {
        // Before the body is read: a full queue should not cost memory too.
        var signature = pipeline.Admit(model);
        RefuseUnknownEncodings(context.Request);
        using var memory = budget.Open();
        using var request = await ReadAsync(context, signature, memory);
        span.SetBatch(request.Inputs is [var first, ..] ? first.Shape : []);
        using var result = await pipeline.RunAsync(model!, signature, request, context.RequestAborted);
        memory.AddOutputs(result.Outputs);
        using var outputs = AnsweredOutputs.Of(request, signature, result);
        answers.PrepareToClose(context);
        await InferResponseWriter.WriteAsync(context.Response, model!, signature, request, outputs.Views, context.RequestAborted);
    }

    private ValueTask<InferRequest> ReadAsync(HttpContext context, ModelSignature signature, RequestMemory memory)
    {
        var maxBytes = options.Value.MaxRequestBytes;
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            // We keep to the limit ourselves: the server would close the connection in the middle of a body that is too
            // long, and a client that is still sending would see that instead of the answer.
            limit.MaxRequestBodySize = null;
        }

        var length = context.Request.ContentLength;
        if (length > maxBytes)
        {
            throw ProtocolException.TooLarge(maxBytes);
        }

        memory.GrowBodyTo(length ?? 0);
        return context.Request.Headers.TryGetValue(HeaderLengthHeader, out var headLength)
            ? ReadBinaryAsync(context, HeadLength(headLength, length, maxBytes), signature, memory)
            : ReadJsonAsync(context, maxBytes, signature, memory);
    }

    private static async ValueTask<InferRequest> ReadJsonAsync(HttpContext context, long maxBytes, ModelSignature signature, RequestMemory memory)
    {
        using var body = await RequestBody.ReadAsync(context.Request.BodyReader, maxBytes, memory, context.RequestAborted);
        using var parsed = InferRequestReader.Read(body.Span, signature, memory);
        memory.ReturnBody();
        return parsed.Complete();
    }

    private async ValueTask<InferRequest> ReadBinaryAsync(HttpContext context, int headLength, ModelSignature signature, RequestMemory memory)
    {
        var reader = context.Request.BodyReader;
        using var parsed = await ReadHeadAsync(reader, headLength, signature, memory, context.RequestAborted);
        var announced = headLength + parsed.BinaryBytes;
        if (context.Request.ContentLength is { } length && length != announced)
        {
            throw ProtocolException.BadRequest($"The body has {length} bytes; {HeaderLengthHeader} and binary_data_size announce {announced}.");
        }

        if (announced > options.Value.MaxRequestBytes)
        {
            throw ProtocolException.TooLarge(options.Value.MaxRequestBytes);
        }

        memory.GrowBodyTo(announced);
        await BinaryTensorReader.ReadAsync(reader, parsed, signature, memory, context.RequestAborted);
        return parsed.Complete();
    }

    private static async ValueTask<ParsedRequest> ReadHeadAsync(PipeReader reader, int headLength, ModelSignature signature, RequestMemory memory, CancellationToken cancellation)
    {
        using var head = await RequestBody.ReadHeadAsync(reader, headLength, memory, cancellation);
        return InferRequestReader.Read(head.Span, signature, memory, binaryFollows: true);
    }

    private static int HeadLength(StringValues value, long? bodyLength, long maxBytes)
    {
        if (value.Count != 1 || !long.TryParse(value[0], NumberStyles.None, CultureInfo.InvariantCulture, out var length))
        {
            throw ProtocolException.BadRequest($"The header {HeaderLengthHeader} must be a whole number of at least 0.");
        }

        if (length > bodyLength)
        {
            throw ProtocolException.BadRequest($"The header {HeaderLengthHeader} is {length}, which is beyond the body of {bodyLength} bytes.");
        }

        return length <= maxBytes ? (int)length : throw ProtocolException.TooLarge(maxBytes);
    }

    private static void RefuseUnknownEncodings(HttpRequest request)
    {
        if (request.Headers.ContentEncoding is { Count: > 0 } encoding && encoding != "identity")
        {
            throw new ProtocolException(StatusCodes.Status415UnsupportedMediaType, "Compressed bodies are not supported.");
        }
    }
}
