using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Tests.Support;

/// <summary>Runs a digits model on the images whose answers are known.</summary>
internal static class KnownLogits
{
    public static void Check(OrtSession session, string model)
    {
        var (x, y) = TestModels.Samples(model);
        using var input = OrtTensor.Allocate(OrtElementType.Float32, [16, 1, 8, 8]);
        x.CopyTo(input.Data<float>());
        using var options = OrtRunOptions.Create();
        using var output = Assert.Single(session.Run(options, [input], [0]));
        Assert.All(output.Data<float>().ToArray().Zip(y), p => Assert.Equal(p.Second, p.First, 1e-4f));
    }
}
