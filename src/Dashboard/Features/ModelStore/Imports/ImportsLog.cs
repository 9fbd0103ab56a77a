namespace Ops.Dashboard.Features.ModelStore.Imports;

internal static partial class ImportsLog
{
    [LoggerMessage(2101, LogLevel.Information, "{Holder} runs imports now")]
    public static partial void ImportsHeld(this ILogger log, string holder);

    [LoggerMessage(2102, LogLevel.Information, "{Holder} runs imports no longer; {Other} does")]
    public static partial void ImportsLost(this ILogger log, string holder, string other);

    [LoggerMessage(2103, LogLevel.Information, "Import {Transfer}: {Files} file(s) are fetched from {Source}")]
    public static partial void FilesFound(this ILogger log, Guid transfer, int files, string source);

    [LoggerMessage(2104, LogLevel.Warning, "Import {Transfer} was interrupted at try {Attempt} and is tried again at {NextTry}: {Message}")]
    public static partial void Interrupted(this ILogger log, Guid transfer, int attempt, DateTimeOffset nextTry, string message, Exception? exception);

    [LoggerMessage(2105, LogLevel.Warning, "Import {Transfer} failed: {Message}")]
    public static partial void ImportFailed(this ILogger log, Guid transfer, string message);

    [LoggerMessage(2106, LogLevel.Error, "Looking for imports failed; again later")]
    public static partial void LookFailed(this ILogger log, Exception exception);

    [LoggerMessage(2107, LogLevel.Error, "Import {Transfer} met something unexpected")]
    public static partial void Unexpected(this ILogger log, Guid transfer, Exception exception);

    [LoggerMessage(2108, LogLevel.Warning, "The folder of import {Transfer} could not be deleted; again later")]
    public static partial void FolderKept(this ILogger log, Guid transfer, Exception exception);
}
