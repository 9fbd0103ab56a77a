using System.Text;
using Ops.Dashboard.Features.Registry.Onnx;

namespace Ops.Dashboard.Tests.Features.Registry.Onnx;

public sealed class OnnxReaderHazardTests
{
    public static TheoryData<string, byte[]> Impostors => new()
    {
        { "pickle", [0x80, 0x02, 0x7D, 0x71, 0x00, 0x2E] },
        { "pickle", [0x80, 0x05, 0x95, 0x0A] },
        { "ZIP", [.. "PK\u0003\u0004"u8, 0, 0, 0, 0] },
        { "HDF5", [0x89, .. "HDF\r\n"u8, 0x1A, 0x0A] },
        { "GGUF", [.. "GGUF"u8, 3, 0, 0, 0] },
        { "safetensors", [20, 0, 0, 0, 0, 0, 0, 0, .. "{\"a\":{}}"u8] },
        { "TensorFlow Lite", [28, 0, 0, 0, .. "TFL3"u8] },
        { ".ort", [28, 0, 0, 0, .. "ORTM"u8] },
        { "git lfs pull", [.. "version https://git-lfs.github.com/spec/v1\n"u8] },
        { "web page", [.. "<!DOCTYPE html>"u8] },
        { "gzip", [0x1F, 0x8B, 8, 0] },
        { "native", [0x7F, .. "ELF"u8, 2, 1] },
    };

    [Theory]
    [MemberData(nameof(Impostors))]
    public async Task ReadAsync_SomethingElseNamedOnnx_SaysWhatItLooksLike(string word, byte[] file) =>
        Assert.Contains(word, await OnnxFile.RefusedAsync(OnnxRefusalCodes.NotOnnx, file), StringComparison.Ordinal);

    [Fact]
    public async Task ReadAsync_EmptyFile_IsRefused() => await OnnxFile.RefusedAsync(OnnxRefusalCodes.Empty, []);

    [Fact]
    public async Task ReadAsync_NoGraph_IsRefused() => await OnnxFile.RefusedAsync(OnnxRefusalCodes.NoGraph, new ProtoWriter().Int(1, 9).ToArray());

