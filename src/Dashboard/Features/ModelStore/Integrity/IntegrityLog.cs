namespace Ops.Dashboard.Features.ModelStore.Integrity;

internal static partial class IntegrityLog
{
    [LoggerMessage(2201, LogLevel.Error, "{Version} is damaged and cannot be rolled out any more: {Why}")]
    public static partial void Damaged(this ILogger log, string version, string why);

    [LoggerMessage(2202, LogLevel.Information, "{Version} has its bytes again and can be used as before")]
    public static partial void Recovered(this ILogger log, string version);

    [LoggerMessage(2203, LogLevel.Warning, "Version {Version} cannot be verified right now; again later")]
    public static partial void Unreadable(this ILogger log, Guid version, Exception exception);

    [LoggerMessage(2204, LogLevel.Error, "Verifying stored versions failed; again at the next turn")]
    public static partial void TurnFailed(this ILogger log, Exception exception);

    [LoggerMessage(2205, LogLevel.Warning, "Object {Object} of store {Store} does not hold the bytes it should; a new upload with those bytes keeps its own")]
    public static partial void NotShared(this ILogger log, string @object, string store);
}
