namespace Ops.Runtime.Inference;

#pragma warning disable SYSLIB1015 // Most requests belong to no trace; naming it in the text would leave a hole there.
#pragma warning disable IDE1006 // A field that the text does not name is called in the log as the parameter is: like the others.

/// <summary>Every line of a request has its id and, where it belongs to a trace, the trace's id as a field beside the text.</summary>
internal static partial class InferenceLog
{
    [LoggerMessage(EventId = 3000, Level = LogLevel.Debug, Message = "Request {RequestId} to {Model} version {Version} was answered {Status} in {Milliseconds:F3} ms")]
    public static partial void Answered(this ILogger log, string requestId, string model, string version, int status, double milliseconds, string? TraceId);

    [LoggerMessage(EventId = 3001, Level = LogLevel.Information, Message = "Request {RequestId} was refused with {Status}: {Reason}")]
    public static partial void RequestRefused(this ILogger log, string requestId, int status, string reason, string? TraceId);

    [LoggerMessage(EventId = 3002, Level = LogLevel.Error, Message = "Request {RequestId} failed with {Status}")]
    public static partial void RequestFailed(this ILogger log, string requestId, int status, string? TraceId, Exception exception);

    [LoggerMessage(EventId = 3003, Level = LogLevel.Debug, Message = "The client of request {RequestId} went away before its answer")]
    public static partial void ClientClosed(this ILogger log, string requestId, string? TraceId);

    [LoggerMessage(EventId = 3005, Level = LogLevel.Information, Message = "Request {RequestId} asks to {Change} {Model}, version {Version}")]
    public static partial void RepositoryChange(this ILogger log, string requestId, string change, string model, string version, string? TraceId);

    [LoggerMessage(EventId = 3004, Level = LogLevel.Debug, Message = "The client of request {RequestId} did not finish sending what was refused")]
    public static partial void ClientDidNotFinish(this ILogger log, string requestId, string? TraceId);
}
