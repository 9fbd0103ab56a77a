namespace Ops.Dashboard.Features.ModelStore;

internal static partial class ModelStoreLog
{
    [LoggerMessage(2001, LogLevel.Information, "Upload {Upload} of {Model} is verified and a version now")]
    public static partial void Verified(this ILogger log, Guid upload, string model);

    [LoggerMessage(2002, LogLevel.Warning, "Upload {Upload} refused: {Message}")]
    public static partial void Refused(this ILogger log, Guid upload, string message);

    [LoggerMessage(2003, LogLevel.Error, "Upload {Upload}: {Count} acknowledged part(s) do not read back as written; they are asked for again")]
    public static partial void DamagedParts(this ILogger log, Guid upload, int count);

    [LoggerMessage(2004, LogLevel.Error, "Verifying upload {Upload} failed; again in {Pause}")]
    public static partial void VerificationFailed(this ILogger log, Guid upload, TimeSpan pause, Exception exception);

    [LoggerMessage(2005, LogLevel.Error, "Looking for uploads to verify failed; again later")]
    public static partial void SearchFailed(this ILogger log, Exception exception);

    [LoggerMessage(2006, LogLevel.Information, "Upload {Upload} expired without progress; its bytes are deleted")]
    public static partial void Expired(this ILogger log, Guid upload);

    [LoggerMessage(2007, LogLevel.Information, "Object {Object} of store {Store} belonged to nothing and is deleted")]
    public static partial void OrphanCollected(this ILogger log, string @object, string store);

    [LoggerMessage(2008, LogLevel.Warning, "Object {Object} could not be deleted; it is collected later")]
    public static partial void DeleteFailed(this ILogger log, string @object, Exception exception);

    [LoggerMessage(2009, LogLevel.Error, "Collecting unfinished uploads failed; again at the next turn")]
    public static partial void CollectionFailed(this ILogger log, Exception exception);

    [LoggerMessage(2012, LogLevel.Warning, "Store {Store} could not be cleared of what belongs to nothing; again at the next turn")]
    public static partial void StoreNotCollected(this ILogger log, string store, Exception exception);

    [LoggerMessage(2010, LogLevel.Error, "The model store could not keep part {Number} of file {File}")]
    public static partial void PartFailed(this ILogger log, int number, Guid file, Exception exception);

    [LoggerMessage(2021, LogLevel.Error, "{File} of {Version} could not be handed out")]
    public static partial void DownloadFailed(this ILogger log, string file, string version, Exception exception);

    [LoggerMessage(2051, LogLevel.Error, "Model store {Store} cannot be used: {Problem}")]
    public static partial void StoreNotMade(this ILogger log, string store, string problem);

    [LoggerMessage(2052, LogLevel.Warning, "Model store {Store} does not answer: {Problem}")]
    public static partial void StoreFailing(this ILogger log, string store, string problem);

    [LoggerMessage(2053, LogLevel.Information, "Model store {Store} answers again")]
    public static partial void StoreRecovered(this ILogger log, string store);

    [LoggerMessage(2054, LogLevel.Error, "Looking for changes of the model stores failed; again in {Pause}")]
    public static partial void StoresNotRefreshed(this ILogger log, TimeSpan pause, Exception exception);

    [LoggerMessage(2011, LogLevel.Error, "The model store has lost file {File}; {Count} acknowledged part(s) of it are asked for again")]
    public static partial void StoreLostFile(this ILogger log, Guid file, int count);

    [LoggerMessage(2071, LogLevel.Information, "{Model} version {Number} is written down in store {Store} as {Commit}")]
    public static partial void Recorded(this ILogger log, string model, int number, string store, string commit);

    [LoggerMessage(2072, LogLevel.Error, "{Model} version {Number} cannot be written down in store {Store}: {Message}")]
    public static partial void RecordFailed(this ILogger log, string model, int number, string store, string message);

    [LoggerMessage(2073, LogLevel.Warning, "Store {Store} cannot write versions down now; again later: {Message}")]
    public static partial void RecordingFailed(this ILogger log, string store, string message);

    [LoggerMessage(2074, LogLevel.Error, "Looking for versions to write down failed; again later")]
    public static partial void RecordingBroke(this ILogger log, Exception exception);

    [LoggerMessage(2075, LogLevel.Warning, "Store {Store} cannot say where a version is written down: {Message}")]
    public static partial void LookUpFailed(this ILogger log, string store, string message);

    [LoggerMessage(2060, LogLevel.Error, "The model store of upload {Upload} cannot be used")]
    public static partial void StoreFailed(this ILogger log, Guid upload, Exception exception);
}
