namespace Ops.Dashboard.Features.ModelStore.Retention;

internal static partial class RetentionLog
{
    [LoggerMessage(2301, LogLevel.Information, "{Version} is deleted for good; {Objects} object(s) with it")]
    public static partial void Purged(this ILogger log, string version, int objects);

    [LoggerMessage(2302, LogLevel.Warning, "Version {Version} stays deleted but is not purged: {Message}")]
    public static partial void NotPurged(this ILogger log, Guid version, string message);

    [LoggerMessage(2303, LogLevel.Information, "{Version} is deleted by the retention rule of its model")]
    public static partial void DeletedByRule(this ILogger log, string version);

    [LoggerMessage(2305, LogLevel.Warning, "The store still names {Version}, which is deleted for good")]
    public static partial void ForgetFailed(this ILogger log, string version, Exception exception);

    [LoggerMessage(2304, LogLevel.Error, "Applying retention failed; again at the next turn")]
    public static partial void TurnFailed(this ILogger log, Exception exception);
}
