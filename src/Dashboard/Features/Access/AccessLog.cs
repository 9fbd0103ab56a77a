namespace Ops.Dashboard.Features.Access;

internal static partial class AccessLog
{
    [LoggerMessage(1101, LogLevel.Warning, "Too many sign-in tries for {Name} from {Address}")]
    public static partial void TooManyTries(this ILogger log, string name, string address);

    [LoggerMessage(1102, LogLevel.Error, "{Method} {Path} failed; correlation id {CorrelationId}")]
    public static partial void RequestFailed(this ILogger log, string method, string path, string correlationId, Exception exception);

    [LoggerMessage(1103, LogLevel.Information, "First administrator {Name} created through the setup link")]
    public static partial void SetUp(this ILogger log, string name);

    [LoggerMessage(1104, LogLevel.Critical, "The demonstration listens on {Address}, which other machines can reach; stopping")]
    public static partial void DemoReachable(this ILogger log, string address);
}
