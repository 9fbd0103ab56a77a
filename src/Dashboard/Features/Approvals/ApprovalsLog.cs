namespace Ops.Dashboard.Features.Approvals;

internal static partial class ApprovalsLog
{
    [LoggerMessage(4101, LogLevel.Warning, "What waits for a person could not be counted; it is counted again with the next change")]
    public static partial void CountFailed(this ILogger log, Exception exception);
}
