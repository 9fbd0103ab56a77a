using System.Buffers;
using Ops.Runtime.Inference;
using SkiaSharp;

namespace Ops.Runtime.Processing;

/// <summary>
/// Decodes PNG and JPEG with Skia into 8-bit RGBA, after everything that can be known from the head was checked. Colour
/// profiles are not applied, transparency is dropped and 16-bit channels are cut to 8, as training pipelines do it.
/// </summary>
/// <param name="memory">Where pixels go.</param>
/// <param name="maxPixels">Pixels that one image may have.</param>
/// <param name="applyOrientation">Whether to turn images upright as their EXIF orientation says.</param>
internal sealed class ImageDecoder(DecodeMemory memory, long maxPixels, bool applyOrientation)
{
    /// <summary>Bytes of a decoded pixel.</summary>
    public const int PixelBytes = 4;

    /// <summary>A progressive JPEG goes over the whole picture once per scan, and a scan may take a few bytes. Usual are about
    /// ten.</summary>
    private const int MaxScans = 100;

    /// <summary>So many scans count as one more picture.</summary>
    private const int ScansPerPicture = 16;

    private static ReadOnlySpan<byte> ScanStart => [0xFF, 0xDA];

    private static ReadOnlySpan<byte> PngStart => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    private static ReadOnlySpan<byte> JpegStart => [0xFF, 0xD8, 0xFF];

    /// <summary>Decodes one image.</summary>
    /// <param name="encoded">A whole PNG or JPEG file.</param>
    /// <param name="pixelsLeft">Pixels that the request still may have; lowered by this image's.</param>
    /// <returns>The image; the caller disposes it.</returns>
    /// <exception cref="DecodeException">It is not an image that is taken.</exception>
    /// <exception cref="ProtocolException">There is no memory for it now.</exception>
    public unsafe DecodedImage Decode(ReadOnlyMemory<byte> encoded, ref long pixelsLeft)
    {
        // Skia knows many more formats; what does not begin like one of these two never reaches it.
        if (!encoded.Span.StartsWith(PngStart) && !encoded.Span.StartsWith(JpegStart))
        {
            throw new DecodeException("is neither a PNG nor a JPEG image.");
        }

        // Within the data of a scan the two bytes cannot follow each other, only before it in what nobody has to send.
        var scans = encoded.Span.StartsWith(JpegStart) ? encoded.Span.Count(ScanStart) : 1;
        if (scans > MaxScans)
        {
            throw new DecodeException($"has more than {MaxScans} scans.");
        }

        using var pin = encoded.Pin();
        using var data = SKData.Create((nint)pin.Pointer, encoded.Length);
        using var codec = SKCodec.Create(data);
        if (codec is null || codec.EncodedFormat is not (SKEncodedImageFormat.Png or SKEncodedImageFormat.Jpeg))
        {
            throw new DecodeException("has a broken image header.");
        }

        Check(codec, scans, ref pixelsLeft);
        var (width, height) = (codec.Info.Width, codec.Info.Height);
        var alpha = codec.Info.AlphaType == SKAlphaType.Opaque ? SKAlphaType.Opaque : SKAlphaType.Unpremul;
        var info = new SKImageInfo(width, height, SKColorType.Rgba8888, alpha);
        var pixels = memory.Rent(info.BytesSize64);
        try
        {
            fixed (byte* target = pixels.Span)
            {
                var result = codec.GetPixels(info, (nint)target, info.RowBytes, SKCodecOptions.Default);
                if (result != SKCodecResult.Success)
                {
                    throw new DecodeException(result == SKCodecResult.IncompleteInput ? "is cut off." : "is a broken image.");
                }
            }

            return applyOrientation && codec.EncodedOrigin != SKEncodedOrigin.TopLeft
                ? TurnUpright(pixels, width, height, codec.EncodedOrigin)
                : new DecodedImage(pixels, width, height);
        }
        catch
        {
            pixels.Dispose();
            throw;
        }
    }

    private void Check(SKCodec codec, int scans, ref long pixelsLeft)
    {
        var (width, height) = (codec.Info.Width, codec.Info.Height);
        var count = (long)width * height;
        if (count > maxPixels || Math.Max(width, height) > ProcessingRules.MaxSide)
        {
            throw new DecodeException($"has {width} x {height} pixels; at most {maxPixels} pixels and {ProcessingRules.MaxSide} per side are taken.");
        }

        if (codec.FrameCount > 1)
        {
            throw new DecodeException("is an animation.");
        }

        pixelsLeft -= count * (1 + (scans / ScansPerPicture));
        if (pixelsLeft < 0)
        {
            throw new DecodeException("brings the images of this request over the pixels that they may have together.");
        }
    }

    /// <summary>Copies the pixels to where the EXIF orientation says that they belong.</summary>
    private DecodedImage TurnUpright(DecodeMemory.Piece stored, int width, int height, SKEncodedOrigin origin)
    {
        // Of each pair in the standard: what the first stored row and the first stored column are to the viewer.
        var swaps = origin is SKEncodedOrigin.LeftTop or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;
        var right = origin is SKEncodedOrigin.TopRight or SKEncodedOrigin.BottomRight or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom;
        var bottom = origin is SKEncodedOrigin.BottomLeft or SKEncodedOrigin.BottomRight or SKEncodedOrigin.LeftBottom or SKEncodedOrigin.RightBottom;
        var (uprightWidth, uprightHeight) = swaps ? (height, width) : (width, height);
        var upright = memory.Rent((long)width * height * PixelBytes);
        var source = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, uint>(stored.Span);
        var target = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, uint>(upright.Span);
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var (column, row) = swaps ? (y, x) : (x, y);
                column = right ? uprightWidth - 1 - column : column;
                row = bottom ? uprightHeight - 1 - row : row;
                target[(row * uprightWidth) + column] = source[(y * width) + x];
            }
        }

        stored.Dispose();
        return new DecodedImage(upright, uprightWidth, uprightHeight);
    }
}

/// <summary>An image is not taken. The message is the rest of a sentence that begins with what it belongs to.</summary>
internal sealed class DecodeException(string message) : Exception(message);

/// <summary>Pixels in RGBA, 8 bits each, row by row.</summary>
internal sealed class DecodedImage(DecodeMemory.Piece pixels, int width, int height) : IDisposable
{
    /// <summary>In pixels.</summary>
    public int Width { get; } = width;

    /// <summary>In pixels.</summary>
    public int Height { get; } = height;

    /// <summary>4 bytes per pixel.</summary>
    public ReadOnlySpan<byte> Pixels => pixels.Span;

    public void Dispose() => pixels.Dispose();
}
