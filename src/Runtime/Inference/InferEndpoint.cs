using System.Diagnostics;
using Ops.Runtime.Lifecycle;
using Ops.Runtime.Models;
using Ops.Runtime.Monitoring;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Inference;

/// <summary>Answers <c>POST /v2/models/{model}[/versions/{version}]/infer</c>.</summary>
internal sealed class InferEndpoint(ModelRegistry registry, RuntimeMetrics metrics, RuntimeState state, RequestsInFlight inFlight, Answers answers, ILogger<InferEndpoint> log)
{
    public async Task HandleAsync(HttpContext context)
    {
        var start = Stopwatch.GetTimestamp();
        var model = registry.Find((string)context.GetRouteValue("model")!, (string?)context.GetRouteValue("version"));
        var counted = model?.Metrics ?? metrics.Unknown;
        counted.Enter();
        var status = StatusCodes.Status200OK;
        try
        {
            await AnswerAsync(context, model);
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
            log.Answered(context.TraceIdentifier, counted.Model, counted.Version, status, elapsed.TotalMilliseconds);
        }
    }

    private async Task AnswerAsync(HttpContext context, ServedModel? model)
    {
        if (model is null)
        {
            throw new ProtocolException(StatusCodes.Status404NotFound, "There is no such model or version.");
        }

        var signature = model.Signature;
        if (signature is null || state.IsRefusing)
        {
            throw Unavailable(ModelEndpoints.WhyNotReady(model, state) ?? "The server is stopping.");
        }

        // Before the body is read: a full queue should not cost memory too.
        if (model.Queue.IsFull)
        {
            throw QueueFull();
        }

        RefuseUnknownEncodings(context.Request);
        using var request = await ReadAsync(context, signature);
        var outputs = await RunAsync(model, signature, request, context.RequestAborted);
        try
        {
            answers.PrepareToClose(context);
            context.Response.ContentType = "application/json";
            await InferResponseWriter.WriteAsync(context.Response.BodyWriter, model, signature, request, outputs, context.RequestAborted);
        }
        finally
        {
            foreach (var output in outputs)
            {
                output.Dispose();
            }
        }
    }

    private static async Task<InferRequest> ReadAsync(HttpContext context, ModelSignature signature)
    {
        using var body = await RequestBody.ReadAsync(context.Request.BodyReader, context.RequestAborted);
        return InferRequestReader.Read(body.Span, signature);
    }

    private async Task<OrtTensor[]> RunAsync(ServedModel model, ModelSignature signature, InferRequest request, CancellationToken aborted)
    {
        var waited = await model.Queue.EnterAsync(aborted) ?? throw QueueFull();
        try
        {
            model.Metrics.QueueDuration.Observe(waited);
            var start = Stopwatch.GetTimestamp();
            using var options = OrtRunOptions.Create();
            // A client that goes away stops its run after the current operator, and so does a process that must end.
            await using var whenAborted = aborted.UnsafeRegister(static o => ((OrtRunOptions)o!).Terminate(), options);
            await using var whenCut = inFlight.Cut.UnsafeRegister(static o => ((OrtRunOptions)o!).Terminate(), options);
            var outputs = signature.Session.Run(options, request.Inputs, request.Outputs);
            model.Metrics.RunDuration.Observe(Stopwatch.GetElapsedTime(start));
            return outputs;
        }
        catch (OrtException) when (inFlight.Cut.IsCancellationRequested)
        {
            throw Unavailable("The server is stopping.");
        }
        finally
        {
            model.Queue.Release();
        }
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

    private static ProtocolException QueueFull() => Unavailable("Too many requests are waiting for this model.");

    private static ProtocolException Unavailable(string reason) => new(StatusCodes.Status503ServiceUnavailable, reason);
}
