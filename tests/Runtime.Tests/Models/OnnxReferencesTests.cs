using Ops.Runtime.Configuration;
using Ops.Runtime.Models;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Models;

public sealed class OnnxReferencesTests : IDisposable
{
    private readonly TestFolder folder = new();

    [Theory]
    [InlineData("weights.bin", "0", "16")]
    [InlineData("./weights.bin", "0", "16")]
    [InlineData("weights.bin", "16", "16")]
    public void Check_TensorInAFileOfTheVersion_Passes(string location, string offset, string length) =>
        Check(OnnxBuilder.WithExternalData(location, offset, length));

    [Theory]
    [InlineData("../weights.bin")]
    [InlineData("a/../../weights.bin")]
    [InlineData("/etc/passwd")]
    [InlineData("stray.bin")]
    [InlineData("")]
    [InlineData("*/_ORT_MEM_ADDR_/*")]
    public void Check_TensorElsewhere_IsRefused(string location) =>
        Assert.Contains("not part of the version", Refusal(OnnxBuilder.WithExternalData(location)), StringComparison.Ordinal);

    [Theory]
    [InlineData("17", "16")]
    [InlineData("33", "0")]
    [InlineData("0", "33")]
    [InlineData("9223372036854775807", "9223372036854775807")]
    public void Check_TensorBeyondTheFile_IsRefused(string offset, string length) =>
        Assert.Contains("beyond the end", Refusal(OnnxBuilder.WithExternalData("weights.bin", offset, length)), StringComparison.Ordinal);

    [Theory]
    [InlineData("-1")]
    [InlineData("x")]
    [InlineData("18446744073709551616")]
    public void Check_OffsetThatIsNoNumber_IsRefused(string offset) =>
        Assert.Contains("not a number", Refusal(OnnxBuilder.WithExternalData("weights.bin", offset)), StringComparison.Ordinal);

    [Fact]
    public void Check_CompiledContext_IsRefused() =>
        Assert.Contains("EPContext", Refusal(OnnxBuilder.WithNode("EPContext")), StringComparison.Ordinal);

    [Fact]
    public void Check_EveryTruncation_IsRefusedOrHarmless()
    {
        var whole = OnnxBuilder.WithExternalData("weights.bin");
        for (var length = 1; length < whole.Length; length++)
        {
            try
            {
                Check(whole[..length]);
            }
            catch (ModelLoadException)
            {
                continue;
            }

            // Only a cut between two fields of the outermost message leaves a readable rest.
            Assert.True(length == 2 || length > whole.Length - 5, $"A file cut at {length} passed.");
        }
    }

    [Fact]
    public void Check_RandomBytes_NeverFailsInAnotherWay()
    {
        var random = new Random(20261122);
        for (var i = 0; i < 500; i++)
        {
            var bytes = OnnxBuilder.WithExternalData("weights.bin");
            for (var flips = 0; flips < 3; flips++)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            try
            {
                Check(bytes);
            }
            catch (ModelLoadException exception)
            {
                Assert.NotEmpty(exception.Message);
            }
        }
    }

    public void Dispose() => folder.Dispose();

    private string Refusal(byte[] model) => Assert.Throws<ModelLoadException>(() => Check(model)).Message;

    private void Check(byte[] model)
    {
        var path = folder.File("model.onnx");
        File.WriteAllBytes(path, model);
        OnnxReferences.Check(path, "model.onnx", [new ModelFileOptions { Path = "model.onnx", Size = model.Length }, new ModelFileOptions { Path = "weights.bin", Size = 32 }]);
    }
}
