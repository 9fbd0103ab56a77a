using Ops.Dashboard.Features.Registry.Onnx;

namespace Ops.Dashboard.Features.Registry.Pages;

/// <summary>One input or output as the table shows it.</summary>
/// <param name="Name">The name requests and answers use.</param>
/// <param name="Type">Such as <c>FP32</c>, or <c>sequence of INT64</c>.</param>
/// <param name="OnnxType">The name in the file, such as <c>FLOAT</c>; null where it is the same or unknown.</param>
/// <param name="Dimensions">Sizes and names; null when the shape is open, empty for a scalar.</param>
/// <param name="Speaks">Whether the Open Inference Protocol can carry it.</param>
public sealed record SignatureValue(string Name, string Type, string? OnnxType, IReadOnlyList<SignatureDimension>? Dimensions, bool Speaks)
{
    /// <summary>Makes it of what the reader found.</summary>
    internal static SignatureValue Of(OnnxValueInfo value) => new(
        value.Name,
        SignatureText.Type(value),
        value.Datatype is null || value.ElementType == value.Datatype ? null : value.ElementType,
        value.Shape is null ? null : [.. value.Shape.Select(d => new SignatureDimension(SignatureText.Dimension(d), d.Size is null))],
        value is { Kind: OnnxValueKind.Tensor, Datatype: not null });
}

/// <summary>One dimension.</summary>
/// <param name="Text">The size, the name, or <c>any</c>.</param>
/// <param name="IsOpen">Whether each request chooses the size.</param>
public sealed record SignatureDimension(string Text, bool IsOpen);
