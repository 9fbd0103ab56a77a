namespace Ops.Runtime.OnnxRuntime;

/// <summary>The kinds of failure that ONNX Runtime reports (<c>OrtErrorCode</c>).</summary>
internal enum OrtErrorCode
{
    Ok = 0,
    Fail = 1,
    InvalidArgument = 2,
    NoSuchFile = 3,
    NoModel = 4,
    EngineError = 5,
    RuntimeException = 6,
    InvalidProtobuf = 7,
    ModelLoaded = 8,
    NotImplemented = 9,
    InvalidGraph = 10,
    ExecutionProviderFail = 11,
}

/// <summary>A call into ONNX Runtime failed. The message is the engine's own: for logs, not for strangers.</summary>
internal sealed class OrtException(OrtErrorCode code, string message) : Exception(message)
{
    /// <summary>The engine's error code.</summary>
    public OrtErrorCode Code { get; } = code;
}
