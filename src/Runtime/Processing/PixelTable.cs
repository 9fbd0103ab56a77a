using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Processing;

/// <summary>
/// Turns RGBA pixels into the elements of a tensor. A channel has only 256 values, so scale, mean and standard deviation
/// are worked out once per value at load, in double precision, and cost nothing per pixel.
/// </summary>
internal sealed class PixelTable
{
    private const int Values = 256;
    private const int PixelBytes = ImageDecoder.PixelBytes;

    private readonly ImageColor color;
    private readonly bool channelsFirst;
    private readonly int channels;
    private readonly OrtElementType type;
    private readonly float[] floats;
    private readonly Half[] halves;
    private readonly byte[] bytes;

    /// <param name="color">Channels of the tensor.</param>
    /// <param name="channelsFirst">NCHW rather than NHWC.</param>
    /// <param name="type">FP32, FP16 or UINT8; the last rounds and saturates.</param>
    /// <param name="scale">Multiplied first.</param>
    /// <param name="mean">Subtracted next: none, one for all or one per channel.</param>
    /// <param name="std">Divided by last: none, one for all or one per channel.</param>
    public PixelTable(ImageColor color, bool channelsFirst, OrtElementType type, double scale, IReadOnlyList<double> mean, IReadOnlyList<double> std)
    {
        this.color = color;
        this.channelsFirst = channelsFirst;
        this.type = type;
        channels = color == ImageColor.Gray ? 1 : 3;
        var exact = new double[channels * Values];
        for (var c = 0; c < channels; c++)
        {
            var (m, s) = (Of(mean, c, 0), Of(std, c, 1));
            for (var v = 0; v < Values; v++)
            {
                exact[(c * Values) + v] = ((v * scale) - m) / s;
            }
        }

        floats = type == OrtElementType.Float32 ? Array.ConvertAll(exact, v => (float)v) : [];
        halves = type == OrtElementType.Float16 ? Array.ConvertAll(exact, v => (Half)v) : [];
        bytes = type == OrtElementType.UInt8 ? Array.ConvertAll(exact, v => (byte)Math.Clamp(Math.Round(v), 0, 255)) : [];
    }

    /// <summary>Fills one image's part of a tensor.</summary>
    /// <param name="pixels">RGBA; the alpha is not looked at.</param>
    /// <param name="tensor">The batch.</param>
    /// <param name="index">Position of the image in it.</param>
    public void Fill(ReadOnlySpan<byte> pixels, OrtTensor tensor, int index)
    {
        switch (type)
        {
            case OrtElementType.Float32: Fill(pixels, floats, tensor.Data<float>(), index); break;
            case OrtElementType.Float16: Fill(pixels, halves, tensor.Data<Half>(), index); break;
            case OrtElementType.UInt8: Fill(pixels, bytes, tensor.Data<byte>(), index); break;
            default: throw new NotSupportedException($"Images are not made into {type}.");
        }
    }

    private void Fill<T>(ReadOnlySpan<byte> pixels, T[] table, Span<T> tensor, int index)
    {
        var count = pixels.Length / PixelBytes;
        var target = tensor.Slice(index * count * channels, count * channels);
        if (color == ImageColor.Gray)
        {
            for (var i = 0; i < count; i++)
            {
                target[i] = table[Luma(pixels.Slice(i * PixelBytes, PixelBytes))];
            }

            return;
        }

        for (var c = 0; c < channels; c++)
        {
            var values = table.AsSpan(c * Values, Values);
            var source = color == ImageColor.Bgr ? channels - 1 - c : c;
            var (first, step) = channelsFirst ? (c * count, 1) : (c, channels);
            for (var i = 0; i < count; i++)
            {
                target[first + (i * step)] = values[pixels[(i * PixelBytes) + source]];
            }
        }
    }

    /// <summary>ITU-R 601-2 luma in whole numbers of 1/65536, rounded, as Pillow's mode L has it.</summary>
    private static int Luma(ReadOnlySpan<byte> pixel) => ((pixel[0] * 19595) + (pixel[1] * 38470) + (pixel[2] * 7471) + 0x8000) >> 16;

    private static double Of(IReadOnlyList<double> values, int channel, double otherwise) =>
        values.Count == 0 ? otherwise : values[values.Count == 1 ? 0 : channel];
}
