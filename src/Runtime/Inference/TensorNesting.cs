using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Ops.Runtime.Inference;

/// <summary>
/// Walks a JSON array that holds a tensor's elements, either flat or nested exactly as the shape says, and stops at each
/// element. Half-nested and ragged arrays are refused.
/// </summary>
/// <param name="input">Name of the input, for messages.</param>
/// <param name="shape">Its extents, at most <see cref="MaxRank"/>.</param>
internal struct TensorNesting(string input, long[] shape)
{
    /// <summary>Tensors of a higher rank are refused; it also keeps nested data within the parser's depth.</summary>
    public const int MaxRank = 16;

    private Counts counts;
    private int level;
    private int leafLevel;

    /// <summary>Starts at the array's first token, which the reader is on.</summary>
    public void Enter(ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.StartArray)
        {
            throw ProtocolException.BadRequest($"The data of input '{input}' must be an array.");
        }

        level = 1;
        counts[0] = 0;
    }

    /// <summary>Moves the reader to the next element.</summary>
    /// <returns>False when the reader is on the array's end.</returns>
    public bool Next(ref Utf8JsonReader json)
    {
        while (true)
        {
            json.Read();
            switch (json.TokenType)
            {
                case JsonTokenType.StartArray:
                    Descend();
                    break;
                case JsonTokenType.EndArray:
                    if (!Ascend())
                    {
                        return false;
                    }

                    break;
                default:
                    Count();
                    return true;
            }
        }
    }

    private void Descend()
    {
        if (level == Math.Max(shape.Length, 1) || level == leafLevel)
        {
            throw Misshapen();
        }

        level++;
        counts[level - 1] = 0;
    }

    private bool Ascend()
    {
        // A flat array is checked by its length as a whole; a nested one level by level.
        var nested = leafLevel != 1 && shape.Length > 1;
        if (nested && leafLevel != 0 && counts[level - 1] != shape[level - 1])
        {
            throw Misshapen();
        }

        level--;
        if (level == 0)
        {
            return false;
        }

        counts[level - 1]++;
        return true;
    }

    private void Count()
    {
        if (leafLevel == 0)
        {
            if (level != 1 && level != shape.Length)
            {
                throw Misshapen();
            }

            leafLevel = level;
        }
        else if (level != leafLevel)
        {
            throw Misshapen();
        }

        counts[level - 1]++;
    }

    private readonly ProtocolException Misshapen() =>
        ProtocolException.BadRequest($"The data of input '{input}' must be flat or nested exactly as its shape says.");

    /// <summary>Elements or arrays seen so far in the open array of each level.</summary>
    [InlineArray(MaxRank)]
    private struct Counts
    {
        private long first;
    }
}
