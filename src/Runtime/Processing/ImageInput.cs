using Ops.Runtime.Inference;
using Ops.Runtime.Models;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Processing;

/// <summary>Makes one input of a model from encoded images. Checked against the model when it is loaded.</summary>
internal sealed class ImageInput
{
    private const int Rank = 4;

    private readonly InputProcessingOptions options;
    private readonly OrtTensorInfo model;
    private readonly DecodeMemory memory;
    private readonly ImageDecoder decoder;
    private readonly Resampler resampler;
    private readonly PixelTable table;
    private readonly ImageResize resize;
    private readonly bool channelsFirst;
    private readonly int channels;
    private readonly int width;
    private readonly int height;
    private readonly byte[] padding;

    /// <param name="options">Options that keep to <see cref="ProcessingRules"/>.</param>
    /// <param name="model">The model's input of that name.</param>
    /// <param name="memory">Where pixels go.</param>
    /// <exception cref="ModelLoadException">They do not fit the model.</exception>
    public ImageInput(InputProcessingOptions options, OrtTensorInfo model, DecodeMemory memory)
    {
        this.options = options;
        this.model = model;
        this.memory = memory;
        channelsFirst = options.Layout == "NCHW";
        var color = Enum.Parse<ImageColor>(options.Color, ignoreCase: true);
        channels = color == ImageColor.Gray ? 1 : 3;
        (width, height) = Fit();
        resize = Enum.Parse<ImageResize>(options.Resize, ignoreCase: true);
        padding = [(byte)options.Padding, (byte)options.Padding, (byte)options.Padding, byte.MaxValue];
        decoder = new ImageDecoder(memory, options.MaxPixels, options.Orientation == "apply");
        resampler = new Resampler(memory, Enum.Parse<ImageInterpolation>(options.Interpolation, ignoreCase: true));
        table = new PixelTable(color, channelsFirst, model.ElementType, options.Scale, options.Mean, options.Std);
        Seen = new OrtTensorInfo(model.Name, OrtElementType.String, [model.Shape[0]]);
    }

    /// <summary>The input as clients see it: one encoded image per element.</summary>
    public OrtTensorInfo Seen { get; }

    /// <summary>What clients are told about it, beside name, datatype and shape.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Parameters =>
    [
        new("content_type", "image/png, image/jpeg"),
        new("json_encoding", "base64"),
        new("width", width.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        new("height", height.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        new("resize", options.Resize),
        new("interpolation", options.Interpolation),
        new("color", options.Color),
        new("max_batch", options.MaxBatch.ToString(System.Globalization.CultureInfo.InvariantCulture)),
    ];

    /// <summary>Makes the model's tensor.</summary>
    /// <param name="images">One whole PNG or JPEG file per element.</param>
    /// <returns>The batch; the caller disposes it.</returns>
    /// <exception cref="ProtocolException">400: an image is not taken; 503: there is no memory for it now.</exception>
    public OrtTensor Read(IReadOnlyList<ReadOnlyMemory<byte>> images)
    {
        if (images.Count > options.MaxBatch)
        {
            throw ProtocolException.BadRequest($"The input '{model.Name}' takes at most {options.MaxBatch} images in one request.");
        }

        long[] shape = channelsFirst ? [images.Count, channels, height, width] : [images.Count, height, width, channels];
        if ((double)images.Count * channels * height * width * model.ElementType.Size() > int.MaxValue)
        {
            throw ProtocolException.BadRequest($"The input '{model.Name}' is given more images than fit into one tensor.");
        }

        var tensor = OrtTensor.Allocate(model.ElementType, shape);
        try
        {
            using var canvas = memory.Rent((long)width * height * ImageDecoder.PixelBytes);
            var pixelsLeft = options.MaxRequestPixels;
            for (var i = 0; i < images.Count; i++)
            {
                Draw(images[i], i, canvas.Span, ref pixelsLeft);
                table.Fill(canvas.Span, tensor, i);
            }

            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    private void Draw(ReadOnlyMemory<byte> encoded, int index, Span<byte> canvas, ref long pixelsLeft)
    {
        try
        {
            using var image = decoder.Decode(encoded, ref pixelsLeft);
            var placement = ImagePlacement.Of(resize, image.Width, image.Height, width, height, options.ShortSide);
            if (resize == ImageResize.Pad)
            {
                var pixels = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, uint>(canvas);
                pixels.Fill(System.Runtime.InteropServices.MemoryMarshal.Read<uint>(padding));
            }

            resampler.Resize(image, placement, canvas, width);
        }
        catch (DecodeException refusal)
        {
            throw ProtocolException.BadRequest($"Element {index} of input '{model.Name}' {refusal.Message}");
        }
    }

    /// <summary>Checks the model's input and finds the size of its images.</summary>
    private (int Width, int Height) Fit()
    {
        var failures = new List<string>();
        if (model.ElementType is not (OrtElementType.Float32 or OrtElementType.Float16 or OrtElementType.UInt8))
        {
            failures.Add("it must be FP32, FP16 or UINT8 in the model to be made from images.");
        }
        else if (model.ElementType == OrtElementType.UInt8 && (options.Scale != 1 || options.Mean.Count > 0 || options.Std.Count > 0))
        {
            failures.Add("it is UINT8 in the model, so scale, mean and std must not be given.");
        }

        if (model.Shape.Length != Rank)
        {
            failures.Add($"it must have four dimensions in the model to be made from images, not {model.Shape.Length}.");
            throw Unfit(failures);
        }

        var (c, h, w) = channelsFirst ? (1, 2, 3) : (3, 1, 2);
        if (model.Shape[c] >= 0 && model.Shape[c] != channels)
        {
            failures.Add($"its dimension {c} must be {channels} for {options.Color} in {options.Layout}, but is {model.Shape[c]} in the model.");
        }

        var fitted = (Width: Extent(options.Width, model.Shape[w], "width", failures), Height: Extent(options.Height, model.Shape[h], "height", failures));
        if (options.ShortSide > 0 && options.ShortSide < Math.Max(fitted.Width, fitted.Height))
        {
            failures.Add("shortSide must be at least its width and its height.");
        }

        return failures.Count == 0 ? fitted : throw Unfit(failures);
    }

    private static int Extent(int declared, long extent, string what, List<string> failures)
    {
        if (declared == 0 && extent is < 1 or > ProcessingRules.MaxTensorSide)
        {
            failures.Add($"its {what} must be declared, since the model leaves it open.");
            return 0;
        }

        if (declared > 0 && extent >= 0 && declared != extent)
        {
            failures.Add($"its {what} is declared as {declared}, but is {extent} in the model.");
        }

        return declared == 0 ? (int)extent : declared;
    }

    private ModelLoadException Unfit(List<string> failures) =>
        new($"The input '{model.Name}' cannot be made from images: {string.Join(' ', failures)}");
}
