namespace Ops.Runtime.Processing;

internal enum ImageResize
{
    Stretch,
    Crop,
    Pad,
}

internal enum ImageInterpolation
{
    Nearest,
    Bilinear,
    Bicubic,
}

internal enum ImageColor
{
    Rgb,
    Bgr,
    Gray,
}

/// <summary>How an image lies in a tensor: where the resized image is cut and where it is put.</summary>
/// <param name="ScaledWidth">Width that the whole image is resized to.</param>
/// <param name="ScaledHeight">Height that the whole image is resized to.</param>
/// <param name="CutX">First column of the resized image that is taken.</param>
/// <param name="CutY">First row of the resized image that is taken.</param>
/// <param name="PutX">Column of the tensor that it goes to.</param>
/// <param name="PutY">Row of the tensor that it goes to.</param>
/// <param name="Width">Columns that are taken.</param>
/// <param name="Height">Rows that are taken.</param>
internal readonly record struct ImagePlacement(int ScaledWidth, int ScaledHeight, int CutX, int CutY, int PutX, int PutY, int Width, int Height)
{
    /// <summary>Places an image.</summary>
    /// <param name="resize">How.</param>
    /// <param name="imageWidth">Width of the image.</param>
    /// <param name="imageHeight">Height of the image.</param>
    /// <param name="width">Width of the tensor.</param>
    /// <param name="height">Height of the tensor.</param>
    /// <param name="shortSide">For crop, what the shorter side becomes; 0 for as much as fills the tensor.</param>
    public static ImagePlacement Of(ImageResize resize, int imageWidth, int imageHeight, int width, int height, int shortSide) => resize switch
    {
        ImageResize.Stretch => new(width, height, 0, 0, 0, 0, width, height),
        ImageResize.Crop => Crop(imageWidth, imageHeight, width, height, shortSide),
        ImageResize.Pad => Pad(imageWidth, imageHeight, width, height),
        _ => throw new ArgumentOutOfRangeException(nameof(resize)),
    };

    /// <summary>As torchvision's Resize (one length) and CenterCrop do: the longer side is cut down to whole pixels.</summary>
    private static ImagePlacement Crop(int imageWidth, int imageHeight, int width, int height, int shortSide)
    {
        int scaledWidth, scaledHeight;
        if (shortSide > 0)
        {
            (scaledWidth, scaledHeight) = imageWidth <= imageHeight
                ? (shortSide, (int)((long)shortSide * imageHeight / imageWidth))
                : ((int)((long)shortSide * imageWidth / imageHeight), shortSide);
        }
        else
        {
            (scaledWidth, scaledHeight) = (long)width * imageHeight >= (long)height * imageWidth
                ? (width, (int)((long)width * imageHeight / imageWidth))
                : ((int)((long)height * imageWidth / imageHeight), height);
        }

        var cutX = (int)Math.Round((scaledWidth - width) / 2.0, MidpointRounding.ToEven);
        var cutY = (int)Math.Round((scaledHeight - height) / 2.0, MidpointRounding.ToEven);
        return new(scaledWidth, scaledHeight, cutX, cutY, 0, 0, width, height);
    }

    private static ImagePlacement Pad(int imageWidth, int imageHeight, int width, int height)
    {
        var scale = Math.Min((double)width / imageWidth, (double)height / imageHeight);
        var scaledWidth = Math.Clamp((int)Math.Round(imageWidth * scale), 1, width);
        var scaledHeight = Math.Clamp((int)Math.Round(imageHeight * scale), 1, height);
        return new(scaledWidth, scaledHeight, 0, 0, (width - scaledWidth) / 2, (height - scaledHeight) / 2, scaledWidth, scaledHeight);
    }
}
