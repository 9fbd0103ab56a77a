using Ops.Runtime.Inference;
using Ops.Runtime.Models;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Processing;

/// <summary>Makes what clients get from a model's outputs. Belongs to one loaded version.</summary>
internal sealed class Postprocessor
{
    private readonly ProcessedOutput?[] processed;
    private readonly List<(OrtTensorInfo Info, int Source, Part Part)> offered;

    /// <param name="options">What is declared; none when null.</param>
    /// <param name="outputs">The model's outputs.</param>
    /// <exception cref="ModelLoadException">The declaration does not fit the model.</exception>
    public Postprocessor(ProcessingOptions? options, IReadOnlyList<OrtTensorInfo> outputs)
    {
        processed = new ProcessedOutput?[outputs.Count];
        var failures = new List<string>();
        foreach (var output in options?.Outputs ?? [])
        {
            var index = outputs.ToList().FindIndex(o => o.Name == output.Name);
            if (index < 0)
            {
                failures.Add($"Postprocessing is declared for an output '{output.Name}', which the model does not have.");
                continue;
            }

            try
            {
                processed[index] = new ProcessedOutput(output, outputs[index]);
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

        // The model's outputs keep their positions; those made from them follow.
        offered = outputs.Select((output, i) => (processed[i]?.Tensor ?? output, i, Part.Tensor)).ToList();
        var order = new List<int>();
        for (var i = 0; i < outputs.Count; i++)
        {
            if (processed[i] is not { } made)
            {
                order.Add(i);
                continue;
            }

            foreach (var (info, part) in (ReadOnlySpan<(OrtTensorInfo?, Part)>)[(made.Tensor, Part.Tensor), (made.Scores, Part.Scores), (made.Indices, Part.Indices), (made.Labels, Part.Labels)])
            {
                if (info is not null && part == Part.Tensor)
                {
                    order.Add(i);
                }
                else if (info is not null)
                {
                    order.Add(offered.Count);
                    offered.Add((info, i, part));
                }
            }
        }

        Outputs = offered.ConvertAll(o => o.Info);
        Offered = [.. order];
        if (order.GroupBy(i => Outputs[i].Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new ModelLoadException($"Two outputs would be called '{twice.Key}'.");
        }
    }

    private enum Part
    {
        Tensor,
        Scores,
        Indices,
        Labels,
    }

    /// <summary>The model's outputs at their positions, as clients see them, and behind them those made from them.</summary>
    public IReadOnlyList<OrtTensorInfo> Outputs { get; }

    /// <summary>Positions in <see cref="Outputs"/> of what clients can ask for, in the order they get it.</summary>
    public int[] Offered { get; }

    /// <summary>Which outputs the model has to compute.</summary>
    /// <param name="requested">Positions in <see cref="Outputs"/>.</param>
    /// <returns>Positions of the model's outputs, each once.</returns>
    public int[] Needed(ReadOnlySpan<int> requested)
    {
        var needed = new List<int>(requested.Length);
        foreach (var index in requested)
        {
            if (!needed.Contains(offered[index].Source))
            {
                needed.Add(offered[index].Source);
            }
        }

        return [.. needed];
    }

    /// <summary>Makes what was asked for.</summary>
    /// <param name="requested">Positions in <see cref="Outputs"/>.</param>
    /// <param name="computed">What the model gave for <see cref="Needed"/>, in that order; now the new result's.</param>
    /// <returns>One output per request; the caller disposes it.</returns>
    public InferResult Make(ReadOnlySpan<int> requested, InferResult computed)
    {
        var needed = Needed(requested);
        var views = new OutputView[requested.Length];
        var made = new List<OrtTensor>();
        var best = new (OrtTensor Scores, OrtTensor Indices)?[needed.Length];
        try
        {
            for (var i = 0; i < views.Length; i++)
            {
                var (_, source, part) = offered[requested[i]];
                var at = Array.IndexOf(needed, source);
                var model = computed.Outputs[at];
                if (part == Part.Tensor)
                {
                    views[i] = processed[source]?.MakeTensor(model) is { } tensor ? Keep(tensor) : model;
                    continue;
                }

                if (best[at] is not { } pair)
                {
                    pair = processed[source]!.MakeBest(model);
                    best[at] = pair;
                    Keep(pair.Scores);
                    Keep(pair.Indices);
                }

                views[i] = part switch
                {
                    Part.Scores => OutputView.Of(pair.Scores),
                    Part.Indices => OutputView.Of(pair.Indices),
                    _ => Keep(processed[source]!.MakeLabels(pair.Indices)),
                };
            }

            return new InferResult(views, [.. made], computed);
        }
        catch
        {
            made.ForEach(t => t.Dispose());
            computed.Dispose();
            throw;
        }

        OutputView Keep(OrtTensor tensor)
        {
            made.Add(tensor);
            return OutputView.Of(tensor);
        }
    }
}
