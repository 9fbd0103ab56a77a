namespace Ops.Runtime.Lifecycle;

internal static partial class LifecycleLog
{
    [LoggerMessage(EventId = 2000, Level = LogLevel.Warning, Message = "The run folder is gone: this process was given up and ends")]
    public static partial void RunFolderGone(this ILogger log);

    [LoggerMessage(EventId = 2001, Level = LogLevel.Error, Message = "The state could not be written into the run folder")]
    public static partial void RunFolderWriteFailed(this ILogger log, Exception exception);

    [LoggerMessage(EventId = 2002, Level = LogLevel.Information, Message = "Stopping: no longer ready, answering for {Grace} s more, then finishing {InFlight} requests in flight")]
    public static partial void DrainStarted(this ILogger log, double grace, int inFlight);

    [LoggerMessage(EventId = 2003, Level = LogLevel.Information, Message = "Drained: no request in flight")]
    public static partial void Drained(this ILogger log);

    [LoggerMessage(EventId = 2004, Level = LogLevel.Warning, Message = "Stopping with {InFlight} requests still in flight after {Timeout} s")]
    public static partial void DrainTimedOut(this ILogger log, int inFlight, double timeout);
}
