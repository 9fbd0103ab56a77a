using System.Globalization;

namespace Ops.Dashboard.Features.Registry.Onnx;

/// <summary>Types and shapes as people read them.</summary>
internal static class SignatureText
{
    /// <summary>What an open dimension without a name is called.</summary>
    public const string Any = "any";

    /// <summary>Such as <c>FP32</c> (the protocol's name), <c>COMPLEX64</c> where it has none, or <c>sequence of INT64</c>.</summary>
    public static string Type(OnnxValueInfo value)
    {
        var element = value.Datatype ?? value.ElementType ?? "unknown";
        return value.Kind switch
        {
            OnnxValueKind.Tensor => element,
            OnnxValueKind.SparseTensor => $"sparse {element}",
            OnnxValueKind.Sequence => $"sequence of {element}",
            OnnxValueKind.Map => $"map of {element}",
            OnnxValueKind.Optional => $"optional {element}",
            OnnxValueKind.Opaque => "opaque",
            _ => element,
        };
    }

    /// <summary>Such as <c>[batch, 1, 8, 8]</c>, <c>scalar</c>, or <c>any shape</c>.</summary>
    public static string Shape(OnnxValueInfo value) => value.Shape switch
    {
        null => "any shape",
        [] => "scalar",
        var shape => $"[{string.Join(", ", shape.Select(Dimension))}]",
    };

    /// <summary>Type and shape together.</summary>
    public static string Describe(OnnxValueInfo value) => $"{Type(value)} {Shape(value)}";

    /// <summary>The tool that wrote the file and its version; empty when the file does not say.</summary>
    public static string Producer(OnnxModelInfo info) => $"{info.ProducerName} {info.ProducerVersion}".Trim();

    /// <summary>A size, a name, or <see cref="Any"/>.</summary>
    public static string Dimension(OnnxDimension dimension) =>
        dimension.Size?.ToString(CultureInfo.InvariantCulture) ?? (string.IsNullOrEmpty(dimension.Name) ? Any : dimension.Name);
}
