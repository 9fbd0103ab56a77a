namespace Ops.Dashboard.Features.Targets;

internal static partial class TargetsLog
{
    [LoggerMessage(EventId = 3000, Message = "{Kind} {Endpoint}/{Replica}: {Text}")]
    public static partial void ReplicaEvent(this ILogger log, LogLevel level, string kind, string endpoint, string replica, string text);
}
