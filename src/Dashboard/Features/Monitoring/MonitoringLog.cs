namespace Ops.Dashboard.Features.Monitoring;

internal static partial class MonitoringLog
{
    [LoggerMessage(6001, LogLevel.Warning, "Replica {Replica} of {Endpoint} cannot be scraped: {Message}")]
    public static partial void ScrapeFailed(this ILogger log, string endpoint, string replica, string message);

    [LoggerMessage(6002, LogLevel.Error, "A round of scraping failed; the next one is tried in {Seconds} s")]
    public static partial void RoundFailed(this ILogger log, double seconds, Exception exception);

    [LoggerMessage(6003, LogLevel.Warning, "Plan {Plan} cannot be read; lists show its endpoint without it")]
    public static partial void PlanUnreadable(this ILogger log, Guid plan, Exception exception);

    [LoggerMessage(6004, LogLevel.Warning, "The registry cannot be read for the overview; what is shown is marked as stale")]
    public static partial void FleetRegistryFailed(this ILogger log, Exception exception);

    [LoggerMessage(6005, LogLevel.Error, "A look at the fleet failed; the next one follows in a second")]
    public static partial void FleetRoundFailed(this ILogger log, Exception exception);

    [LoggerMessage(6006, LogLevel.Error, "The GPUs of this machine could not be read; tried again in {Seconds} s")]
    public static partial void GpuReadFailed(this ILogger log, double seconds, Exception exception);

    [LoggerMessage(6007, LogLevel.Error, "Replicas that have changed could not be told; the next round tells them")]
    public static partial void RenewFailed(this ILogger log, Exception exception);
}
