using Ops.Runtime.Tests.Support;

namespace Ops.Benchmarks.Runtime;

/// <summary>
/// A network of the size and form of ResNet-18 (He et al. 2015, "Deep Residual Learning for Image Recognition") with random
/// weights: 11.7 million parameters, 1.8 billion multiplications for one image of 3 x 224 x 224. Batch normalisation is
/// folded into the convolutions, as the engine does when it loads such a model.
/// </summary>
internal sealed class ResNetModel
{
    private const int Classes = 1000;
    private static readonly int[] StageChannels = [64, 128, 256, 512];
    private readonly Random random = new(18);
    private readonly List<byte[]> graph = [];
    private int names;

    private ResNetModel()
    {
    }

    /// <summary>Builds the ONNX file: input <c>input</c> [batch, 3, 224, 224], output <c>logits</c> [batch, 1000].</summary>
    public static byte[] Build()
    {
        var model = new ResNetModel();
        model.AddLayers();
        return OnnxBuilder.Model([.. model.graph]);
    }

    private void AddLayers()
    {
        var x = Add("Relu", Convolve("input", 3, 64, kernel: 7, stride: 2));
        x = Add("MaxPool", x, OnnxBuilder.Ints("kernel_shape", 3, 3), OnnxBuilder.Ints("strides", 2, 2), OnnxBuilder.Ints("pads", 1, 1, 1, 1));
        var channels = 64;
        foreach (var wanted in StageChannels)
        {
            x = Block(x, channels, wanted);
            x = Block(x, wanted, wanted);
            channels = wanted;
        }

        x = Add("Flatten", Add("GlobalAveragePool", x));
        graph.Add(OnnxBuilder.Node("Gemm", [x, Weights([channels, Classes], channels), Weights([Classes], Classes)], ["logits"]));
        graph.Add(OnnxBuilder.BatchOf(11, "input", 3, 224, 224));
        graph.Add(OnnxBuilder.BatchOf(12, "logits", Classes));
    }

    private string Block(string x, int from, int to)
    {
        var stride = from == to ? 1 : 2;
        var main = Convolve(Add("Relu", Convolve(x, from, to, 3, stride)), to, to, 3, 1);
        var shortcut = from == to ? x : Convolve(x, from, to, 1, stride);
        return Add("Relu", Node("Add", [main, shortcut]));
    }

    private string Convolve(string x, int from, int to, int kernel, int stride)
    {
        var pad = kernel / 2;
        return Node(
            "Conv",
            [x, Weights([to, from, kernel, kernel], from * kernel * kernel), Weights([to], to)],
            OnnxBuilder.Ints("kernel_shape", kernel, kernel),
            OnnxBuilder.Ints("strides", stride, stride),
            OnnxBuilder.Ints("pads", pad, pad, pad, pad));
    }

    private string Add(string operation, string x, params byte[][] attributes) => Node(operation, [x], attributes);

    private string Node(string operation, string[] inputs, params byte[][] attributes)
    {
        var output = $"t{names++}";
        graph.Add(OnnxBuilder.Node(operation, inputs, [output], attributes));
        return output;
    }

    /// <summary>Uniform weights that keep the size of the signal about the same from layer to layer.</summary>
    private string Weights(long[] shape, int inputs)
    {
        var name = $"w{names++}";
        var bound = MathF.Sqrt(3f / inputs);
        var values = new float[shape.Aggregate(1L, (a, b) => a * b)];
        foreach (ref var value in values.AsSpan())
        {
            value = ((random.NextSingle() * 2) - 1) * bound;
        }

        graph.Add(OnnxBuilder.Floats(name, shape, values));
        return name;
    }
}
