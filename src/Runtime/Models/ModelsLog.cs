namespace Ops.Runtime.Models;

internal static partial class ModelsLog
{
    [LoggerMessage(EventId = 1000, Level = LogLevel.Information, Message = "Fetched {File} of {Model} version {Version} ({Bytes} bytes), SHA-256 verified")]
    public static partial void Fetched(this ILogger log, string model, string version, string file, long bytes);

    [LoggerMessage(EventId = 1001, Level = LogLevel.Information, Message = "Reused {File} of {Model} version {Version} from the cache, SHA-256 verified")]
    public static partial void Reused(this ILogger log, string model, string version, string file);

    [LoggerMessage(EventId = 1002, Level = LogLevel.Warning, Message = "Fetching {File} of {Model} version {Version} failed (attempt {Attempt}), trying again")]
    public static partial void FetchRetried(this ILogger log, string model, string version, string file, int attempt, Exception exception);

    [LoggerMessage(EventId = 1003, Level = LogLevel.Information, Message = "Loaded {Model} version {Version} in {Seconds:F3} s")]
    public static partial void Loaded(this ILogger log, string model, string version, double seconds);

    [LoggerMessage(EventId = 1004, Level = LogLevel.Error, Message = "{Model} version {Version} cannot be served: {Reason}")]
    public static partial void LoadFailed(this ILogger log, string model, string version, string reason, Exception exception);

    [LoggerMessage(EventId = 1005, Level = LogLevel.Warning, Message = "The engine warns: {Text}")]
    public static partial void EngineWarning(this ILogger log, string text);

    [LoggerMessage(EventId = 1006, Level = LogLevel.Error, Message = "The engine reports an error: {Text}")]
    public static partial void EngineError(this ILogger log, string text);

    [LoggerMessage(EventId = 1007, Level = LogLevel.Information, Message = "The process is stopping before its models were loaded")]
    public static partial void LoadingStopped(this ILogger log);

    [LoggerMessage(EventId = 1009, Level = LogLevel.Information, Message = "Unloaded {Model} version {Version}")]
    public static partial void Unloaded(this ILogger log, string model, string version);

    [LoggerMessage(EventId = 1010, Level = LogLevel.Error, Message = "Unloading {Model} version {Version} failed")]
    public static partial void UnloadFailed(this ILogger log, string model, string version, Exception exception);

    [LoggerMessage(EventId = 1011, Level = LogLevel.Error, Message = "The configuration was read again and cannot be used")]
    public static partial void ConfigurationUnreadable(this ILogger log, Exception exception);

    [LoggerMessage(EventId = 1008, Level = LogLevel.Error, Message = "Loading the models failed unexpectedly")]
    public static partial void LoadingCrashed(this ILogger log, Exception exception);
}
