using System.Globalization;
using System.Numerics;
using System.Text;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Inference;

/// <summary>
/// Turns an output into its highest classes, as Triton's classification extension does: strings
/// <c>value:index[:label]</c>, the highest value first.
/// </summary>
internal static class Classes
{
    /// <summary>Picks the classes.</summary>
    /// <param name="output">Numbers. With two or more dimensions the first is the batch, and each of its rows is
    /// classified by itself.</param>
    /// <param name="count">At most so many per row.</param>
    /// <param name="labels">The names of the classes by index; null when there are none.</param>
    /// <returns>Strings of shape [count], or [batch, count]; the caller disposes them. NaN comes last, and of equal values
    /// the lower index comes first.</returns>
    public static OrtTensor Of(OutputView output, int count, IReadOnlyList<string>? labels) => output.ElementType switch
    {
        OrtElementType.Float32 => Of(output.Shape, output.Data<float>(), count, labels),
        OrtElementType.Float64 => Of(output.Shape, output.Data<double>(), count, labels),
        OrtElementType.Float16 => Of(output.Shape, output.Data<Half>(), count, labels),
        OrtElementType.BFloat16 => Of<float>(output.Shape, Widen(output.Data<BrainFloat>()), count, labels),
        OrtElementType.Int8 => Of(output.Shape, output.Data<sbyte>(), count, labels),
        OrtElementType.UInt8 => Of(output.Shape, output.Data<byte>(), count, labels),
        OrtElementType.Int16 => Of(output.Shape, output.Data<short>(), count, labels),
        OrtElementType.UInt16 => Of(output.Shape, output.Data<ushort>(), count, labels),
        OrtElementType.Int32 => Of(output.Shape, output.Data<int>(), count, labels),
        OrtElementType.UInt32 => Of(output.Shape, output.Data<uint>(), count, labels),
        OrtElementType.Int64 => Of(output.Shape, output.Data<long>(), count, labels),
        OrtElementType.UInt64 => Of(output.Shape, output.Data<ulong>(), count, labels),
        _ => throw new NotSupportedException($"Tensors of {output.ElementType} have no classes."),
    };

    private static OrtTensor Of<T>(long[] shape, ReadOnlySpan<T> values, int count, IReadOnlyList<string>? labels) where T : INumber<T>
    {
        var batched = shape.Length > 1;
        var classes = checked((int)shape.AsSpan(batched ? 1 : 0).ToArray().Aggregate(1L, (a, b) => a * b));
        var rows = batched ? checked((int)shape[0]) : 1;
        count = Math.Min(count, classes);
        var strings = OrtTensor.AllocateStrings(batched ? [rows, count] : [count]);
        try
        {
            var best = new PriorityQueue<int, (T Value, int Index)>(WorstFirst<T>.Instance);
            for (var row = 0; row < rows; row++)
            {
                var scores = values.Slice(row * classes, classes);
                for (var i = 0; i < classes; i++)
                {
                    if (best.Count < count)
                    {
                        best.Enqueue(i, (scores[i], i));
                    }
                    else if (count > 0)
                    {
                        best.EnqueueDequeue(i, (scores[i], i));
                    }
                }

                for (var place = count - 1; place >= 0; place--)
                {
                    var index = best.Dequeue();
                    var label = labels is not null && index < labels.Count ? ":" + labels[index] : string.Empty;
                    strings.SetString((row * count) + place, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{scores[index]}:{index}{label}")));
                }
            }

            return strings;
        }
        catch
        {
            strings.Dispose();
            throw;
        }
    }

    private static float[] Widen(ReadOnlySpan<BrainFloat> values)
    {
        var wide = new float[values.Length];
        for (var i = 0; i < wide.Length; i++)
        {
            wide[i] = values[i].ToSingle();
        }

        return wide;
    }

    /// <summary>Puts the lowest value first; of equal ones the highest index. NaN compares lowest of all.</summary>
    private sealed class WorstFirst<T> : IComparer<(T Value, int Index)> where T : INumber<T>
    {
        public static readonly WorstFirst<T> Instance = new();

        public int Compare((T Value, int Index) x, (T Value, int Index) y)
        {
            var byValue = x.Value.CompareTo(y.Value);
            return byValue != 0 ? byValue : y.Index.CompareTo(x.Index);
        }
    }
}
