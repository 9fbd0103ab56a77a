using System.Diagnostics.CodeAnalysis;

namespace Ops.Dashboard.Features.Registry.Onnx;

/// <summary>What came of reading one model file: either what it says about itself, or why it is refused.</summary>
internal sealed record OnnxReadResult
{
    private OnnxReadResult()
    {
    }

    /// <summary>True when the file is a model the registry takes.</summary>
    [MemberNotNullWhen(true, nameof(Info))]
    [MemberNotNullWhen(false, nameof(Refusal))]
    public bool Accepted => Info is not null;

    /// <summary>What the model says about itself; null when it is refused.</summary>
    public OnnxModelInfo? Info { get; private init; }

    /// <summary>Why the model is refused; null when it is taken.</summary>
    public OnnxRefusal? Refusal { get; private init; }

    /// <summary>The file is a model the registry takes.</summary>
    public static OnnxReadResult Accept(OnnxModelInfo info) => new() { Info = info };

    /// <summary>The file is not taken.</summary>
    public static OnnxReadResult Refuse(OnnxRefusal refusal) => new() { Refusal = refusal };
}

/// <summary>Why a model file is refused.</summary>
/// <param name="Code">A stable name from <see cref="OnnxRefusalCodes"/>, for audit entries and tests.</param>
/// <param name="Message">Plain words for the person who uploaded it, with what to do about it.</param>
internal sealed record OnnxRefusal(string Code, string Message);

/// <summary>The stable names of refusals. They are stored with uploads: never rename one.</summary>
internal static class OnnxRefusalCodes
{
    /// <summary>The file has no bytes.</summary>
    public const string Empty = "onnx.empty";

    /// <summary>The file is something else, whatever its name says.</summary>
    public const string NotOnnx = "onnx.not-onnx";

    /// <summary>The file ends in the middle of the model.</summary>
    public const string Truncated = "onnx.truncated";

    /// <summary>The bytes break the rules of the protobuf format or of ONNX.</summary>
    public const string Malformed = "onnx.malformed";

    /// <summary>The file is over the size a protobuf message can have.</summary>
    public const string TooLarge = "onnx.too-large";

    /// <summary>More nodes, tensors, inputs, names or fields than the limits allow.</summary>
    public const string TooMany = "onnx.too-many";

    /// <summary>Graphs, types or function calls are nested too deeply.</summary>
    public const string TooDeep = "onnx.too-deep";

    /// <summary>There is no graph to run.</summary>
    public const string NoGraph = "onnx.no-graph";

    /// <summary>The graph produces nothing.</summary>
    public const string NoOutputs = "onnx.no-outputs";

    /// <summary>The model does not say which version of the format, or which operator sets, it was written for.</summary>
    public const string NoVersion = "onnx.no-version";

    /// <summary>Dimensions are negative or multiply to more than a 64-bit number holds.</summary>
    public const string Dimensions = "onnx.dimensions";

    /// <summary>A tensor holds more or fewer bytes than its shape needs.</summary>
    public const string TensorSize = "onnx.tensor-size";

    /// <summary>External data points somewhere other than a file beside the model.</summary>
    public const string ExternalLocation = "onnx.external-location";

    /// <summary>External data points to a file that was not uploaded with the model.</summary>
    public const string ExternalMissing = "onnx.external-missing";

    /// <summary>External data is negative, unreadable or reaches beyond the end of its file.</summary>
    public const string ExternalRange = "onnx.external-range";

    /// <summary>Two tensors use the same bytes of one external file.</summary>
    public const string ExternalOverlap = "onnx.external-overlap";

    /// <summary>External data points to an address in the memory of the process that loads it.</summary>
    public const string MemoryAddress = "onnx.memory-address";

    /// <summary>A sparse tensor keeps its values or indices in an external file.</summary>
    public const string SparseExternal = "onnx.sparse-external";

    /// <summary>A node carries a compiled program or foreign code instead of an operator.</summary>
    public const string OpaqueNode = "onnx.opaque-node";

    /// <summary>A node uses an operator that only a custom library would provide.</summary>
    public const string UnknownDomain = "onnx.unknown-domain";

    /// <summary>The model's own functions call each other in a circle or unfold without end.</summary>
    public const string FunctionExpansion = "onnx.function-expansion";
}
