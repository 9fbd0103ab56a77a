using Ops.Runtime.Inference;
using Ops.Runtime.Models;
using Ops.Runtime.Monitoring;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Processing;

/// <summary>Makes a model's inputs from what clients send. Belongs to one loaded version.</summary>
internal sealed class Preprocessor
{
    private readonly ImageInput?[] images;

    /// <param name="options">What is declared; none when null.</param>
    /// <param name="inputs">The model's inputs.</param>
    /// <exception cref="ModelLoadException">The declaration does not fit the model.</exception>
    public Preprocessor(ProcessingOptions? options, IReadOnlyList<OrtTensorInfo> inputs)
    {
        images = new ImageInput?[inputs.Count];
        var failures = new List<string>();
        foreach (var input in options?.Inputs ?? [])
        {
            var index = inputs.ToList().FindIndex(i => i.Name == input.Name);
            if (index < 0)
            {
                failures.Add($"Preprocessing is declared for an input '{input.Name}', which the model does not have.");
                continue;
            }

            try
            {
                images[index] = new ImageInput(input, inputs[index], DecodeMemory.Shared);
            }
            catch (ModelLoadException exception)
            {
                failures.Add(exception.Message);
            }
        }

        if (failures.Count > 0)
        {
            throw new ModelLoadException(string.Join(' ', failures));
        }

        Inputs = inputs.Select((input, i) => images[i]?.Seen ?? input).ToArray();
    }

    /// <summary>The inputs as clients see them, in the model's order.</summary>
    public IReadOnlyList<OrtTensorInfo> Inputs { get; }

    /// <summary>Whether clients send an input encoded.</summary>
    public bool Takes(int input) => images[input] is not null;

    /// <summary>What clients are told about an input beside its type; empty for most.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Parameters(int input) => images[input]?.Parameters ?? [];

    /// <summary>A shape in the form that <see cref="Inputs"/> has: [n,1] of encoded elements means [n].</summary>
    public long[] Flatten(int input, long[] shape) => Takes(input) && shape is [var count, 1] ? [count] : shape;

    /// <summary>Makes the model's tensor of an input that <see cref="Takes"/> names.</summary>
    /// <exception cref="ProtocolException">An element is not taken.</exception>
    public OrtTensor Read(int input, IReadOnlyList<ReadOnlyMemory<byte>> elements)
    {
        using var span = RuntimeTracing.Start("preprocess");
        return images[input]!.Read(elements);
    }
}
