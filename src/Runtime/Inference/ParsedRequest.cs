using Ops.Runtime.Models;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Inference;

/// <summary>A tensor whose bytes follow behind the JSON of its request.</summary>
/// <param name="Index">Position of its input in the model.</param>
/// <param name="Shape">Its extents, already checked against the model.</param>
/// <param name="Count">Their product.</param>
/// <param name="Size">Its bytes in the body. For numbers already checked against <paramref name="Count"/>.</param>
internal readonly record struct BinaryInput(int Index, long[] Shape, long Count, long Size);

/// <summary>What the JSON of a request said. Tensors that follow in binary are still missing.</summary>
internal sealed class ParsedRequest(ModelSignature model) : IDisposable
{
    private bool completed;

    /// <summary>What the client calls it; null when it did not say.</summary>
    public string? Id { get; set; }

    /// <summary>One place per input of the model, in the model's order.</summary>
    public OrtTensor?[] Inputs { get; } = new OrtTensor?[model.Inputs.Count];

    /// <summary>The tensors that follow, in the order of their bytes.</summary>
    public List<BinaryInput> Binary { get; } = new(model.Inputs.Count);

    /// <summary>Bytes of all tensors that follow.</summary>
    public long BinaryBytes { get; private set; }

    /// <summary>The outputs to return.</summary>
    public RequestedOutput[] Outputs { get; set; } = model.EveryOutput;

    /// <summary>How it wants to be treated.</summary>
    public InferParameters Parameters { get; set; } = InferParameters.Default;

    /// <summary>Hands the tensors over.</summary>
    /// <returns>The request, which now owns them; the caller disposes it.</returns>
    /// <exception cref="ProtocolException">An input is missing.</exception>
    public InferRequest Complete()
    {
        var inputs = new OrtTensor[Inputs.Length];
        for (var i = 0; i < inputs.Length; i++)
        {
            inputs[i] = Inputs[i] ?? throw Missing(i);
        }

        completed = true;
        return new InferRequest(Id, inputs, Outputs, Parameters);
    }

    /// <summary>Makes sure that every input is there or follows, before anything that follows is read.</summary>
    /// <exception cref="ProtocolException">An input is missing.</exception>
    public void RequireEveryInput()
    {
        for (var i = 0; i < Inputs.Length; i++)
        {
            if (!IsGiven(i))
            {
                throw Missing(i);
            }
        }
    }

    /// <summary>Whether an input is there or follows.</summary>
    public bool IsGiven(int index)
    {
        if (Inputs[index] is not null)
        {
            return true;
        }

        foreach (var binary in Binary)
        {
            if (binary.Index == index)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Announces a tensor that follows.</summary>
    public void AddBinary(BinaryInput binary)
    {
        Binary.Add(binary);
        BinaryBytes += binary.Size;
    }

    public void Dispose()
    {
        if (!completed)
        {
            foreach (var input in Inputs)
            {
                input?.Dispose();
            }
        }
    }

    private ProtocolException Missing(int index) => ProtocolException.BadRequest($"The input '{model.Inputs[index].Name}' is missing.");
}
