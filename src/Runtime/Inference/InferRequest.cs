using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Inference;

/// <summary>A parsed inference request, complete and fitting its model.</summary>
/// <param name="Id">What the client calls it; null when it did not say.</param>
/// <param name="Inputs">One tensor per input of the model, in the model's order.</param>
/// <param name="Outputs">Positions of the outputs to return, in the order asked for.</param>
internal sealed record InferRequest(string? Id, OrtTensor[] Inputs, int[] Outputs) : IDisposable
{
    public void Dispose()
    {
        foreach (var input in Inputs)
        {
            input.Dispose();
        }
    }
}
