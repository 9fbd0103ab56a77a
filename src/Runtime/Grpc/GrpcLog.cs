using Grpc.Core;

namespace Ops.Runtime.Grpc;

internal static partial class GrpcLog
{
    [LoggerMessage(EventId = 5000, Level = LogLevel.Information, Message = "Call {RequestId} ended with {Status}: {Reason}")]
    public static partial void CallEnded(this ILogger log, string requestId, StatusCode status, string reason);
}
