namespace Ops.Dashboard.Features.Registry.Onnx;

/// <summary>What an ONNX model says about itself. Stored in the registry as JSON.</summary>
internal sealed record OnnxModelInfo
{
    /// <summary>The version of the ONNX file format.</summary>
    public required long IrVersion { get; init; }

    /// <summary>Operator set version by domain; the standard domain appears as <c>ai.onnx</c>.</summary>
    public required IReadOnlyDictionary<string, long> OpsetImports { get; init; }

    /// <summary>The tool that wrote the file, empty when it does not say.</summary>
    public required string ProducerName { get; init; }

    /// <summary>The version of the tool that wrote the file, empty when it does not say.</summary>
    public required string ProducerVersion { get; init; }

    /// <summary>The model's own namespace (reverse domain name), empty when it does not say.</summary>
    public required string Domain { get; init; }

    /// <summary>The version number the author gave; 0 when none.</summary>
    public required long ModelVersion { get; init; }

    /// <summary>The author's description, cut at <see cref="OnnxReadLimits.MaxTextBytes"/>.</summary>
    public required string DocString { get; init; }

    /// <summary>The author's metadata (<c>metadata_props</c>), bounded.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <summary>True when metadata or the description were cut or entries dropped because of their size.</summary>
    public required bool TextTruncated { get; init; }

    /// <summary>The name of the main graph.</summary>
    public required string GraphName { get; init; }

    /// <summary>What a request must bring. Initializers that old files also list as inputs are left out.</summary>
    public required IReadOnlyList<OnnxValueInfo> Inputs { get; init; }

    /// <summary>What an answer holds.</summary>
    public required IReadOnlyList<OnnxValueInfo> Outputs { get; init; }

    /// <summary>
    /// Numbers in all initializers of the main graph and the graphs inside it, wherever their bytes lie.
    /// Of a sparse initializer the stored values count. Constants written as nodes do not count.
    /// </summary>
    public required long ParameterCount { get; init; }

    /// <summary>Nodes in the main graph, the graphs inside it and the bodies of the model's own functions.</summary>
    public required long NodeCount { get; init; }

    /// <summary>
    /// How often each operator occurs among those nodes. Operators outside the standard domain are written
    /// <c>domain:Operator</c>; rare ones beyond the limit are counted together as <see cref="OtherOperators"/>.
    /// </summary>
    public required IReadOnlyDictionary<string, long> Operators { get; init; }

    /// <summary>Files, relative to the folder of the model, that hold tensors of this model.</summary>
    public required IReadOnlyList<string> ExternalFiles { get; init; }

    /// <summary>The name under which operators beyond the histogram's limit are counted.</summary>
    public const string OtherOperators = "(other)";
}

/// <summary>One input or output of a model.</summary>
internal sealed record OnnxValueInfo
{
    /// <summary>The name requests and answers use.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it is a tensor or something that holds tensors.</summary>
    public required OnnxValueKind Kind { get; init; }

    /// <summary>The ONNX name of the (innermost) element type, such as <c>FLOAT</c>; null when the file does not say.</summary>
    public required string? ElementType { get; init; }

    /// <summary>
    /// The Open Inference Protocol name, such as <c>FP32</c>; null for anything the protocol cannot carry
    /// (sequences, maps, complex numbers, 8-bit floats and smaller).
    /// </summary>
    public required string? Datatype { get; init; }

    /// <summary>The dimensions; null when not even their number is known.</summary>
    public required IReadOnlyList<OnnxDimension>? Shape { get; init; }
}

/// <summary>One dimension of a shape: a number, a symbolic name, or neither when it is unknown.</summary>
/// <param name="Size">The fixed size, zero or more.</param>
/// <param name="Name">The symbolic name, such as <c>batch</c>.</param>
internal sealed record OnnxDimension(long? Size, string? Name);

/// <summary>The kinds of value a graph takes and gives.</summary>
[System.Text.Json.Serialization.JsonConverter(typeof(System.Text.Json.Serialization.JsonStringEnumConverter<OnnxValueKind>))]
internal enum OnnxValueKind
{
    /// <summary>The file does not say.</summary>
    Unknown,

    /// <summary>A dense tensor.</summary>
    Tensor,

    /// <summary>A sparse tensor.</summary>
    SparseTensor,

    /// <summary>A list of values.</summary>
    Sequence,

    /// <summary>Keys with values.</summary>
    Map,

    /// <summary>A value that may be missing.</summary>
    Optional,

    /// <summary>A type only its runtime knows.</summary>
    Opaque,
}
