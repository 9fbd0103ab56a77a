namespace Ops.Dashboard.Commands;

internal static partial class CommandsLog
{
    [LoggerMessage(1001, LogLevel.Warning, "{Action} refused for {Person}: {Message}")]
    public static partial void CommandRefused(this ILogger log, string action, string person, string message);

    [LoggerMessage(1002, LogLevel.Information, "{Action} met a change by somebody else and runs again (attempt {Attempt})")]
    public static partial void CommandRetried(this ILogger log, string action, int attempt);
}
