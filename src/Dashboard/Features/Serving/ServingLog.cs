namespace Ops.Dashboard.Features.Serving;

internal static partial class ServingLog
{
    [LoggerMessage(5001, LogLevel.Warning, "Replica {Replica} of {Endpoint} refused the connection: {Message}")]
    public static partial void ReplicaRefused(this ILogger log, string endpoint, string replica, string message);

    [LoggerMessage(5002, LogLevel.Warning, "Replica {Replica} of {Endpoint} did not answer to the end")]
    public static partial void ReplyBroken(this ILogger log, string endpoint, string replica, Exception exception);
}
