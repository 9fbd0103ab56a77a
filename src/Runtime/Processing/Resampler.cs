using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ops.Runtime.Processing;

/// <summary>Resizes RGBA pixels, first along the rows and then along the columns, rounding to 8 bits in between as
/// Pillow does.</summary>
/// <param name="memory">Where the pixels between the two passes go.</param>
/// <param name="interpolation">How.</param>
internal sealed class Resampler(DecodeMemory memory, ImageInterpolation interpolation)
{
    private const int PixelBytes = ImageDecoder.PixelBytes;

    /// <summary>Resizes one image into a canvas.</summary>
    /// <param name="image">The source.</param>
    /// <param name="placement">What of it goes where.</param>
    /// <param name="canvas">RGBA pixels of the tensor's size.</param>
    /// <param name="canvasWidth">Pixels of a row of the canvas.</param>
    public void Resize(DecodedImage image, ImagePlacement placement, Span<byte> canvas, int canvasWidth)
    {
        var target = MemoryMarshal.Cast<byte, uint>(canvas);
        using var columns = ResampleAxis.Create(image.Width, placement.ScaledWidth, placement.CutX, placement.Width, interpolation);
        using var rows = ResampleAxis.Create(image.Height, placement.ScaledHeight, placement.CutY, placement.Height, interpolation);
        var first = rows.First;
        using var between = memory.Rent((long)(rows.End - first) * placement.Width * PixelBytes);
        var source = MemoryMarshal.Cast<byte, uint>(image.Pixels);
        var middle = MemoryMarshal.Cast<byte, uint>(between.Span);
        for (var y = first; y < rows.End; y++)
        {
            Row(source.Slice(y * image.Width, image.Width), columns, middle.Slice((y - first) * placement.Width, placement.Width));
        }

        for (var y = 0; y < placement.Height; y++)
        {
            var start = rows.Window(y, out var weights);
            Column(middle[((start - first) * placement.Width)..], weights, target.Slice(((placement.PutY + y) * canvasWidth) + placement.PutX, placement.Width));
        }
    }

    private static void Row(ReadOnlySpan<uint> source, ResampleAxis columns, Span<uint> target)
    {
        for (var x = 0; x < target.Length; x++)
        {
            var start = columns.Window(x, out var weights);
            var sum = Half;
            for (var k = 0; k < weights.Length; k++)
            {
                sum += Unpack(source[start + k]) * weights[k];
            }

            target[x] = Pack(sum);
        }
    }

    private static void Column(ReadOnlySpan<uint> source, ReadOnlySpan<int> weights, Span<uint> target)
    {
        for (var x = 0; x < target.Length; x++)
        {
            var sum = Half;
            for (var k = 0; k < weights.Length; k++)
            {
                sum += Unpack(source[(k * target.Length) + x]) * weights[k];
            }

            target[x] = Pack(sum);
        }
    }

    /// <summary>Makes the cut to whole numbers a rounding.</summary>
    private static Vector128<int> Half => Vector128.Create(1 << (ResampleAxis.WeightBits - 1));

    private static Vector128<int> Unpack(uint pixel) =>
        Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(pixel).AsByte())).AsInt32();

    private static uint Pack(Vector128<int> sum)
    {
        var values = Vector128.Clamp(Vector128.ShiftRightArithmetic(sum, ResampleAxis.WeightBits), Vector128<int>.Zero, Vector128.Create(255)).AsUInt32();
        return Vector128.Narrow(Vector128.Narrow(values, values), Vector128<ushort>.Zero).AsUInt32().ToScalar();
    }
}
