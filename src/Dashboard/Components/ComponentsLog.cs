namespace Ops.Dashboard.Components;

internal static partial class ComponentsLog
{
    [LoggerMessage(EventId = 1001, Level = LogLevel.Error, Message = "A page failed (correlation {Correlation}).")]
    public static partial void PageFailed(ILogger logger, string correlation, Exception exception);

    [LoggerMessage(EventId = 1002, Level = LogLevel.Warning, Message = "The command source {Source} failed; its results are missing from the palette.")]
    public static partial void CommandSourceFailed(ILogger logger, string source, Exception exception);
}
