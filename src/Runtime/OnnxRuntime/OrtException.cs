using Microsoft.ML.OnnxRuntime;

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
internal sealed class OrtException(OrtErrorCode code, string message, Exception? inner = null) : Exception(message, inner)
{
    private const string Prefix = "[ErrorCode:";

    /// <summary>The engine's error code.</summary>
    public OrtErrorCode Code { get; } = code;

    /// <summary>Calls the package and turns its exception into ours.</summary>
    /// <exception cref="OrtException">The call failed.</exception>
    public static T Translate<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (OnnxRuntimeException exception)
        {
            throw From(exception);
        }
    }

    /// <summary>Reads the code out of the message, the only place where the package shows it: <c>[ErrorCode:Name] text</c>.</summary>
    public static OrtException From(OnnxRuntimeException exception)
    {
        var text = exception.Message;
        if (text.StartsWith(Prefix, StringComparison.Ordinal) && text.IndexOf(']') is > 0 and var end)
        {
            var name = text[Prefix.Length..end];
            // The package calls code 11 by a name that the engine has given up.
            var code = name == "ShapeInferenceNotRegistered" ? OrtErrorCode.ExecutionProviderFail
                : Enum.TryParse<OrtErrorCode>(name, out var parsed) ? parsed
                : OrtErrorCode.Fail;
            return new OrtException(code, text[(end + 1)..].TrimStart(), exception);
        }

        return new OrtException(OrtErrorCode.Fail, text, exception);
    }
}
