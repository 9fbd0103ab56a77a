namespace Ops.Runtime.OnnxRuntime;

/// <summary>
/// Which shapes a model's outputs will have, as far as it says so: every extent is fixed or has the name of an extent of an
/// input. Models may declare what they do not keep, and the engine does not write every output into memory that it is given,
/// so a run has to show both first.
/// </summary>
/// <param name="inputs">The model's inputs.</param>
/// <param name="outputs">The model's outputs.</param>
internal sealed class OutputShapes(IReadOnlyList<OrtTensorInfo> inputs, IReadOnlyList<OrtTensorInfo> outputs)
{
    private readonly Word[] words = new Word[outputs.Count];

    private enum Word
    {
        Unknown,
        Kept,
        Broken,
    }

    /// <summary>Says which shape an output will have.</summary>
    /// <param name="output">Its position.</param>
    /// <param name="given">The tensors of the run, in the order of the inputs.</param>
    /// <param name="shape">The shape.</param>
    /// <returns>False when only the run will tell.</returns>
    public bool TryGet(int output, ReadOnlySpan<OrtTensor> given, out long[] shape)
    {
        shape = [];
        return words[output] == Word.Kept && TryPredict(output, given, out shape);
    }

    /// <summary>Says whether the engine writes an output into memory that it is given; null when that could not be seen.</summary>
    public delegate bool? Probe(ReadOnlySpan<OrtTensor> given, int output, OrtTensor result);

    /// <summary>Takes note of what a run produced without having been told.</summary>
    public void Learn(ReadOnlySpan<OrtTensor> given, ReadOnlySpan<int> computed, OrtTensor[] results, Probe isWritten)
    {
        for (var i = 0; i < results.Length; i++)
        {
            ref var word = ref words[computed[i]];
            if (word == Word.Broken || !TryPredict(computed[i], given, out var shape))
            {
                continue;
            }

            if (!shape.AsSpan().SequenceEqual(results[i].Shape))
            {
                word = Word.Broken;
            }
            else if (word == Word.Unknown && isWritten(given, computed[i], results[i]) is { } written)
            {
                word = written ? Word.Kept : Word.Broken;
            }
        }
    }

    private bool TryPredict(int output, ReadOnlySpan<OrtTensor> given, out long[] shape)
    {
        var info = outputs[output];
        shape = (long[])info.Shape.Clone();
        for (var i = 0; i < shape.Length; i++)
        {
            if (shape[i] < 0 && !TryExtent(info.Symbols[i], given, out shape[i]))
            {
                return false;
            }
        }

        return info.ElementType.Size() is > 0 and var size && IsPossible(size, shape);
    }

    /// <summary>A tensor here has less than 2 GiB, and what a file declares may be no extent at all.</summary>
    private static bool IsPossible(int size, long[] shape)
    {
        var bytes = (double)size;
        foreach (var extent in shape)
        {
            bytes = extent < 0 ? double.PositiveInfinity : bytes * extent;
        }

        return bytes <= int.MaxValue;
    }

    private bool TryExtent(string symbol, ReadOnlySpan<OrtTensor> given, out long extent)
    {
        extent = -1;
        for (var i = 0; symbol.Length > 0 && i < given.Length; i++)
        {
            var at = Array.IndexOf(inputs[i].Symbols, symbol);
            if (at >= 0 && inputs[i].Shape[at] < 0 && at < given[i].Shape.Length)
            {
                extent = given[i].Shape[at];
                return true;
            }
        }

        return false;
    }
}
