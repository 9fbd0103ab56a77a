using System.Diagnostics;
using Ops.Runtime.Models;
using Ops.Runtime.Monitoring;

namespace Ops.Runtime.Inference;

/// <summary>Answers <c>POST /v2/models/{model}[/versions/{version}]/infer</c>.</summary>
internal sealed class InferEndpoint(ModelRegistry registry, RuntimeMetrics metrics, InferencePipeline pipeline, Answers answers, ILogger<InferEndpoint> log)
{
    public async Task HandleAsync(HttpContext context)
    {
        var start = Stopwatch.GetTimestamp();
        var model = registry.Find((string)context.GetRouteValue("model")!, (string?)context.GetRouteValue("version"));
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
    }

    private async Task AnswerAsync(HttpContext context, ServedModel? model, Activity? span)
    {
        // Before the body is read: a full queue should not cost memory too.
        var signature = pipeline.Admit(model);
        RefuseUnknownEncodings(context.Request);
        using var request = await ReadAsync(context, signature);
        span.SetBatch(request.Inputs is [var first, ..] ? first.Shape : []);
        using var result = await pipeline.RunAsync(model!, signature, request, context.RequestAborted);
        answers.PrepareToClose(context);
        context.Response.ContentType = "application/json";
        await InferResponseWriter.WriteAsync(context.Response.BodyWriter, model!, signature, request, result.Outputs, context.RequestAborted);
    }

    private static async Task<InferRequest> ReadAsync(HttpContext context, ModelSignature signature)
    {
        using var body = await RequestBody.ReadAsync(context.Request.BodyReader, context.RequestAborted);
        return InferRequestReader.Read(body.Span, signature);
    }

    private static void RefuseUnknownEncodings(HttpRequest request)
    {
        if (request.Headers.ContainsKey("Inference-Header-Content-Length"))
        {
            throw ProtocolException.BadRequest("Binary tensor data is not supported; send the data as JSON.");
        }

        if (request.Headers.ContentEncoding is { Count: > 0 } encoding && encoding != "identity")
        {
            throw new ProtocolException(StatusCodes.Status415UnsupportedMediaType, "Compressed bodies are not supported.");
        }
    }
}
