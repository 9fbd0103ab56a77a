namespace Ops.Runtime.Scheduling;

internal static partial class SchedulingLog
{
    [LoggerMessage(EventId = 4000, Level = LogLevel.Information, Message = "Batching of {Model} version {Version}: at most {MaxBatchSize} rows in a run. {Reason}")]
    public static partial void BatchingDecided(this ILogger log, string model, string version, int maxBatchSize, string reason);

    [LoggerMessage(EventId = 4001, Level = LogLevel.Warning, Message = "A merged run of {Requests} requests to {Model} version {Version} failed; each now runs alone")]
    public static partial void MergedRunFailed(this ILogger log, string model, string version, int requests, Exception exception);

    [LoggerMessage(EventId = 4002, Level = LogLevel.Warning, Message = "Requests to {Model} version {Version} are no longer merged. {Reason}")]
    public static partial void MergingGivenUp(this ILogger log, string model, string version, string reason);
}
