using System.Globalization;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Ops.Runtime.Inference;
using Ops.Runtime.Lifecycle;
using Ops.Runtime.Monitoring;

namespace Ops.Runtime.Grpc;

/// <summary>Around every request on the gRPC addresses: its id, the count of requests in flight, and errors that no
/// method answered.</summary>
internal sealed class GrpcMiddleware(RequestDelegate next, RequestsInFlight inFlight, RuntimeState state, ILogger<GrpcMiddleware> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        inFlight.Enter();
        try
        {
            if (context.Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) != true)
            {
                context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
                return;
            }

            context.TraceIdentifier = RequestMiddleware.RequestId(context.Request.Headers[RequestMiddleware.IdHeader].ToString());
            context.Response.Headers[RequestMiddleware.IdHeader] = context.TraceIdentifier;
            if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            {
                // The size of each message is limited instead; a stream may have any number of them.
                size.MaxRequestBodySize = null;
            }

            if (state.IsDraining)
            {
                // Tells the client to open a connection elsewhere; this one still carries what is on its way.
                context.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
            }

            await next(context);
            LogUnanswered(context);
        }
#pragma warning disable CA1031 // The last place where a failure can still become an answer.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Fail(context, exception);
        }
        finally
        {
            inFlight.Leave();
        }
    }

    /// <summary>Logs what the framework refused or could not do; what a method refused is logged already.</summary>
    private void LogUnanswered(HttpContext context)
    {
        if (context.RequestAborted.IsCancellationRequested || context.Features.Get<IServerCallContextFeature>()?.ServerCallContext.Status is not { } status)
        {
            return;
        }

        if (status is { StatusCode: StatusCode.Unknown, DebugException: { } exception })
        {
            log.RequestFailed(context.TraceIdentifier, StatusCodes.Status500InternalServerError, RuntimeTracing.TraceId(context), exception);
        }
        else if (status is { StatusCode: not StatusCode.OK, DebugException: null })
        {
            log.CallEnded(context.TraceIdentifier, status.StatusCode, status.Detail, RuntimeTracing.TraceId(context));
        }
    }

    private void Fail(HttpContext context, Exception exception)
    {
        log.RequestFailed(context.TraceIdentifier, StatusCodes.Status500InternalServerError, RuntimeTracing.TraceId(context), exception);
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        // An answer without a message: the status is in the headers.
        context.Response.Clear();
        context.Response.ContentType = "application/grpc";
        context.Response.Headers[RequestMiddleware.IdHeader] = context.TraceIdentifier;
        context.Response.Headers["grpc-status"] = ((int)StatusCode.Internal).ToString(CultureInfo.InvariantCulture);
        context.Response.Headers["grpc-message"] = "The request failed.";
    }
}
