using System.Buffers;
using System.Text;
using Ops.Runtime.Inference;
using Ops.Runtime.Models;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Processing;

/// <summary>What is made of one output of a model: probabilities, the highest classes, or both.</summary>
internal sealed class ProcessedOutput
{
    private readonly bool softmax;
    private readonly int topK;
    private readonly byte[][] labels;

    /// <param name="options">Options that keep to <see cref="ProcessingRules"/>, with the labels read.</param>
    /// <param name="model">The model's output of that name.</param>
    /// <exception cref="ModelLoadException">They do not fit the model.</exception>
    public ProcessedOutput(OutputProcessingOptions options, OrtTensorInfo model)
    {
        softmax = options.Softmax;
        topK = options.TopK;
        labels = [.. options.Labels.Select(l => Encoding.UTF8.GetBytes(l + '\0'))];
        var classes = model.Shape.Length == 0 ? 0 : model.Shape[^1];
        var failure = !ClassScores.CanRead(model.ElementType) ? "it must be FP32, FP64 or FP16 in the model."
            : model.Shape.Length == 0 ? "it must have at least one dimension in the model."
            : classes >= 0 && topK > classes ? $"its {classes} classes are fewer than the {topK} asked for."
            : classes >= 0 && labels.Length > 0 && labels.Length != classes ? $"there are {labels.Length} labels for its {classes} classes."
            : null;
        if (failure is not null)
        {
            throw new ModelLoadException($"The output '{model.Name}' cannot be processed: {failure}");
        }

        Tensor = topK == 0 || options.Keep ? new OrtTensorInfo(model.Name, softmax ? OrtElementType.Float32 : model.ElementType, model.Shape) : null;
        if (topK > 0)
        {
            long[] shape = [.. model.Shape[..^1], topK];
            Scores = new OrtTensorInfo(model.Name + "_scores", OrtElementType.Float32, shape);
            Indices = new OrtTensorInfo(model.Name + "_indices", OrtElementType.Int64, shape);
            Labels = labels.Length > 0 ? new OrtTensorInfo(model.Name + "_labels", OrtElementType.String, shape) : null;
        }
    }

    /// <summary>The whole output under its own name; null when only the highest classes are returned.</summary>
    public OrtTensorInfo? Tensor { get; }

    /// <summary>The highest scores; null when they are not asked for.</summary>
    public OrtTensorInfo? Scores { get; }

    /// <summary>Their positions along the last axis.</summary>
    public OrtTensorInfo? Indices { get; }

    /// <summary>Their names; null without labels.</summary>
    public OrtTensorInfo? Labels { get; }

    /// <summary>The whole output, with softmax done when it is declared; null when it stays as the model gave it.</summary>
    public OrtTensor? MakeTensor(OutputView model)
    {
        if (!softmax)
        {
            return null;
        }

        var result = OrtTensor.Allocate(OrtElementType.Float32, model.Shape);
        var target = result.Data<float>();
        var classes = (int)model.Shape[^1];
        for (var start = 0; start < target.Length; start += classes)
        {
            var row = target.Slice(start, classes);
            ClassScores.Read(model, start, row);
            ClassScores.Softmax(row);
        }

        return result;
    }

    /// <summary>The scores and positions of the highest classes of every row.</summary>
    /// <returns>Two tensors; the caller disposes both.</returns>
    public (OrtTensor Scores, OrtTensor Indices) MakeBest(OutputView model)
    {
        var classes = (int)model.Shape[^1];
        var rows = classes == 0 ? 0 : (int)(model.ElementCount / classes);
        var count = Math.Min(topK, classes);
        long[] shape = [.. model.Shape[..^1], count];
        var scores = OrtTensor.Allocate(OrtElementType.Float32, shape);
        var indices = OrtTensor.Allocate(OrtElementType.Int64, shape);
        var row = ArrayPool<float>.Shared.Rent(classes);
        for (var r = 0; r < rows; r++)
        {
            var values = row.AsSpan(0, classes);
            ClassScores.Read(model, r * classes, values);
            if (softmax)
            {
                ClassScores.Softmax(values);
            }

            var best = indices.Data<long>().Slice(r * count, count);
            ClassScores.Best(values, best);
            for (var k = 0; k < count; k++)
            {
                scores.Data<float>()[(r * count) + k] = values[(int)best[k]];
            }
        }

        ArrayPool<float>.Shared.Return(row);
        return (scores, indices);
    }

    /// <summary>The names of classes. One that the labels do not reach has the empty name.</summary>
    public OrtTensor MakeLabels(OrtTensor indices)
    {
        var names = new List<byte[]>((int)indices.ElementCount);
        foreach (var index in indices.Data<long>())
        {
            names.Add(index < labels.Length ? labels[index] : [0]);
        }

        return OrtTensor.FromStrings(indices.Shape, names);
    }
}
