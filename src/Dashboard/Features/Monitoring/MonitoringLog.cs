namespace Ops.Dashboard.Features.Monitoring;

internal static partial class MonitoringLog
{
    [LoggerMessage(6001, LogLevel.Warning, "Replica {Replica} of {Endpoint} cannot be scraped: {Message}")]
    public static partial void ScrapeFailed(this ILogger log, string endpoint, string replica, string message);

    [LoggerMessage(6002, LogLevel.Error, "A round of scraping failed; the next one is tried in {Seconds} s")]
    public static partial void RoundFailed(this ILogger log, double seconds, Exception exception);
}
