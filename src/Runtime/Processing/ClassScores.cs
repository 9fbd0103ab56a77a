using Ops.Runtime.Inference;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Processing;

/// <summary>Numbers along the last axis of an output, row by row, as 32-bit floats.</summary>
internal static class ClassScores
{
    /// <summary>Whether outputs of a type can be read so.</summary>
    public static bool CanRead(OrtElementType type) => type is OrtElementType.Float32 or OrtElementType.Float64 or OrtElementType.Float16;

    /// <summary>Copies some elements.</summary>
    /// <param name="tensor">Of a type that <see cref="CanRead"/> names.</param>
    /// <param name="start">The first element.</param>
    /// <param name="target">As many as there are.</param>
    public static void Read(OutputView tensor, int start, Span<float> target)
    {
        switch (tensor.ElementType)
        {
            case OrtElementType.Float32:
                tensor.Data<float>().Slice(start, target.Length).CopyTo(target);
                break;
            case OrtElementType.Float64:
                var doubles = tensor.Data<double>().Slice(start, target.Length);
                for (var i = 0; i < target.Length; i++)
                {
                    target[i] = (float)doubles[i];
                }

                break;
            case OrtElementType.Float16:
                var halves = tensor.Data<Half>().Slice(start, target.Length);
                for (var i = 0; i < target.Length; i++)
                {
                    target[i] = (float)halves[i];
                }

                break;
            default:
                throw new NotSupportedException($"Scores of {tensor.ElementType} are not read.");
        }
    }

    /// <summary>Turns scores into probabilities in place. The highest score is subtracted first, so that none overflows;
    /// a row that holds NaN or +infinity becomes NaN, since it has no answer.</summary>
    public static void Softmax(Span<float> scores)
    {
        var highest = float.NegativeInfinity;
        foreach (var score in scores)
        {
            highest = Math.Max(highest, score);
        }

        var sum = 0.0;
        for (var i = 0; i < scores.Length; i++)
        {
            scores[i] = MathF.Exp(scores[i] - highest);
            sum += scores[i];
        }

        for (var i = 0; i < scores.Length; i++)
        {
            scores[i] = (float)(scores[i] / sum);
        }
    }

    /// <summary>Finds the positions of the highest scores, highest first; of equal ones the lower position first, NaN
    /// last.</summary>
    /// <param name="scores">At least as many as <paramref name="best"/>.</param>
    /// <param name="best">Filled.</param>
    public static void Best(ReadOnlySpan<float> scores, Span<long> best)
    {
        // Kept sorted while all scores pass by once: quick for the few that anybody asks for, and needs no memory.
        var found = 0;
        for (var i = 0; i < scores.Length && best.Length > 0; i++)
        {
            if (found == best.Length && !IsHigher(scores[i], scores[(int)best[found - 1]]))
            {
                continue;
            }

            var at = found < best.Length ? found++ : found - 1;
            for (; at > 0 && IsHigher(scores[i], scores[(int)best[at - 1]]); at--)
            {
                best[at] = best[at - 1];
            }

            best[at] = i;
        }
    }

    private static bool IsHigher(float score, float other) => score > other || (float.IsNaN(other) && !float.IsNaN(score));
}
