using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Scheduling;

/// <summary>Inputs that a model is tried with at loading: harmless numbers, different in every row and always the same.</summary>
internal static class TrialInputs
{
    /// <summary>Gives inputs the extents that the configuration warms the model up with, beyond the first, which counts rows.</summary>
    /// <param name="inputs">The model's inputs.</param>
    /// <param name="shapes">Shapes by name; those of another rank are left out.</param>
    public static IReadOnlyList<OrtTensorInfo> Like(IReadOnlyList<OrtTensorInfo> inputs, IReadOnlyDictionary<string, long[]> shapes) =>
    [
        .. inputs.Select(input => input.Shape is [< 0, ..] && shapes.TryGetValue(input.Name, out var shape) && shape.Length == input.Shape.Length
            ? input with { Shape = [input.Shape[0], .. shape[1..]] }
            : input),
    ];

    /// <summary>Makes one tensor per input.</summary>
    /// <param name="inputs">The model's inputs, all with an open first dimension.</param>
    /// <param name="rows">Which rows; the same number gives the same row.</param>
    /// <param name="extent">For dimensions beyond the first that the model leaves open.</param>
    /// <returns>The caller disposes them.</returns>
    public static OrtTensor[] Create(IReadOnlyList<OrtTensorInfo> inputs, ReadOnlySpan<int> rows, int extent)
    {
        var tensors = new OrtTensor[inputs.Count];
        try
        {
            for (var i = 0; i < tensors.Length; i++)
            {
                var shape = Array.ConvertAll(inputs[i].Shape, e => e < 0 ? extent : e);
                shape[0] = rows.Length;
                tensors[i] = OrtTensor.Allocate(inputs[i].ElementType, shape);
                var bytes = tensors[i].Data<byte>();
                var rowBytes = bytes.Length / rows.Length;
                for (var r = 0; r < rows.Length; r++)
                {
                    Fill(inputs[i].ElementType, bytes.Slice(r * rowBytes, rowBytes), (uint)((rows[r] * 31) + i));
                }
            }

            return tensors;
        }
        catch
        {
            MergedRun.Dispose(tensors);
            throw;
        }
    }

    /// <summary>Bytes of all inputs of one row.</summary>
    public static long BytesPerRow(IReadOnlyList<OrtTensorInfo> inputs, int extent)
    {
        var bytes = 0.0;
        foreach (var input in inputs)
        {
            var size = (double)input.ElementType.Size();
            for (var i = 1; i < input.Shape.Length; i++)
            {
                size *= input.Shape[i] < 0 ? extent : input.Shape[i];
            }

            bytes += size;
        }

        return (long)Math.Min(bytes, long.MaxValue / 2);
    }

    /// <summary>Fractions below 1 for numbers with a point. Whole numbers are 0 or 1, which index any table and mask.</summary>
    private static void Fill(OrtElementType type, Span<byte> row, uint seed)
    {
        var size = type.Size();
        var state = (seed * 2654435761u) | 1u;
        for (var at = 0; at < row.Length; at += size)
        {
            // Xorshift (Marsaglia 2003): the trial must not depend on a random source.
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            var fraction = (state >> 8) / 16777216f;
            var element = row.Slice(at, size);
            switch (type)
            {
                case OrtElementType.Float32: BitConverter.TryWriteBytes(element, fraction); break;
                case OrtElementType.Float64: BitConverter.TryWriteBytes(element, (double)fraction); break;
                case OrtElementType.Float16: BitConverter.TryWriteBytes(element, (Half)fraction); break;
                case OrtElementType.BFloat16: BitConverter.TryWriteBytes(element, (ushort)(BitConverter.SingleToUInt32Bits(fraction) >> 16)); break;
                default:
                    element.Clear();
                    element[BitConverter.IsLittleEndian ? 0 : size - 1] = (byte)(state >> 31);
                    break;
            }
        }
    }
}
