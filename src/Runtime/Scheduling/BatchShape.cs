using Ops.Runtime.Inference;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Scheduling;

/// <summary>What decides whether requests can be merged.</summary>
/// <param name="Rows">Extent of the first dimension of every input; 0 when the request can only run alone.</param>
/// <param name="Bytes">Of all inputs.</param>
internal readonly record struct BatchShape(long Rows, long Bytes)
{
    /// <summary>Merged runs take at most this much input: beyond it copying costs more than merging gains, and every row
    /// of the outputs stays in memory until the slowest client has read its own.</summary>
    public const long MaxBytes = 64 * 1024 * 1024;

    /// <summary>Describes a request to a model whose inputs have rows.</summary>
    public static BatchShape Of(InferRequest request)
    {
        var rows = 0L;
        var bytes = 0L;
        foreach (var input in request.Inputs)
        {
            var extent = input.Shape.Length > 0 ? input.Shape[0] : 0;
            if (extent == 0 || (rows != 0 && extent != rows) || input.ElementType.Size() == 0)
            {
                return default;
            }

            rows = extent;
            bytes += input.ElementCount * input.ElementType.Size();
        }

        return new BatchShape(rows, bytes);
    }

    /// <summary>Whether two requests have the same types and the same shapes beyond the first dimension.</summary>
    public static bool AreAlike(InferRequest one, InferRequest other)
    {
        for (var i = 0; i < one.Inputs.Length; i++)
        {
            OrtTensor a = one.Inputs[i], b = other.Inputs[i];
            if (a.ElementType != b.ElementType || a.Shape.Length != b.Shape.Length || !a.Shape.AsSpan(1).SequenceEqual(b.Shape.AsSpan(1)))
            {
                return false;
            }
        }

        return true;
    }
}
