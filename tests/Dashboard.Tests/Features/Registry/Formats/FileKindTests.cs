using System.Text;
using Ops.Dashboard.Features.Registry.Formats;

namespace Ops.Dashboard.Tests.Features.Registry.Formats;

public sealed class FileKindTests
{
    private static readonly byte[] Pickle = [0x80, 0x04, 0x95];
    private static readonly byte[] Zip = [.. "PK\u0003\u0004"u8, 0];
    private static readonly byte[] Hdf5 = [0x89, .. "HDF\r\n"u8, 0x1A, 0x0A];
    private static readonly byte[] Plain = [0x08, 0x09, 0x12];

    [Fact]
    public void Detect_BytesThatRunCode_WinOverEveryName()
    {
        foreach (var name in new[] { "model.onnx", "weights.bin", "model.mindir", "m.safetensors", "saved_model.pb" })
        {
            Assert.Equal(ModelFormat.PyTorch, Detect((name, Pickle)));
            Assert.Equal(ModelFormat.Archive, Detect((name, Zip)));
            Assert.NotNull(ModelFormat.Archive.Warning);
            Assert.Equal(ModelFormat.Keras, Detect((name, Hdf5)));
        }
    }

    [Fact]
    public void Detect_OnePickleAmongHarmlessFiles_MakesTheWholeVersionOneThatRunsCode() =>
        Assert.True(Detect(("model.onnx", Plain), ("extra/tokenizer.bin", Pickle)).CanExecuteCode);

    [Theory]
    [InlineData("model.pt")]
    [InlineData("a/model.PKL")]
    [InlineData("m.joblib")]
    [InlineData("m.keras")]
    [InlineData("m.h5")]
    [InlineData("libcustom.so")]
    [InlineData("model.py")]
    [InlineData("1/saved_model.pb")]
    public void Detect_NameOfAFormatThatRunsCode_IsBelievedWithoutBytes(string name) => Assert.True(Detect((name, Plain)).CanExecuteCode);

    [Fact]
    public void Detect_HarmlessFormats_AreRecognised()
    {
        Assert.Equal(ModelFormat.Onnx, Detect(("model.onnx", Plain), ("model.onnx.data", Plain), ("README.md", Plain)));
        Assert.Equal(ModelFormat.MindSpore, Detect(("net.mindir", Plain)));
        Assert.Equal(ModelFormat.Paddle, Detect(("inference.pdmodel", Plain), ("inference.pdiparams", Plain)));
        Assert.Equal(ModelFormat.OpenVino, Detect(("m.xml", "<?xml"u8.ToArray()), ("m.bin", Plain)));
        Assert.Equal(ModelFormat.Gguf, Detect(("anything", [.. "GGUF"u8, 3])));
        Assert.Equal(ModelFormat.Safetensors, Detect(("anything", [9, 0, 0, 0, 0, 0, 0, 0, .. "{\"a\":1}"u8])));
        Assert.Equal(ModelFormat.Other, Detect(("notes.txt", Encoding.UTF8.GetBytes("hello"))));
        Assert.Equal(ModelFormat.Other, Detect());
    }

    [Fact]
    public void Signature_EveryShortOrStrangeOpening_DoesNotThrow()
    {
        for (var length = 0; length < 300; length++)
        {
            Assert.Equal(FileSignature.Unknown, FileKind.Signature(Enumerable.Repeat((byte)0x08, length).ToArray()));
        }
    }

    [Fact]
    public void Describe_RealModels_AreNotMistaken()
    {
        foreach (var file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "TestData"), "*.onnx"))
        {
            Assert.Null(FileKind.Describe(File.ReadAllBytes(file).AsSpan(0, FileKind.OpeningBytes)));
        }
    }

    [Fact]
    public void Detect_ZipWithAName_IsWhatTheNameSays()
    {
        Assert.Equal(ModelFormat.PyTorch, Detect(("model.pt", Zip)));
        Assert.Equal(ModelFormat.Keras, Detect(("model.keras", Zip)));
        Assert.Null(ModelFormat.Onnx.Warning);
    }

    private static ModelFormat Detect(params (string Path, byte[] Opening)[] files) =>
        FileKind.Detect([.. files.Select(f => new ModelFile(f.Path, f.Opening))]);
}
