namespace Ops.Dashboard.Features.ModelStore.Moves;

internal static partial class MoveLog
{
    [LoggerMessage(2401, LogLevel.Information, "Version {Version} is in the store {Store} now")]
    public static partial void Moved(this ILogger log, Guid version, string store);

    [LoggerMessage(2402, LogLevel.Warning, "Move {Move} does not go on right now")]
    public static partial void MoveFailed(this ILogger log, Guid move, Exception exception);

    [LoggerMessage(2403, LogLevel.Error, "Looking for moves of versions failed; again later")]
    public static partial void TurnFailed(this ILogger log, Exception exception);
}
