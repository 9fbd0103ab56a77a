using System.Diagnostics;
using Grpc.Core;
using Ops.Runtime.Grpc.Protocol;
using Ops.Runtime.Inference;
using Ops.Runtime.Models;
using Ops.Runtime.Monitoring;

namespace Ops.Runtime.Grpc;

/// <summary>Answers one inference request that came over gRPC, alone or in a stream.</summary>
internal sealed class InferMethod(ModelRegistry registry, RuntimeMetrics metrics, InferencePipeline pipeline, GrpcErrors errors, ILogger<InferMethod> log)
{
    /// <summary>Runs a request and counts it.</summary>
    /// <param name="call">The request; disposed here.</param>
    /// <param name="context">The gRPC call it came by.</param>
    /// <returns>The answer; the caller disposes it, or serialises it, which does the same.</returns>
    /// <exception cref="RpcException">It could not be answered.</exception>
    public async Task<GrpcAnswer<ModelInferResponse>> AnswerAsync(InferCall call, ServerCallContext context)
    {
        var start = Stopwatch.GetTimestamp();
        var version = call.Message.ModelVersion;
        var lease = registry.Acquire(call.Message.ModelName, version.Length == 0 ? null : version);
        var model = lease.Model;
        var counted = model?.Metrics ?? metrics.Unknown;
        counted.Enter();
        var http = context.GetHttpContext();
        using var span = RuntimeTracing.StartInfer(http, "grpc", counted.Model, counted.Version);
        var traceId = RuntimeTracing.TraceId(http);
        var status = StatusCodes.Status200OK;
        try
        {
            return await RunAsync(call, lease, span, context.CancellationToken);
        }
#pragma warning disable CA1031 // Counted here, answered like everywhere else.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            call.Memory.Dispose();
            lease.Dispose();
            (var thrown, status) = errors.Describe(context, exception);
            throw thrown;
        }
        finally
        {
            call.Dispose();
            var elapsed = Stopwatch.GetElapsedTime(start);
            counted.Leave(status, elapsed);
            span.SetOutcome(status);
            log.Answered(http.TraceIdentifier, counted.Model, counted.Version, status, elapsed.TotalMilliseconds, traceId);
        }
    }

    private async Task<GrpcAnswer<ModelInferResponse>> RunAsync(InferCall call, ModelLease lease, Activity? span, CancellationToken cancellation)
    {
        if (call.Refusal is { } refusal)
        {
            throw refusal;
        }

        var model = lease.Model;
        var signature = pipeline.Admit(model);
        using var request = InferMessageReader.Read(call, signature);
        span.SetBatch(request.Inputs is [var first, ..] ? first.Shape : []);
        // The tensors have copies: what was received can serve the next request while this one runs.
        call.Dispose();
        var result = await pipeline.RunAsync(model!, signature, request, cancellation);
        AnsweredOutputs? outputs = null;
        try
        {
            call.Memory.AddOutputs(result.Outputs);
            outputs = AnsweredOutputs.Of(request, signature, result);
            return new GrpcAnswer<ModelInferResponse>(
                InferMessageWriter.Write(model!, signature, request, outputs.Views), new AnswerMemory(result, outputs, call.Memory, lease));
        }
        catch
        {
            outputs?.Dispose();
            result.Dispose();
            throw;
        }
    }
}
