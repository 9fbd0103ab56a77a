using Ops.Runtime.Models;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Inference;

/// <summary>The outputs in the form their request asked for: those to be classified are, the others are shown as they
/// are. Disposing it leaves the result alone.</summary>
internal sealed class AnsweredOutputs : IDisposable
{
    private readonly List<OrtTensor>? made;

    private AnsweredOutputs(OutputView[] views, List<OrtTensor>? made = null) => (Views, this.made) = (views, made);

    /// <summary>One per requested output, in the order asked for. Valid as long as the result is, too.</summary>
    public OutputView[] Views { get; }

    /// <param name="request">What was asked.</param>
    /// <param name="signature">Gives the classes' names.</param>
    /// <param name="result">What the run returned.</param>
    public static AnsweredOutputs Of(InferRequest request, ModelSignature signature, InferResult result)
    {
        if (!Array.Exists(request.Outputs, static o => o.Classification > 0))
        {
            return new AnsweredOutputs(result.Outputs);
        }

        var answered = new AnsweredOutputs([.. result.Outputs], []);
        try
        {
            for (var i = 0; i < request.Outputs.Length; i++)
            {
                if (request.Outputs[i] is { Classification: > 0 } output)
                {
                    var classes = Classes.Of(result.Outputs[i], output.Classification, signature.Labels(output.Index));
                    answered.made!.Add(classes);
                    answered.Views[i] = OutputView.Of(classes);
                }
            }

            return answered;
        }
        catch
        {
            answered.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var tensor in made ?? [])
        {
            tensor.Dispose();
        }
    }
}
