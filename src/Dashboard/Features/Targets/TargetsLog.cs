namespace Ops.Dashboard.Features.Targets;

internal static partial class TargetsLog
{
    [LoggerMessage(EventId = 3000, Message = "{Kind} {Endpoint}/{Replica}: {Text}")]
    public static partial void ReplicaEvent(this ILogger log, LogLevel level, string kind, string endpoint, string replica, string text);

    [LoggerMessage(EventId = 3001, Level = LogLevel.Error, Message = "The targets could not be read; trying again in {Seconds} s")]
    public static partial void TargetsNotRead(this ILogger log, double seconds, Exception exception);

    [LoggerMessage(EventId = 3002, Level = LogLevel.Warning, Message = "Target {Target} could not be read")]
    public static partial void TargetNotRead(this ILogger log, string target, Exception exception);

    [LoggerMessage(EventId = 3003, Level = LogLevel.Warning, Message = "The log of replica {Replica} of {Endpoint} could not be read")]
    public static partial void ReplicaLogUnreadable(this ILogger log, string endpoint, string replica, Exception exception);
}
