using Grpc.Core;

namespace Ops.Runtime.Grpc;

#pragma warning disable SYSLIB1015 // Most calls belong to no trace; naming it in the text would leave a hole there.
#pragma warning disable IDE1006 // A field that the text does not name is called in the log as the parameter is: like the others.

internal static partial class GrpcLog
{
    [LoggerMessage(EventId = 5000, Level = LogLevel.Information, Message = "Call {RequestId} ended with {Status}: {Reason}")]
    public static partial void CallEnded(this ILogger log, string requestId, StatusCode status, string reason, string? TraceId);
}
