namespace Ops.Dashboard.Features.Targets.Kubernetes;

internal static partial class KubernetesLog
{
    [LoggerMessage(EventId = 3150, Level = LogLevel.Warning, Message = "{Path} of version {Version} could not be handed to a pod")]
    public static partial void FetchFailed(this ILogger log, string path, Guid version, Exception exception);

    [LoggerMessage(EventId = 3151, Level = LogLevel.Information, Message = "{Endpoint}: applied {Kind} {Name}")]
    public static partial void Applied(this ILogger log, string endpoint, string kind, string name);

    [LoggerMessage(EventId = 3152, Level = LogLevel.Information, Message = "{Endpoint}: deleted {Kind} {Name}, which is wanted no more")]
    public static partial void Removed(this ILogger log, string endpoint, string kind, string name);

    [LoggerMessage(EventId = 3153, Level = LogLevel.Warning, Message = "{Endpoint}: {Sentence}")]
    public static partial void Drifted(this ILogger log, string endpoint, string sentence);

    [LoggerMessage(EventId = 3154, Level = LogLevel.Error, Message = "A change in the cluster could not be taken in")]
    public static partial void ChangeNotTaken(this ILogger log, Exception exception);

    [LoggerMessage(EventId = 3155, Level = LogLevel.Warning, Message = "GPUs of clusters could not be read from the Prometheus at {Server}")]
    public static partial void PrometheusNotRead(this ILogger log, Uri server, Exception exception);

    [LoggerMessage(EventId = 3156, Level = LogLevel.Warning, Message = "The Lease in {Namespace} could not be renewed or given back")]
    public static partial void LeaseNotRenewed(this ILogger log, string @namespace, Exception exception);
}
