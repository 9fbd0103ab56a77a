using Ops.Dashboard.Features.Registry.Onnx;

namespace Ops.Dashboard.Features.Registry.Compare;

/// <summary>Tells whether clients of one version can go on unchanged with another.</summary>
internal static class SignatureCompatibility
{
    /// <summary>What would break: an input that is not sent or not taken any more, an output that is missing, a type or shape that does not fit.</summary>
    public static IReadOnlyList<string> Breaks(OnnxModelInfo from, OnnxModelInfo to)
    {
        List<string> breaks = [];
        foreach (var input in to.Inputs)
        {
            if (Find(from.Inputs, input.Name) is not { } sent)
            {
                breaks.Add($"Input {input.Name} is new: clients do not send it.");
            }
            else if (!SameType(sent, input))
            {
                breaks.Add($"Input {input.Name} was {SignatureText.Type(sent)} and is {SignatureText.Type(input)}.");
            }
            else if (!Takes(input.Shape, sent.Shape))
            {
                breaks.Add($"Input {input.Name} took {SignatureText.Shape(sent)} and takes {SignatureText.Shape(input)}.");
            }
        }

        breaks.AddRange(from.Inputs.Where(i => Find(to.Inputs, i.Name) is null).Select(i => $"Input {i.Name} is gone: a request that sends it is refused."));
        foreach (var output in from.Outputs)
        {
            if (Find(to.Outputs, output.Name) is not { } answered)
            {
                breaks.Add($"Output {output.Name} is gone.");
            }
            else if (!SameType(output, answered))
            {
                breaks.Add($"Output {output.Name} was {SignatureText.Type(output)} and is {SignatureText.Type(answered)}.");
            }
            else if (!Takes(output.Shape, answered.Shape))
            {
                breaks.Add($"Output {output.Name} had the shape {SignatureText.Shape(output)} and has {SignatureText.Shape(answered)}.");
            }
        }

        return breaks;
    }

    private static OnnxValueInfo? Find(IReadOnlyList<OnnxValueInfo> values, string name) => values.FirstOrDefault(v => v.Name == name);

    private static bool SameType(OnnxValueInfo a, OnnxValueInfo b) => a.Kind == b.Kind && a.ElementType == b.ElementType;

    // Everything of the given shape is also of the taking shape: equal sizes, or any size where the taking one leaves it open.
    private static bool Takes(IReadOnlyList<OnnxDimension>? taking, IReadOnlyList<OnnxDimension>? given) =>
        taking is null || (given is not null && taking.Count == given.Count && taking.Zip(given).All(pair => pair.First.Size is null || pair.First.Size == pair.Second.Size));
}
