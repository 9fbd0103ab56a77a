namespace Ops.Dashboard.Features.Targets.Local;

internal static partial class LocalTargetLog
{
    [LoggerMessage(EventId = 3100, Level = LogLevel.Warning, Message = "The record of replica {Replica} could not be written")]
    public static partial void ReplicaRecordNotWritten(this ILogger log, string replica, Exception exception);

    [LoggerMessage(EventId = 3101, Level = LogLevel.Error, Message = "Supervision of replica {Replica} failed")]
    public static partial void ReplicaSupervisionFailed(this ILogger log, string replica, Exception exception);

    [LoggerMessage(EventId = 3102, Level = LogLevel.Warning, Message = "The folder of replica {Replica} could not be removed; it is tried again")]
    public static partial void ReplicaFolderNotRemoved(this ILogger log, string replica, Exception exception);

    [LoggerMessage(EventId = 3103, Level = LogLevel.Warning, Message = "The folder of replica {Replica} holds no record and is removed")]
    public static partial void ReplicaFolderWithoutRecord(this ILogger log, string replica);

    [LoggerMessage(EventId = 3104, Level = LogLevel.Warning, Message = "The registry does not know replica {Replica} of {Endpoint} any more; it is taken down")]
    public static partial void ReplicaUnknown(this ILogger log, string replica, string endpoint);

    [LoggerMessage(EventId = 3105, Level = LogLevel.Warning, Message = "The registry could not be asked about replica {Replica}; it goes on running")]
    public static partial void RegistryNotAsked(this ILogger log, string replica, Exception exception);

    [LoggerMessage(EventId = 3106, Level = LogLevel.Warning, Message = "Another dashboard runs the replicas of this data folder ({File}); waiting for it to end: {Reason}")]
    public static partial void LocalTargetHeldElsewhere(this ILogger log, string file, string reason);

    [LoggerMessage(EventId = 3108, Level = LogLevel.Warning, Message = "Verified copies in {Folder} could not be removed")]
    public static partial void CacheNotSwept(this ILogger log, string folder, Exception exception);

    [LoggerMessage(EventId = 3107, Level = LogLevel.Error, Message = "The local target could not be opened")]
    public static partial void LocalTargetNotOpened(this ILogger log, Exception exception);
}
