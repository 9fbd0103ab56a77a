namespace Ops.Dashboard.Features.Registry.Onnx;

/// <summary>
/// How much of a model the reader is willing to look at. The defaults are far above any real model;
/// they exist so that a hostile file costs a bounded amount of memory and time.
/// </summary>
internal sealed record OnnxReadLimits
{
    /// <summary>The limits used for uploads.</summary>
    public static OnnxReadLimits Default { get; } = new();

    /// <summary>Bytes of the model file itself. A protobuf message cannot be larger than 2 GiB minus one byte.</summary>
    public long MaxFileBytes { get; init; } = int.MaxValue;

    /// <summary>Protobuf fields looked at in the whole file, skipped ones included.</summary>
    public long MaxFields { get; init; } = 50_000_000;

    /// <summary>Graphs inside graphs (the bodies of If, Loop and Scan).</summary>
    public int MaxGraphDepth { get; init; } = 32;

    /// <summary>Types inside types (a sequence of maps of ...), and functions calling functions.</summary>
    public int MaxNesting { get; init; } = 32;

    /// <summary>Nodes in all graphs and functions together.</summary>
    public int MaxNodes { get; init; } = 1_000_000;

    /// <summary>Nodes once the model's own functions are unfolded where they are called.</summary>
    public long MaxUnfoldedNodes { get; init; } = 10_000_000;

    /// <summary>Tensors (initializers and constants) in all graphs together.</summary>
    public int MaxTensors { get; init; } = 500_000;

    /// <summary>Dimensions of one tensor.</summary>
    public int MaxRank { get; init; } = 64;

    /// <summary>Inputs of the main graph, and likewise outputs.</summary>
    public int MaxValues { get; init; } = 4_096;

    /// <summary>Functions the model defines itself.</summary>
    public int MaxFunctions { get; init; } = 10_000;

    /// <summary>Different operators counted one by one; operators beyond are counted together.</summary>
    public int MaxHistogramEntries { get; init; } = 1_000;

    /// <summary>Bytes of one name (a value, an operator, a domain, a location).</summary>
    public int MaxNameBytes { get; init; } = 4_096;

    /// <summary>Bytes of all names kept while reading.</summary>
    public long MaxKeptNameBytes { get; init; } = 32L * 1024 * 1024;

    /// <summary>Bytes kept of a doc string or of one metadata value; the rest is dropped.</summary>
    public int MaxTextBytes { get; init; } = 16 * 1024;

    /// <summary>Metadata entries kept; the rest is dropped.</summary>
    public int MaxMetadataEntries { get; init; } = 256;

    /// <summary>Bytes of metadata kept over all entries; the rest is dropped.</summary>
    public int MaxMetadataBytes { get; init; } = 256 * 1024;
}
