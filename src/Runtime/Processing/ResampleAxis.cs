using System.Buffers;

namespace Ops.Runtime.Processing;

/// <summary>
/// For each pixel of a resized row or column, which source pixels go into it and with which weight. The windows are those
/// of Pillow's <c>Image.resize</c>, on which most vision models were trained: when an image shrinks, the filter widens
/// with it, so that every source pixel counts (antialiasing).
/// </summary>
internal sealed class ResampleAxis : IDisposable
{
    /// <summary>Weights are whole numbers of 1/2^22: with 8-bit values and bicubic's negative weights, sums fit 32 bits.</summary>
    public const int WeightBits = 22;

    private readonly int[] starts;
    private readonly int[] counts;
    private readonly int[] weights;
    private readonly int widest;

    private ResampleAxis(int length, int widest)
    {
        Length = length;
        this.widest = widest;
        starts = ArrayPool<int>.Shared.Rent(length);
        counts = ArrayPool<int>.Shared.Rent(length);
        weights = ArrayPool<int>.Shared.Rent(checked(length * widest));
    }

    /// <summary>Resized pixels.</summary>
    public int Length { get; }

    /// <summary>The first source pixel that any of them needs.</summary>
    public int First => starts[0];

    /// <summary>The source pixel after the last that any of them needs.</summary>
    public int End => starts[Length - 1] + counts[Length - 1];

    /// <summary>Computes an axis.</summary>
    /// <param name="source">Pixels of the source.</param>
    /// <param name="scaled">Pixels that the whole source would become.</param>
    /// <param name="from">The first of these that is wanted.</param>
    /// <param name="length">How many are wanted; those outside the resized image repeat its edge.</param>
    /// <param name="interpolation">Any.</param>
    public static ResampleAxis Create(int source, int scaled, int from, int length, ImageInterpolation interpolation)
    {
        var scale = (double)source / scaled;
        var filterScale = Math.Max(scale, 1);
        var support = Support(interpolation) * filterScale;
        var axis = new ResampleAxis(length, interpolation == ImageInterpolation.Nearest ? 1 : Math.Min(((int)Math.Ceiling(support) * 2) + 1, source));
        var exact = ArrayPool<double>.Shared.Rent(axis.widest);
        for (var i = 0; i < length; i++)
        {
            var center = (Math.Clamp(i + from, 0, scaled - 1) + 0.5) * scale;
            if (interpolation == ImageInterpolation.Nearest)
            {
                axis.starts[i] = Math.Min((int)center, source - 1);
                axis.counts[i] = 1;
                axis.weights[i] = 1 << WeightBits;
                continue;
            }

            var start = Math.Max((int)(center - support + 0.5), 0);
            var count = Math.Min((int)(center + support + 0.5), source) - start;
            var sum = 0.0;
            for (var k = 0; k < count; k++)
            {
                exact[k] = Weight(interpolation, (start + k - center + 0.5) / filterScale);
                sum += exact[k];
            }

            axis.starts[i] = start;
            axis.counts[i] = count;
            for (var k = 0; k < count; k++)
            {
                axis.weights[(i * axis.widest) + k] = (int)Math.Round(exact[k] / sum * (1 << WeightBits), MidpointRounding.AwayFromZero);
            }
        }

        ArrayPool<double>.Shared.Return(exact);
        return axis;
    }

    /// <summary>The first source pixel that goes into a resized one, and the weights from it on.</summary>
    public int Window(int index, out ReadOnlySpan<int> windowWeights)
    {
        windowWeights = weights.AsSpan(index * widest, counts[index]);
        return starts[index];
    }

    public void Dispose()
    {
        ArrayPool<int>.Shared.Return(starts);
        ArrayPool<int>.Shared.Return(counts);
        ArrayPool<int>.Shared.Return(weights);
    }

    private static double Support(ImageInterpolation interpolation) => interpolation == ImageInterpolation.Bicubic ? 2 : 1;

    private static double Weight(ImageInterpolation interpolation, double x)
    {
        x = Math.Abs(x);
        if (interpolation == ImageInterpolation.Bilinear)
        {
            return x < 1 ? 1 - x : 0;
        }

        // Keys' cubic convolution with a = -0.5 (R. Keys, IEEE Trans. ASSP 29, 1981).
        const double a = -0.5;
        return x < 1 ? ((((a + 2) * x) - (a + 3)) * x * x) + 1
            : x < 2 ? ((((x - 5) * x) + 8) * x * a) - (4 * a)
            : 0;
    }
}
