using Ops.Dashboard.Features.Registry.Onnx;

namespace Ops.Dashboard.Features.Playground;

/// <summary>Makes the form of the playground from a model's signature. Pure.</summary>
internal static class PlaygroundForm
{
    private const long SmallestPicture = 4;
    private const long LargestPicture = 4096;
    private const long UsualPicture = 224;
    private const long UsualSequence = 8;
    private static readonly string[] PictureTypes = ["FP32", "FP64", "FP16", "UINT8"];
    private static readonly string[] Datatypes =
        ["BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32", "FP64", "BYTES"];

    /// <summary>The inputs in the order of the model.</summary>
    public static IReadOnlyList<PlaygroundInput> Of(OnnxModelInfo model) => [.. model.Inputs.Select(Of)];

    /// <summary>One input.</summary>
    public static PlaygroundInput Of(OnnxValueInfo value)
    {
        var input = new PlaygroundInput { Name = value.Name, Datatype = value.Datatype };
        if (value.Kind != OnnxValueKind.Tensor || value.Datatype is null || !Datatypes.Contains(value.Datatype))
        {
            return input with { Problem = $"The protocol cannot carry {(value.Kind == OnnxValueKind.Tensor ? value.ElementType ?? "this type" : $"a {value.Kind}").ToLowerInvariant()} as JSON. Call the endpoint from a program." };
        }

        if (value.Shape is null)
        {
            return input with { Problem = "The model does not say which shape it takes. Call the endpoint from a program." };
        }

        var image = Image(value.Datatype, value.Shape);
        return input with { Image = image, Dimensions = [.. value.Shape.Select((dimension, index) => Dimension(dimension, index, image))] };
    }

    private static PlaygroundDimension Dimension(OnnxDimension dimension, int index, PlaygroundImage? image)
    {
        var label = dimension.Name ?? (index == 0 && dimension.Size is null ? "batch" : $"dimension {index + 1}");
        return new(label, dimension.Size, dimension.Size ?? Usual(dimension.Name ?? "", index, image));
    }

    // What is left open is usually how many at once, how long, or how large a picture.
    private static long Usual(string name, int index, PlaygroundImage? image) =>
        index == 0 ? 1
        : image is not null ? UsualPicture
        : name.Contains("seq", StringComparison.OrdinalIgnoreCase) || name.Contains("len", StringComparison.OrdinalIgnoreCase) ? UsualSequence
        : 1;

    private static PlaygroundImage? Image(string datatype, IReadOnlyList<OnnxDimension> shape)
    {
        if (shape.Count != 4 || !PictureTypes.Contains(datatype) || shape[0].Size is > 1)
        {
            return null;
        }

        return shape[1].Size is 1 or 3 && IsSide(shape[2]) && IsSide(shape[3]) ? new(true, (int)shape[1].Size!)
            : shape[3].Size is 1 or 3 && IsSide(shape[1]) && IsSide(shape[2]) ? new(false, (int)shape[3].Size!)
            : null;
    }

    private static bool IsSide(OnnxDimension dimension) => dimension.Size is null or (>= SmallestPicture and <= LargestPicture);
}
