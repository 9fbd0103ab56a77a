using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Inference;

/// <summary>A parsed inference request, complete and fitting its model. Every protocol makes the same one.</summary>
/// <param name="Id">What the client calls it; null when it did not say.</param>
/// <param name="Inputs">One tensor per input of the model, in the model's order.</param>
/// <param name="Outputs">The outputs to return, in the order asked for.</param>
/// <param name="Parameters">How it wants to be treated.</param>
internal sealed record InferRequest(string? Id, OrtTensor[] Inputs, RequestedOutput[] Outputs, InferParameters Parameters) : IDisposable
{
    public void Dispose()
    {
        foreach (var input in Inputs)
        {
            input.Dispose();
        }
    }
}

/// <summary>One output that a request asks for.</summary>
/// <param name="Index">Its position among the signature's outputs.</param>
/// <param name="Binary">Return its elements behind the JSON header instead of in it.</param>
/// <param name="Classification">Return the highest this many classes instead of the tensor; 0 for the tensor.</param>
internal readonly record struct RequestedOutput(int Index, bool Binary = false, int Classification = 0);

/// <summary>How a request wants to be treated, whatever protocol it came by.</summary>
/// <param name="Priority">1 is the most urgent; 0 takes the model's default.</param>
/// <param name="Timeout">How long it may wait for its run; null takes the model's default.</param>
internal sealed record InferParameters(uint Priority = 0, TimeSpan? Timeout = null)
{
    /// <summary>Nothing was asked for.</summary>
    public static readonly InferParameters Default = new();
}
