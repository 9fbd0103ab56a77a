using Grpc.Core;
using Ops.Runtime.Inference;
using Ops.Runtime.Monitoring;

namespace Ops.Runtime.Grpc;

/// <summary>Turns exceptions into statuses of gRPC and log lines, in the same words as over HTTP.</summary>
internal sealed class GrpcErrors(TimeProvider time, ILogger<GrpcErrors> log)
{
    /// <summary>What a failed call ends with. It is logged here.</summary>
    /// <param name="context">The call.</param>
    /// <param name="exception">What happened.</param>
    /// <returns>What to throw, and the HTTP status to count.</returns>
    public (RpcException Thrown, int Status) Describe(ServerCallContext context, Exception exception)
    {
        var http = context.GetHttpContext();
        var traceId = RuntimeTracing.TraceId(http);
        if (context.CancellationToken.IsCancellationRequested)
        {
            // Nobody reads this any more: the framework has told a client whose deadline is over, and one that gave up
            // is gone.
            var late = context.Deadline <= time.GetUtcNow().UtcDateTime;
            log.ClientClosed(http.TraceIdentifier, traceId);
            return late
                ? (new RpcException(new Status(StatusCode.DeadlineExceeded, "The deadline is over.", exception)), StatusCodes.Status504GatewayTimeout)
                : (new RpcException(new Status(StatusCode.Cancelled, "The client gave up.", exception)), Answers.ClientClosed);
        }

        var (status, error) = Answers.Describe(exception, http);
        if (status >= StatusCodes.Status500InternalServerError)
        {
            log.RequestFailed(http.TraceIdentifier, status, traceId, exception);
        }
        else
        {
            log.RequestRefused(http.TraceIdentifier, status, exception.Message, traceId);
        }

        return (new RpcException(new Status(Code(status), error, exception)), status);
    }

    /// <summary>The code of gRPC that says what an HTTP status says.</summary>
    public static StatusCode Code(int status) => status switch
    {
        StatusCodes.Status400BadRequest => StatusCode.InvalidArgument,
        StatusCodes.Status401Unauthorized => StatusCode.Unauthenticated,
        StatusCodes.Status403Forbidden => StatusCode.PermissionDenied,
        StatusCodes.Status404NotFound => StatusCode.NotFound,
        StatusCodes.Status409Conflict => StatusCode.FailedPrecondition,
        StatusCodes.Status413PayloadTooLarge or StatusCodes.Status429TooManyRequests => StatusCode.ResourceExhausted,
        StatusCodes.Status415UnsupportedMediaType or StatusCodes.Status501NotImplemented => StatusCode.Unimplemented,
        StatusCodes.Status503ServiceUnavailable => StatusCode.Unavailable,
        StatusCodes.Status504GatewayTimeout => StatusCode.DeadlineExceeded,
        _ => StatusCode.Internal,
    };
}
