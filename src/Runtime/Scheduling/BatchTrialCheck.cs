using Ops.Runtime.Inference;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Scheduling;

/// <summary>Compares what rows give together with what they give one by one.</summary>
internal static class BatchTrialCheck
{
    /// <summary>Runs trial rows.</summary>
    /// <param name="rows">Their numbers.</param>
    /// <returns>The outputs; the caller disposes them.</returns>
    public delegate OrtTensor[] Run(ReadOnlySpan<int> rows);

    /// <summary>Runs two rows together and each alone.</summary>
    /// <returns>False when an output has another shape or other numbers, beyond what rounding explains.</returns>
    /// <exception cref="OrtException">A run failed.</exception>
    public static bool GivesTheSameRows(Run run)
    {
        var together = run([1, 2]);
        try
        {
            return MergedRun.HasRows(together, 2) && IsAlone(run([1]), together, 0) && IsAlone(run([2]), together, 1);
        }
        finally
        {
            MergedRun.Dispose(together);
        }
    }

    private static bool IsAlone(OrtTensor[] alone, OrtTensor[] together, int row)
    {
        try
        {
            return MergedRun.HasRows(alone, 1) && alone.Zip(together).All(pair => IsSame(OutputView.Of(pair.First), OutputView.Rows(pair.Second, row, 1)));
        }
        finally
        {
            MergedRun.Dispose(alone);
        }
    }

    private static bool IsSame(OutputView one, OutputView other)
    {
        if (one.ElementType != other.ElementType || !one.Shape.AsSpan().SequenceEqual(other.Shape))
        {
            return false;
        }

        return one.ElementType switch
        {
            OrtElementType.Float32 => AreClose(one.Data<float>(), other.Data<float>(), x => x, 1e-3),
            OrtElementType.Float64 => AreClose(one.Data<double>(), other.Data<double>(), x => x, 1e-3),
            OrtElementType.Float16 => AreClose(one.Data<Half>(), other.Data<Half>(), x => (double)x, 2e-2),
            OrtElementType.BFloat16 => AreClose(one.Data<ushort>(), other.Data<ushort>(), x => BitConverter.UInt32BitsToSingle((uint)x << 16), 5e-2),
            _ => one.Data<byte>().SequenceEqual(other.Data<byte>()),
        };
    }

    /// <summary>Larger batches are computed by other kernels, which round otherwise. Relative to the largest element, since
    /// an element near zero may be what is left of large ones.</summary>
    private static bool AreClose<T>(ReadOnlySpan<T> one, ReadOnlySpan<T> other, Func<T, double> number, double tolerance)
    {
        var largest = 0.0;
        foreach (var x in one)
        {
            largest = double.IsFinite(number(x)) ? Math.Max(largest, Math.Abs(number(x))) : largest;
        }

        for (var i = 0; i < one.Length; i++)
        {
            double a = number(one[i]), b = number(other[i]);
            if (!a.Equals(b) && !(Math.Abs(a - b) <= tolerance * largest))
            {
                return false;
            }
        }

        return true;
    }
}
