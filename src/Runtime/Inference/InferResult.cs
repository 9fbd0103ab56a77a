using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Inference;

/// <summary>What a request got from its run. Disposing it lets go of the memory behind <see cref="Outputs"/>.</summary>
internal sealed class InferResult : IDisposable
{
    private readonly InferResult? source;
    private SharedTensors? owner;

    /// <summary>A result that nothing else shares.</summary>
    /// <param name="outputs">One tensor per requested output, in the order asked for; now the result's.</param>
    public InferResult(OrtTensor[] outputs)
        : this(Array.ConvertAll(outputs, OutputView.Of), new SharedTensors(outputs, 1))
    {
    }

    /// <summary>A result whose memory others show too.</summary>
    /// <param name="outputs">One view per requested output, in the order asked for.</param>
    /// <param name="owner">Keeps the memory; one of its holders is this result.</param>
    public InferResult(OutputView[] outputs, SharedTensors owner)
    {
        Outputs = outputs;
        this.owner = owner;
    }

    /// <summary>A result that was made from another, of which it may still show outputs.</summary>
    /// <param name="outputs">One view per requested output, in the order asked for.</param>
    /// <param name="made">The tensors behind the new ones; now the result's.</param>
    /// <param name="source">The other; now the result's.</param>
    public InferResult(OutputView[] outputs, OrtTensor[] made, InferResult source)
        : this(outputs, new SharedTensors(made, 1)) => this.source = source;

    /// <summary>One per requested output, in the order asked for.</summary>
    public OutputView[] Outputs { get; }

    public void Dispose()
    {
        Interlocked.Exchange(ref owner, null)?.Release();
        source?.Dispose();
    }
}

/// <summary>Tensors that several results show. The last holder that lets go disposes them.</summary>
/// <param name="tensors">What is held.</param>
/// <param name="holders">How many will let go; at least 1.</param>
internal sealed class SharedTensors(OrtTensor[] tensors, int holders)
{
    private int holders = holders;

    /// <summary>Lets go for one holder.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref holders) == 0)
        {
            foreach (var tensor in tensors)
            {
                tensor.Dispose();
            }
        }
    }
}
