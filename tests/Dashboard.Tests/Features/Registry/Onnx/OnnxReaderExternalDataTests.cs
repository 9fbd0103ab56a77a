using Ops.Dashboard.Features.Registry.Onnx;

namespace Ops.Dashboard.Tests.Features.Registry.Onnx;

public sealed class OnnxReaderExternalDataTests
{
    private static readonly Dictionary<string, long> Weights = new() { ["w.bin"] = 64 };

    [Theory]
    [InlineData("../w.bin")]
    [InlineData("a/../../w.bin")]
    [InlineData("a/../w.bin")]
    [InlineData("..")]
    [InlineData("/etc/passwd")]
    [InlineData("//host/share/w.bin")]
    [InlineData("C:/w.bin")]
    [InlineData("c:w.bin")]
    [InlineData("a\\w.bin")]
    [InlineData("..\\w.bin")]
    [InlineData("w.bin:stream")]
    [InlineData("file:///etc/passwd")]
    [InlineData("..%2fw.bin")]
    [InlineData("%2e%2e/w.bin")]
    [InlineData("%252e%252e%252fw.bin")]
    [InlineData("w.bin%00")]
    [InlineData("a//w.bin")]
    [InlineData("././w.bin")]
    [InlineData("w.bin/")]
    [InlineData("w.bin.")]
    [InlineData("w.bin ")]
    [InlineData("w\n.bin")]
    [InlineData("")]
    public async Task ReadAsync_LocationThatIsNotAFileBeside_IsRefused(string location)
    {
        var others = new Dictionary<string, long>(Weights) { [location] = 64 };
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.ExternalLocation, OnnxFile.WithExternal(("location", location)), others);
    }

    [Fact]
    public async Task ReadAsync_LocationWithNul_IsRefused() =>
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.Malformed, OnnxFile.WithExternal(("location", "w.bin\0.txt")), Weights);

    [Fact]
    public async Task ReadAsync_LocationNotGiven_IsRefused() =>
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.ExternalLocation, OnnxFile.WithExternal(("offset", "0")), Weights);

    [Fact]
    public async Task ReadAsync_LocationNotUploaded_SaysToUploadItToo()
    {
        var message = await OnnxFile.RefusedAsync(OnnxRefusalCodes.ExternalMissing, OnnxFile.WithExternal(("location", "other.bin")), Weights);
        Assert.Contains("'other.bin'", message, StringComparison.Ordinal);
        Assert.Contains("together", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("*/_ORT_MEM_ADDR_/*")]
    [InlineData("*/_ORT_LITTLE_ENDIAN_MEM_ADDR_/*")]
    [InlineData("x_MEM_ADDR_y")]
    public async Task ReadAsync_MemoryAddressMarker_IsRefused(string location) =>
        await OnnxFile.RefusedAsync(
            OnnxRefusalCodes.MemoryAddress,
            OnnxFile.WithExternal(("location", location), ("offset", "140737488355328"), ("length", "16")),
            new() { [location] = long.MaxValue });

    [Theory]
    [InlineData("-1", "16")]
    [InlineData("0", "-16")]
    [InlineData("49", "16")]
    [InlineData("65", "16")]
    [InlineData("9223372036854775807", "16")]
    [InlineData("99999999999999999999999", "16")]
    [InlineData("0x10", "16")]
    [InlineData(" 1", "16")]
    [InlineData("1e3", "16")]
    [InlineData("", "16")]
    public async Task ReadAsync_RangeOutsideTheFile_IsRefused(string offset, string length) =>
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.ExternalRange, OnnxFile.WithExternal(("location", "w.bin"), ("offset", offset), ("length", length)), Weights);

    [Theory]
    [InlineData("15")]
    [InlineData("17")]
    [InlineData("9223372036854775807")]
    public async Task ReadAsync_LengthThatContradictsTheShape_IsRefused(string length) =>
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.TensorSize, OnnxFile.WithExternal(("location", "w.bin"), ("length", length)), Weights);

    [Fact]
    public async Task ReadAsync_FileTooShortForTheShape_IsRefusedWithoutALength() =>
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.ExternalRange, OnnxFile.WithExternal(("location", "w.bin"), ("offset", "60")), Weights);

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(15)]
    public async Task ReadAsync_TwoTensorsOnTheSameBytes_IsRefused(int offset)
    {
        var file = OnnxFile.Model(g => g
            .Message(5, t => OnnxFile.External(t, "b", 4, ("location", "w.bin"), ("offset", offset.ToString())))
            .Message(5, t => OnnxFile.External(t, "a", 4, ("location", "./w.bin"))));
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.ExternalOverlap, file, Weights);
    }

    [Fact]
    public async Task ReadAsync_ConstantOverlappingAnInitializer_IsRefused()
    {
        var file = OnnxFile.Model(g =>
        {
            g.Message(5, t => OnnxFile.External(t, "a", 4, ("location", "w.bin")));
            OnnxFile.Node(g, "Constant", more: n => n.Message(5, a => a.Message(5, t => OnnxFile.External(t, "", 1, ("location", "w.bin"), ("offset", "8")))));
        });
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.ExternalOverlap, file, Weights);
    }

    [Fact]
    public async Task ReadAsync_NeighbouringRanges_AreTaken()
    {
        var file = OnnxFile.Model(g => g
            .Message(5, t => OnnxFile.External(t, "b", 4, ("location", "w.bin"), ("offset", "16"), ("length", "16")))
            .Message(5, t => OnnxFile.External(t, "none", 0, ("location", "w.bin"), ("offset", "8"), ("length", "0")))
            .Message(5, t => OnnxFile.External(t, "a", 4, ("location", "w.bin"), ("length", "16"))));
        Assert.Equal(8, (await OnnxFile.AcceptedAsync(file, Weights)).ParameterCount);
    }

    [Fact]
    public async Task ReadAsync_LocationGivenTwice_IsRefused() =>
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.Malformed, OnnxFile.WithExternal(("location", "w.bin"), ("location", "../w.bin")), Weights);

    [Theory]
    [InlineData("basepath")]
    [InlineData("prepacked_0")]
    public async Task ReadAsync_KeyThatOnnxDoesNotDefine_IsRefused(string key) =>
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.Malformed, OnnxFile.WithExternal(("location", "w.bin"), (key, "/etc")), Weights);

    [Fact]
    public async Task ReadAsync_ExternalEntriesWithoutTheFlag_AreCheckedAllTheSame() =>
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.ExternalLocation, OnnxFile.Model(g => g.Message(5, t => t
            .Int(1, 1).Int(2, OnnxFile.Float).Bytes(9, new byte[4])
            .Message(13, e => e.Text(1, "location").Text(2, "/etc/passwd")))));

    [Theory]
    [InlineData(5, "If")]
    [InlineData(10, "Constant")]
    public async Task ReadAsync_ExternalInsideAnAttribute_IsChecked(int field, string op) =>
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.ExternalLocation, OnnxFile.Model(g =>
            OnnxFile.Node(g, op, more: n => n.Message(5, a => a.Message(field, t => OnnxFile.External(t, "w", 4, ("location", "../x")))))));

    [Fact]
    public async Task ReadAsync_ExternalInsideASubgraph_IsChecked() =>
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.ExternalLocation, OnnxFile.Model(g =>
            OnnxFile.Node(g, "Loop", more: n => n.Message(5, a => a.Message(11, sub => sub.Message(5, t => OnnxFile.External(t, "w", 4, ("location", "../x"))))))));

    [Fact]
    public async Task ReadAsync_ExternalInsideAFunction_IsChecked() =>
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.ExternalLocation, OnnxFile.Model(model: m => m.Message(25, f =>
        {
            f.Text(1, "F").Text(10, "org.example");
            OnnxFile.Node(f, "Constant", field: 7, more: n => n.Message(5, a => a.Message(5, t => OnnxFile.External(t, "w", 4, ("location", "../x")))));
        })));

    [Fact]
    public async Task ReadAsync_ExternalInsideTraining_IsChecked() =>
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.ExternalLocation, OnnxFile.Model(model: m => m.Message(20, t => t.Message(2, g =>
            g.Message(5, w => OnnxFile.External(w, "w", 4, ("location", "../x")))))));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task ReadAsync_SparseTensorWithExternalPart_IsRefused(int part) =>
        await OnnxFile.RefusedAsync(
            OnnxRefusalCodes.SparseExternal,
            OnnxFile.Model(g => g.Message(15, s => s.Message(part, t => OnnxFile.External(t, "s", 4, ("location", "w.bin"))).Int(3, 100))),
            Weights);

    [Fact]
    public async Task ReadAsync_SparseAttributeWithExternalPart_IsRefused() =>
        await OnnxFile.RefusedAsync(
            OnnxRefusalCodes.SparseExternal,
            OnnxFile.Model(g => OnnxFile.Node(g, "Constant", more: n => n.Message(5, a => a.Message(22, s => s.Message(1, t => OnnxFile.External(t, "s", 4, ("location", "w.bin"))))))),
            Weights);

    [Fact]
    public async Task ReadAsync_StringsInAnExternalFile_IsRefused() =>
        await OnnxFile.RefusedAsync(
            OnnxRefusalCodes.Malformed,
            OnnxFile.Model(g => g.Message(5, t => t.Int(1, 1).Int(2, 8).Text(8, "s").Message(13, e => e.Text(1, "location").Text(2, "w.bin")).Int(14, 1))),
            Weights);
}
