using System.Collections.Frozen;
using Ops.Runtime.Inference;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Models;

/// <summary>A loaded session with its inputs and outputs found by name.</summary>
internal sealed class ModelSignature
{
    /// <summary>Filled before the signature is shown to requests.</summary>
    private readonly Dictionary<int, IReadOnlyList<string>> labels = [];

    /// <exception cref="ModelLoadException">An input has a type that requests cannot carry.</exception>
    public ModelSignature(OrtSession session)
    {
        Session = session;
        foreach (var input in session.Inputs)
        {
            if (!IsServed(input))
            {
                throw new ModelLoadException($"Its input '{input.Name}' is not a tensor of a type that can be sent.");
            }
        }

        InputIndex = session.Inputs.Select((input, i) => (input.Name, i)).ToFrozenDictionary(p => p.Name, p => p.i, StringComparer.Ordinal);
        // Classifiers exported from scikit-learn also return a sequence of maps; the protocol cannot carry it, so it is
        // not offered, while the tensors beside it are.
        AllOutputs = session.Outputs.Select((output, i) => (output, i)).Where(p => IsServed(p.output)).Select(p => p.i).ToArray();
        if (AllOutputs.Length == 0)
        {
            throw new ModelLoadException("It has no output tensor of a type that can be returned.");
        }

        EveryOutput = Array.ConvertAll(AllOutputs, i => new RequestedOutput(i));
        OutputIndex = AllOutputs.ToFrozenDictionary(i => session.Outputs[i].Name, i => i, StringComparer.Ordinal);
    }

    /// <summary>The session; owned by the served model.</summary>
    public OrtSession Session { get; }

    /// <summary>The inputs as clients send them, in the session's order.</summary>
    public IReadOnlyList<OrtTensorInfo> Inputs => Session.Inputs;

    /// <summary>The outputs as clients get them, in the session's order.</summary>
    public IReadOnlyList<OrtTensorInfo> Outputs => Session.Outputs;

    /// <summary>Position of each input in the session.</summary>
    public FrozenDictionary<string, int> InputIndex { get; }

    /// <summary>Position of each output that can be returned.</summary>
    public FrozenDictionary<string, int> OutputIndex { get; }

    /// <summary>Positions of all outputs that can be returned.</summary>
    public int[] AllOutputs { get; }

    /// <summary>What a request gets that names no output.</summary>
    public RequestedOutput[] EveryOutput { get; }

    /// <summary>The names of the classes that an output scores, by index; null when the version brings none.</summary>
    /// <param name="output">Position among the session's outputs.</param>
    public IReadOnlyList<string>? Labels(int output) => labels.GetValueOrDefault(output);

    /// <summary>Names the classes that an output scores.</summary>
    public void Name(int output, IReadOnlyList<string> classes) => labels[output] = classes;

    private static bool IsServed(OrtTensorInfo info) => info.ElementType == OrtElementType.String || info.ElementType.Size() > 0;
}
