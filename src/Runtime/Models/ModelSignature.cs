using System.Collections.Frozen;
using Ops.Runtime.Inference;
using Ops.Runtime.OnnxRuntime;
using Ops.Runtime.Processing;

namespace Ops.Runtime.Models;

/// <summary>A loaded session with its inputs and outputs as clients see them, found by name.</summary>
internal sealed class ModelSignature
{
    private readonly Preprocessor preprocessor;
    private readonly Postprocessor? postprocessor;
    private readonly Dictionary<string, List<string>> labels;

    /// <param name="session">The loaded model.</param>
    /// <param name="processing">What happens before and after it; null for nothing.</param>
    /// <exception cref="ModelLoadException">An input has a type that requests cannot carry, or the processing does not fit
    /// the model.</exception>
    public ModelSignature(OrtSession session, ProcessingOptions? processing = null)
    {
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
        preprocessor = new Preprocessor(processing, session.Inputs);
        Inputs = preprocessor.Inputs;
        var processed = new Postprocessor(processing, session.Outputs);
        postprocessor = processing is { Outputs.Count: > 0 } ? processed : null;
        Outputs = processed.Outputs;
        labels = (processing?.Outputs ?? []).Where(o => o.Labels.Count > 0).ToDictionary(o => o.Name, o => o.Labels, StringComparer.Ordinal);
        AllOutputs = Array.FindAll(processed.Offered, i => IsServed(Outputs[i]));
        if (AllOutputs.Length == 0)
        {
            throw new ModelLoadException("It has no output tensor of a type that can be returned.");
        }

        EveryOutput = Array.ConvertAll(AllOutputs, i => new RequestedOutput(i));
        EveryOutputInBinary = Array.ConvertAll(AllOutputs, i => new RequestedOutput(i, Binary: true));
        OutputIndex = AllOutputs.ToFrozenDictionary(i => Outputs[i].Name, i => i, StringComparer.Ordinal);
    }

    /// <summary>The inputs as clients send them, in the session's order: one that is preprocessed is BYTES.</summary>
    public IReadOnlyList<OrtTensorInfo> Inputs { get; }

    /// <summary>The outputs as clients get them: the session's at their positions, then those made from them.</summary>
    public IReadOnlyList<OrtTensorInfo> Outputs { get; }

    /// <summary>Position of each input in the session.</summary>
    public FrozenDictionary<string, int> InputIndex { get; }

    /// <summary>Position in <see cref="Outputs"/> of each output that can be returned.</summary>
    public FrozenDictionary<string, int> OutputIndex { get; }

    /// <summary>Positions in <see cref="Outputs"/> of all outputs that can be returned, in order.</summary>
    public int[] AllOutputs { get; }

    /// <summary>What a request gets that names no output.</summary>
    public RequestedOutput[] EveryOutput { get; }

    /// <summary>What a request gets that names no output and wants them in binary.</summary>
    public RequestedOutput[] EveryOutputInBinary { get; }

    /// <summary>The names of the classes that an output scores, by index; null when the version names none.</summary>
    /// <param name="output">Position in <see cref="Outputs"/>.</param>
    public IReadOnlyList<string>? Labels(int output) => labels.GetValueOrDefault(Outputs[output].Name);

    /// <summary>Checks what a request says about an input.</summary>
    /// <returns>The number of elements that the request must hold.</returns>
    /// <exception cref="ProtocolException">It is not what clients are to send.</exception>
    public long CheckInput(int input, string datatype, long[] shape) =>
        InputShape.Check(Inputs[input], datatype, preprocessor.Flatten(input, shape));

    /// <summary>Whether clients send an input as encoded elements that <see cref="Preprocess"/> makes the tensor of.</summary>
    public bool IsPreprocessed(int input) => preprocessor.Takes(input);

    /// <summary>What clients are told about an input beside its type; empty for most.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> InputParameters(int input) => preprocessor.Parameters(input);

    /// <summary>Makes the model's tensor from what a client sent for a preprocessed input.</summary>
    /// <param name="input">Its position.</param>
    /// <param name="elements">The raw bytes of each element; only read during the call.</param>
    /// <returns>The tensor; the caller disposes it.</returns>
    /// <exception cref="ProtocolException">An element is not taken.</exception>
    public OrtTensor Preprocess(int input, IReadOnlyList<ReadOnlyMemory<byte>> elements) => preprocessor.Read(input, elements);

    /// <summary>Which outputs the session has to compute for a request.</summary>
    /// <returns>Positions of the session's outputs.</returns>
    public int[] SessionOutputs(RequestedOutput[] requested)
    {
        var indices = Array.ConvertAll(requested, o => o.Index);
        return postprocessor is null ? indices : postprocessor.Needed(indices);
    }

    /// <summary>Whether a request's outputs are not simply the session's.</summary>
    public bool IsPostprocessed => postprocessor is not null;

    /// <summary>Makes what a request asked for from what the session computed for it.</summary>
    /// <param name="requested">What was asked for.</param>
    /// <param name="computed">The outputs of <see cref="SessionOutputs"/>; this call takes them over.</param>
    /// <returns>One output per requested one; the caller disposes it.</returns>
    public InferResult Postprocess(RequestedOutput[] requested, InferResult computed) =>
        postprocessor is null ? computed : postprocessor.Make(Array.ConvertAll(requested, o => o.Index), computed);

    private static bool IsServed(OrtTensorInfo info) => info.ElementType == OrtElementType.String || info.ElementType.Size() > 0;
}
