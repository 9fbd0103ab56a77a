namespace Ops.Runtime.Models;

internal static partial class ModelsLog
{
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

    [LoggerMessage(EventId = 1020, Level = LogLevel.Warning, Message = "{Model} version {Version} cannot run on {Provider}; {Next} is next")]
    public static partial void ProviderFellBack(this ILogger log, string model, string version, string provider, string next, Exception exception);

    [LoggerMessage(EventId = 1021, Level = LogLevel.Warning, Message = "The warm-up of {Model} version {Version} with zeros failed; its first requests may be slow. WarmUpShapes can say which shapes it takes")]
    public static partial void WarmUpFailed(this ILogger log, string model, string version, Exception exception);

    [LoggerMessage(EventId = 1022, Level = LogLevel.Information, Message = "Reused the optimized form of {Model} version {Version}, SHA-256 verified")]
    public static partial void OptimizedReused(this ILogger log, string model, string version);

    [LoggerMessage(EventId = 1023, Level = LogLevel.Warning, Message = "Removed {File}, a kept optimized form of {Model} version {Version}, because its content is not what its name says")]
    public static partial void OptimizedRejected(this ILogger log, string model, string version, string file);

    [LoggerMessage(EventId = 1024, Level = LogLevel.Warning, Message = "Removed {File}, a kept optimized form of {Model} version {Version}, because it cannot be loaded")]
    public static partial void OptimizedUnloadable(this ILogger log, string model, string version, string file, Exception exception);

    [LoggerMessage(EventId = 1025, Level = LogLevel.Warning, Message = "The optimized form of {Model} version {Version} could not be kept; the next load optimizes it again")]
    public static partial void OptimizedNotKept(this ILogger log, string model, string version, Exception exception);

    [LoggerMessage(EventId = 1027, Level = LogLevel.Information, Message = "Runs of {Model} version {Version} compute on {Threads} thread(s): {Reason}")]
    public static partial void ThreadsChosen(this ILogger log, string model, string version, int threads, string reason);

    [LoggerMessage(EventId = 1028, Level = LogLevel.Warning, Message = "{Model} version {Version} could not be tried on one thread; it runs on the shared ones")]
    public static partial void ThreadTrialFailed(this ILogger log, string model, string version, Exception exception);

    [LoggerMessage(EventId = 1029, Level = LogLevel.Information, Message = "Loading {Model} version {Version}: {Step}, {Done} of {Total}")]
    public static partial void LoadGetsFurther(this ILogger log, string model, string version, string step, long done, long total);

    [LoggerMessage(EventId = 1026, Level = LogLevel.Warning, Message = "The folder of optimized forms of {Model} version {Version} cannot be used")]
    public static partial void OptimizedCacheUnusable(this ILogger log, string model, string version, Exception exception);
}
