namespace Ops.Runtime.Fetching;

internal static partial class FetchingLog
{
    [LoggerMessage(EventId = 1000, Level = LogLevel.Information, Message = "Fetched {File} ({Bytes} bytes), SHA-256 verified")]
    public static partial void Fetched(this ILogger log, string file, long bytes);

    [LoggerMessage(EventId = 1001, Level = LogLevel.Information, Message = "Kept {File}, which was here already, SHA-256 verified")]
    public static partial void Kept(this ILogger log, string file);

    [LoggerMessage(EventId = 1002, Level = LogLevel.Warning, Message = "Fetching {File} failed (attempt {Attempt}): {Reason}. It goes on at byte {Bytes} in {Seconds:F1} s")]
    public static partial void FetchRetried(this ILogger log, string file, int attempt, string reason, long bytes, double seconds);

    [LoggerMessage(EventId = 1012, Level = LogLevel.Warning, Message = "The pieces of {File} do not make up its content; it is fetched anew")]
    public static partial void FetchedAnew(this ILogger log, string file);

    [LoggerMessage(EventId = 1013, Level = LogLevel.Information, Message = "Fetching {Files} files of version {Digest}, {Bytes} bytes")]
    public static partial void FetchBegins(this ILogger log, int files, string digest, long bytes);

    [LoggerMessage(EventId = 1014, Level = LogLevel.Information, Message = "{Bytes} of {Total} bytes are here, {BytesPerSecond} bytes per second")]
    public static partial void FetchProgress(this ILogger log, long bytes, long total, long bytesPerSecond);

    [LoggerMessage(EventId = 1015, Level = LogLevel.Information, Message = "All files are here: {Fetched} bytes fetched in {Seconds:F1} s, {Total} bytes in all")]
    public static partial void FetchDone(this ILogger log, long fetched, double seconds, long total);
}
