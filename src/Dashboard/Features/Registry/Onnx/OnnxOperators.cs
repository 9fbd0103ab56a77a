namespace Ops.Dashboard.Features.Registry.Onnx;

/// <summary>An operator or function as a node names it.</summary>
/// <param name="Domain">The domain; the standard one is <c>ai.onnx</c>, never empty.</param>
/// <param name="Name">The operator's name.</param>
/// <param name="Overload">Which of several functions of that name, usually empty.</param>
internal sealed record OnnxOperator(string Domain, string Name, string Overload)
{
    /// <summary>The name shown to people.</summary>
    public string Display => Domain == OnnxOperators.StandardDomain ? Name : $"{Domain}:{Name}";
}

/// <summary>
/// Which operators a model may use. Everything the ONNX standard defines and what ONNX Runtime itself adds is
/// allowed; anything else would need a native library beside the model, and uploads never bring native code.
/// </summary>
internal static class OnnxOperators
{
    /// <summary>The standard domain; files write it as an empty string too.</summary>
    public const string StandardDomain = "ai.onnx";

    private const string MicrosoftDomain = "com.microsoft";

    private static readonly HashSet<string> AllowedDomains = new(StringComparer.Ordinal)
    {
        StandardDomain,
        "ai.onnx.ml",
        "ai.onnx.preview",
        "ai.onnx.preview.training",
        "ai.onnx.training",
        MicrosoftDomain,
    };

    // Operators of ONNX Runtime whose meaning is a blob compiled for one device, or Python code.
    private static readonly HashSet<string> OpaqueOperators = new(StringComparer.Ordinal) { "EPContext", "Snpe", "PythonOp", "PythonOpGrad" };

    /// <summary>True when the runtime knows the domain without a custom library.</summary>
    public static bool IsKnownDomain(string domain) => AllowedDomains.Contains(domain);

    /// <summary>Refuses nodes that carry a compiled program or foreign code.</summary>
    public static void RefuseOpaque(OnnxOperator op)
    {
        if (op.Domain == MicrosoftDomain && OpaqueOperators.Contains(op.Name))
        {
            throw new OnnxRefusedException(OnnxRefusalCodes.OpaqueNode, $"The model contains a {op.Name} node: a program compiled for one device, or foreign code, instead of operators. Upload the model it was made from.");
        }
    }

    /// <summary>The refusal for an operator that neither the runtime nor the model itself defines.</summary>
    public static OnnxRefusedException Unknown(OnnxOperator op) => op.Domain is "com.microsoft.nchwc" or "com.ms.internal.nhwc"
        ? new(OnnxRefusalCodes.UnknownDomain, "The model was optimized for one kind of processor and saved like that; elsewhere it may fail or give wrong results. Upload the model from before that optimization.")
        : new(OnnxRefusalCodes.UnknownDomain, $"The model uses the operator {OnnxRefusedException.Quote(op.Name)} of {OnnxRefusedException.Quote(op.Domain)}, which needs a custom library. Export the model with standard operators only.");
}
