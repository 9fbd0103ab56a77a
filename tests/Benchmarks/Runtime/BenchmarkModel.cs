using Ops.Runtime.Configuration;
using Ops.Runtime.Tests.Support;
using Ops.Testing.Runtime;

namespace Ops.Benchmarks.Runtime;

/// <summary>A model on disk and the request that every client sends it.</summary>
/// <param name="Path">The ONNX file.</param>
/// <param name="Bodies">One image.</param>
internal sealed record BenchmarkModel(string Path, InferBodies Bodies)
{
    private const string ResNet = "resnet18";

    /// <summary>Takes an image as large as ResNet's and computes next to nothing: what is left is the way in.</summary>
    private const string Brightness = "brightness";

    public static readonly string[] Names = ["digits_mlp", "digits_cnn", ResNet, Brightness];

    public string Name => Bodies.Model;

    /// <summary>As the server's configuration names it.</summary>
    public ModelOptions Options => TestModels.Options(Name, "1", TestModels.FileOptions(Path));

    /// <summary>The same file under another name.</summary>
    public BenchmarkModel Named(string name) => this with { Bodies = Bodies with { Model = name } };

    /// <summary>Finds or makes a model.</summary>
    /// <param name="name">Out of <see cref="Names"/>.</param>
    /// <param name="folder">For the ones that are made.</param>
    public static BenchmarkModel Prepare(string name, string folder)
    {
        var path = TestModels.Path(name + ".onnx");
        long[] shape = [1, 1, 8, 8];
        if (name is ResNet or Brightness)
        {
            path = System.IO.Path.Combine(folder, name + ".onnx");
            File.WriteAllBytes(path, name == ResNet ? ResNetModel.Build() : BuildBrightness());
            shape = [1, 3, 224, 224];
        }

        // Sixteen levels, as in the pictures that the small models learnt from.
        var random = new Random(1);
        var image = new float[shape.Aggregate(1L, (a, b) => a * b)];
        foreach (ref var pixel in image.AsSpan())
        {
            pixel = random.Next(17) / 16f;
        }

        return new BenchmarkModel(path, new InferBodies(name, "input", "logits", shape, image));
    }

    private static byte[] BuildBrightness() => OnnxBuilder.Model(
        OnnxBuilder.Node("GlobalAveragePool", ["input"], ["means"]),
        OnnxBuilder.Node("Flatten", ["means"], ["logits"]),
        OnnxBuilder.BatchOf(11, "input", 3, 224, 224),
        OnnxBuilder.BatchOf(12, "logits", 3));
}