    [Fact]
    public async Task ReadAsync_NoOutputs_IsRefused() =>
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.NoOutputs, ProtoWriter.Build(m => m.Int(1, 9).Message(7, g => OnnxFile.Node(g, "Relu")).Message(8, o => o.Int(2, 17))));

    [Fact]
    public async Task ReadAsync_NoFormatVersion_IsRefused() =>
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.NoVersion, ProtoWriter.Build(m => m.Message(7, g => OnnxFile.Value(g, 12, "y")).Message(8, o => o.Int(2, 17))));

    [Fact]
    public async Task ReadAsync_NoOperatorSet_IsRefused() =>
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.NoVersion, ProtoWriter.Build(m => m.Int(1, 9).Message(7, g => OnnxFile.Value(g, 12, "y"))));

    [Fact]
    public async Task ReadAsync_EveryTruncation_IsRefused()
    {
        var file = OnnxFile.Model();
        for (var length = 0; length < file.Length - 1; length++)
        {
            Assert.False((await OnnxFile.ReadAsync(file[..length])).Accepted, $"{length} of {file.Length} bytes were taken.");
        }

        await OnnxFile.RefusedAsync(OnnxRefusalCodes.Truncated, OnnxFile.Sample("digits_cnn.onnx")[..100_000]);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(6)]
    [InlineData(7)]
    public async Task ReadAsync_GroupOrUnknownWireType_IsRefused(int wireType) =>
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.Malformed, OnnxFile.Model(model: m => m.Tag(99, wireType)));

    public static TheoryData<byte[]> BrokenEncodings =>
    [
        // A number of eleven bytes; one of ten bytes that needs 65 bits; field number 0; a tag beyond 32 bits.
        (byte[])[0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
        (byte[])[0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02],
        (byte[])[0x00, 0x01],
        (byte[])[0xFA, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0x00],
        // A negative length; a known field written in the wrong way.
        (byte[])[0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
        (byte[])[0x38, 0x01],
    ];

    [Theory]
    [MemberData(nameof(BrokenEncodings))]
    public async Task ReadAsync_BrokenEncoding_IsRefused(byte[] file) => await OnnxFile.RefusedAsync(OnnxRefusalCodes.Malformed, [.. OnnxFile.Model(), .. file]);

    [Fact]
    public async Task ReadAsync_LengthBeyondTheMessageAround_IsRefused()
    {
        // A graph of four bytes whose name claims a hundred, with enough bytes following in the file.
        var file = ProtoWriter.Build(m => m.Int(1, 9).Bytes(7, [0x12, 100, (byte)'a', (byte)'b']).Text(6, new string('d', 200)));
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.Malformed, file);
    }

    [Fact]
    public async Task ReadAsync_HugeLengthWithoutBytes_IsRefused() =>
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.Truncated, ProtoWriter.Build(m => m.Int(1, 9).Tag(6, 2).Varint(2_000_000_000)));

    [Theory]
    [InlineData(31, true)]
    [InlineData(32, true)]
    [InlineData(33, false)]
    [InlineData(2000, false)]
    public async Task ReadAsync_NestedSubgraphs_StopAtTheLimit(int depth, bool taken)
    {
        var inner = ProtoWriter.Build(g => OnnxFile.Node(g, "Relu"));
        for (var level = 1; level < depth; level++)
        {
            var body = inner;
            inner = ProtoWriter.Build(g => OnnxFile.Node(g, "If", more: n => n.Message(5, a => a.Bytes(6, body))));
        }

        var file = OnnxFile.Model(g => OnnxFile.Node(g, "If", more: n => n.Message(5, a => a.Bytes(6, inner))));
        if (taken)
        {
            Assert.Equal(depth + 2, (await OnnxFile.AcceptedAsync(file)).NodeCount);
        }
        else
        {
            await OnnxFile.RefusedAsync(OnnxRefusalCodes.TooDeep, file);
        }
    }

    [Fact]
    public async Task ReadAsync_NestedTypes_StopAtTheLimit()
    {
        var type = ProtoWriter.Build(t => t.Message(1, tensor => tensor.Int(1, OnnxFile.Float)));
        for (var level = 0; level < 5000; level++)
        {
            var inner = type;
            type = ProtoWriter.Build(t => t.Message(4, s => s.Bytes(1, inner)));
        }

        await OnnxFile.RefusedAsync(OnnxRefusalCodes.TooDeep, OnnxFile.Model(g => g.Message(12, v => v.Text(1, "deep").Bytes(2, type))));
    }

    [Fact]
    public async Task ReadAsync_OverflowingDimensions_IsRefused()
    {
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.Dimensions, OnnxFile.Model(g => OnnxFile.Value(g, 11, "big", 1L << 32, 1L << 32)));
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.Dimensions, OnnxFile.Model(g => OnnxFile.Value(g, 11, "odd", -2)));
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.Dimensions, OnnxFile.Model(g => g.Message(5, t => t.Int(1, 1L << 32).Int(1, 1L << 32).Int(2, OnnxFile.Float))));
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.Dimensions, OnnxFile.Model(g => g.Message(5, t => t.Int(1, -4).Int(2, OnnxFile.Float))));
    }

    [Fact]
    public async Task ReadAsync_PackedDimensions_AreReadLikeUnpackedOnes()
    {
        var info = await OnnxFile.AcceptedAsync(OnnxFile.Model(g => g.Message(5, t => t.Bytes(1, [2, 3]).Int(2, OnnxFile.Float).Text(8, "w").Bytes(9, new byte[24]))));
        Assert.Equal(6, info.ParameterCount);
    }

    [Fact]
    public async Task ReadAsync_ShapeThatPromisesMoreThanIsThere_IsRefused()
    {
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.TensorSize, OnnxFile.Model(g => g.Message(5, t => t.Int(1, 1L << 40).Int(2, OnnxFile.Float).Bytes(9, new byte[16]))));
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.TensorSize, OnnxFile.Model(g => g.Message(5, t => t.Int(1, 1L << 40).Int(2, OnnxFile.Float))));
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.TensorSize, OnnxFile.Model(g => g.Message(5, t => t.Int(1, 3).Int(2, 8).Text(6, "one"))));
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.TensorSize, OnnxFile.Model(g => g.Message(15, s => s.Message(1, t => t.Int(1, 2).Int(2, OnnxFile.Float).Bytes(9, new byte[8])).Int(3, 1))));
    }

    [Fact]
    public async Task ReadAsync_UnknownElementType_IsRefused() =>
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.Malformed, OnnxFile.Model(g => g.Message(5, t => t.Int(1, 1).Int(2, 99))));

    [Fact]
    public async Task ReadAsync_TwoGraphs_AreRefused() =>
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.Malformed, OnnxFile.Model(model: m => m.Message(7, g => OnnxFile.Value(g, 12, "z"))));

    [Fact]
    public async Task ReadAsync_AttributeWithTwoTensors_IsRefused() =>
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.Malformed, OnnxFile.Model(g => OnnxFile.Node(g, "Constant", more: n => n.Message(5, a => a
            .Message(5, t => t.Int(1, 1).Int(2, OnnxFile.Float).Bytes(9, new byte[4]))
            .Message(5, t => t.Int(1, 1).Int(2, OnnxFile.Float).Bytes(9, new byte[4]))))));

    [Fact]
    public async Task ReadAsync_MoreThanTheLimits_IsRefused()
    {
        var file = OnnxFile.Model(g =>
        {
            for (var i = 0; i < 20; i++)
            {
                OnnxFile.Node(g, "Relu");
                g.Message(5, t => t.Int(1, 1).Int(2, OnnxFile.Float).Text(8, "w" + i).Bytes(9, new byte[4]));
                OnnxFile.Value(g, 11, "x" + i, 1);
            }
        });
        foreach (var limits in new OnnxReadLimits[] { new() { MaxNodes = 20 }, new() { MaxTensors = 19 }, new() { MaxValues = 20 }, new() { MaxFields = 50 }, new() { MaxKeptNameBytes = 100 }, new() { MaxNameBytes = 2 } })
        {
            await OnnxFile.RefusedAsync(OnnxRefusalCodes.TooMany, file, limits: limits);
        }
    }

    [Fact]
    public async Task ReadAsync_NameThatIsNotUtf8_IsRefused() =>
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.Malformed, OnnxFile.Model(g => g.Message(12, v => v.Bytes(1, [0xFF, 0xFE]))));

    [Fact]
    public async Task ReadAsync_StreamThatFails_PassesTheFailureOn()
    {
        using var stream = new FailingStream();
        await Assert.ThrowsAsync<IOException>(() => new OnnxReader().ReadAsync(stream, new Dictionary<string, long>(), OnnxReadLimits.Default, CancellationToken.None));
    }

    private sealed class FailingStream : ForwardStream
    {
        protected override int Next(Span<byte> buffer) => throw new IOException("The store is down.");
    }
}
