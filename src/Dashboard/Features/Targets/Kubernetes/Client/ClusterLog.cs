namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

internal static partial class ClusterLog
{
    [LoggerMessage(EventId = 3170, Level = LogLevel.Debug, Message = "The watch of {Kind} begins anew: its version is kept no longer")]
    public static partial void WatchExpired(this ILogger log, string kind);

    [LoggerMessage(EventId = 3171, Level = LogLevel.Debug, Message = "The watch of {Kind} broke off; going on from where it was")]
    public static partial void WatchBroken(this ILogger log, string kind);

    [LoggerMessage(EventId = 3172, Level = LogLevel.Warning, Message = "The watch of {Kind} does not see: {Problem}")]
    public static partial void WatchMisses(this ILogger log, string kind, string problem);

    [LoggerMessage(EventId = 3173, Level = LogLevel.Information, Message = "The watch of {Kind} sees again")]
    public static partial void WatchSees(this ILogger log, string kind);

    [LoggerMessage(EventId = 3174, Level = LogLevel.Error, Message = "Targets could not be read; trying again in {Seconds} s")]
    public static partial void ClustersNotRead(this ILogger log, double seconds, Exception exception);

    [LoggerMessage(EventId = 3175, Level = LogLevel.Warning, Message = "Cluster target {Target} cannot be used: {Problem}")]
    public static partial void ClusterNotUsable(this ILogger log, string target, string problem);

    [LoggerMessage(EventId = 3176, Level = LogLevel.Error, Message = "What a watch of {Target} has seen could not be taken in")]
    public static partial void ClusterChangeNotTaken(this ILogger log, string target, Exception exception);

    [LoggerMessage(EventId = 3177, Level = LogLevel.Warning, Message = "What the files say of cluster target {Target} cannot be used, so what they said before is: {Problem}")]
    public static partial void ClusterFilesNotRead(this ILogger log, string target, string problem);

    [LoggerMessage(EventId = 3178, Level = LogLevel.Information, Message = "Files of cluster target {Target} have changed; connecting anew")]
    public static partial void ClusterFilesChanged(this ILogger log, string target);
}
