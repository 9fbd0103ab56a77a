using Microsoft.ML.OnnxRuntime;

namespace Ops.Runtime.OnnxRuntime;

/// <summary>One input or output of a model.</summary>
/// <param name="Name">The name in the graph.</param>
/// <param name="ElementType">Type of the elements; <see cref="OrtElementType.Undefined"/> when it is no tensor.</param>
/// <param name="Shape">Extents; -1 where the model leaves one open.</param>
/// <param name="Symbols">Per dimension what the model calls an open extent; empty where it has no name.</param>
internal sealed record OrtTensorInfo(string Name, OrtElementType ElementType, long[] Shape, string[] Symbols)
{
    /// <summary>Describes one whose open extents have no names.</summary>
    public OrtTensorInfo(string name, OrtElementType elementType, long[] shape)
        : this(name, elementType, shape, Array.ConvertAll(shape, _ => string.Empty))
    {
    }

    /// <summary>Whether an extent is open.</summary>
    public bool IsDynamic => Array.Exists(Shape, extent => extent < 0);

    internal static OrtTensorInfo Create(string name, NodeMetadata node) => node.OnnxValueType == OnnxValueType.ONNX_TYPE_TENSOR
        ? new OrtTensorInfo(name, (OrtElementType)node.ElementDataType, Array.ConvertAll(node.Dimensions, extent => (long)extent), node.SymbolicDimensions)
        : new OrtTensorInfo(name, OrtElementType.Undefined, [], []);

    public override string ToString() => $"{Name}: {ElementType}[{string.Join(',', Shape)}]";
}
