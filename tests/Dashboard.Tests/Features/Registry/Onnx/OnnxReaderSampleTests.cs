using System.Text.Json;
using Ops.Dashboard.Features.Registry.Onnx;

namespace Ops.Dashboard.Tests.Features.Registry.Onnx;

public sealed class OnnxReaderSampleTests
{
    [Theory]
    [InlineData("digits_cnn.onnx")]
    [InlineData("digits_mlp.onnx")]
    public async Task ReadAsync_DigitsModel_GivesItsSignature(string file)
    {
        var info = await OnnxFile.AcceptedAsync(OnnxFile.Sample(file));

        Assert.Equal(17, info.OpsetImports["ai.onnx"]);
        var input = Assert.Single(info.Inputs);
        Assert.Equal(("input", OnnxValueKind.Tensor, "FLOAT", "FP32"), (input.Name, input.Kind, input.ElementType, input.Datatype));
        Assert.Equal([new(null, "batch"), new(1, null), new(8, null), new(8, null)], input.Shape!);
        var output = Assert.Single(info.Outputs);
        Assert.Equal(("logits", "FP32"), (output.Name, output.Datatype));
        Assert.Equal(10, output.Shape![^1].Size);
        Assert.Empty(info.ExternalFiles);
        Assert.Equal(info.NodeCount, info.Operators.Values.Sum());
        // Four bytes per parameter are nearly all of these files.
        Assert.InRange(info.ParameterCount * 4, OnnxFile.Sample(file).Length * 0.9, OnnxFile.Sample(file).Length);
    }

    [Fact]
    public async Task ReadAsync_ExpectedShapes_AgreeWithTheSignature()
    {
        using var expected = JsonDocument.Parse(OnnxFile.Sample("expected.json"));
        foreach (var model in expected.RootElement.EnumerateObject())
        {
            var info = await OnnxFile.AcceptedAsync(OnnxFile.Sample(model.Name + ".onnx"));
            var shape = model.Value.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64()).ToList();
            var dims = info.Inputs.Single(i => i.Name == model.Value.GetProperty("input").GetString()).Shape!;
            Assert.Equal(shape.Count, dims.Count);
            Assert.All(shape.Zip(dims), pair => Assert.True(pair.Second.Size is null || pair.Second.Size == pair.First));
        }
    }

    [Fact]
    public async Task ReadAsync_NineElementTypes_NamesEachForBothSides()
    {
        var info = await OnnxFile.AcceptedAsync(OnnxFile.Sample("dtypes.onnx"));

        Assert.Equal(9, info.Inputs.Count);
        Assert.Equal(9, info.Inputs.Select(i => i.Datatype).Distinct().Count());
        Assert.All(info.Inputs, i => Assert.NotNull(i.Datatype));
        Assert.Contains(info.Inputs, i => (i.ElementType, i.Datatype) == ("FLOAT", "FP32"));
        Assert.Equal(0, info.ParameterCount);
    }

    [Fact]
    public async Task ReadAsync_StreamThatCannotSeek_GivesTheSame()
    {
        var file = OnnxFile.Sample("digits_cnn.onnx");
        var sought = await OnnxFile.AcceptedAsync(file);
        using var stream = new TrickleStream(file, 7);
        var result = await new OnnxReader().ReadAsync(stream, new Dictionary<string, long>(), OnnxReadLimits.Default, TestContext.Current.CancellationToken);
        Assert.Equal(JsonSerializer.Serialize(sought), JsonSerializer.Serialize(result.Info));
    }

    [Fact]
    public async Task Info_ThroughJson_ComesBackWhole()
    {
        var info = await OnnxFile.AcceptedAsync(OnnxFile.Sample("dtypes.onnx"));
        var json = JsonSerializer.Serialize(info);
        var back = JsonSerializer.Deserialize<OnnxModelInfo>(json);
        Assert.Equal(json, JsonSerializer.Serialize(back));
        Assert.Contains("\"Kind\":\"Tensor\"", json, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_AllMetadata_IsKeptAndBounded()
    {
        var info = await OnnxFile.AcceptedAsync(OnnxFile.Model(model: m =>
        {
            m.Text(3, "1.2").Text(4, "org.example").Int(5, 42).Text(6, new string('d', 20_000));
            m.Message(14, e => e.Text(1, "author").Text(2, "Ada\0"));
            for (var i = 0; i < 400; i++)
            {
                m.Message(14, e => e.Text(1, "k" + i).Text(2, "v"));
            }
        }));

        Assert.Equal(("tests", "1.2", "org.example", 42L), (info.ProducerName, info.ProducerVersion, info.Domain, info.ModelVersion));
        Assert.Equal(OnnxReadLimits.Default.MaxTextBytes, info.DocString.Length);
        Assert.Equal("Ada\uFFFD", info.Metadata["author"]);
        Assert.Equal(OnnxReadLimits.Default.MaxMetadataEntries, info.Metadata.Count);
        Assert.True(info.TextTruncated);
    }

    [Fact]
    public async Task ReadAsync_InitializersAlsoListedAsInputs_AreNotInputs()
    {
        var info = await OnnxFile.AcceptedAsync(OnnxFile.Model(g =>
        {
            OnnxFile.Value(g, 11, "late", 2);
            g.Message(5, t => t.Int(1, 2).Int(2, OnnxFile.Float).Text(8, "w").Bytes(9, new byte[8]));
            g.Message(5, t => t.Int(1, 2).Int(2, OnnxFile.Float).Text(8, "late").Bytes(9, new byte[8]));
            OnnxFile.Value(g, 11, "w", 2);
        }));
        Assert.Equal("x", Assert.Single(info.Inputs).Name);
        Assert.Equal(4, info.ParameterCount);
    }

    [Fact]
    public async Task ReadAsync_SubgraphsFunctionsSparseAndExternal_AreAllCounted()
    {
        var info = await OnnxFile.AcceptedAsync(
            OnnxFile.Model(
                g =>
                {
                    OnnxFile.Node(g, "If", more: n => n.Message(5, a => a.Text(1, "then_branch").Message(6, sub =>
                    {
                        OnnxFile.Node(sub, "Abs");
                        sub.Message(5, t => t.Int(1, 3).Int(2, OnnxFile.Float).Bytes(9, new byte[12]));
                    })));
                    OnnxFile.Node(g, "Mine", "org.example");
                    OnnxFile.Node(g, "FusedMatMul", "com.microsoft");
                    g.Message(5, t => OnnxFile.External(t, "w", 10, ("location", "./data/w.bin"), ("offset", "8"), ("length", "40")));
                    g.Message(15, s => s
                        .Message(1, t => t.Int(1, 2).Int(2, OnnxFile.Float).Text(8, "s").Float(4, 1).Float(4, 2))
                        .Message(2, t => t.Int(1, 2).Int(2, 7).Int(7, 0).Int(7, 5))
                        .Int(3, 100));
                },
                m => m.Message(25, f =>
                {
                    f.Text(1, "Mine").Text(10, "org.example");
                    OnnxFile.Node(f, "Neg", field: 7);
                })),
            new() { ["data/w.bin"] = 48 });

        Assert.Equal(3 + 10 + 2, info.ParameterCount);
        Assert.Equal(6, info.NodeCount);
        Assert.Equal(1, info.Operators["com.microsoft:FusedMatMul"]);
        Assert.Equal(1, info.Operators["Neg"]);
        Assert.Equal(["data/w.bin"], info.ExternalFiles);
    }

    [Fact]
    public async Task ReadAsync_ValuesThatAreNotTensors_SayWhatTheyHold()
    {
        var info = await OnnxFile.AcceptedAsync(OnnxFile.Model(g =>
        {
            // A sequence of maps from int64 to float, as scikit-learn's classifiers give.
            g.Message(12, v => v.Text(1, "probabilities").Message(2, t => t.Message(4, s => s.Message(1, inner => inner.Message(5, map => map
                .Int(1, 7).Message(2, e => e.Message(1, tensor => tensor.Int(1, OnnxFile.Float))))))));
            g.Message(12, v => v.Text(1, "untyped"));
            g.Message(12, v => v.Text(1, "anyrank").Message(2, t => t.Message(1, tensor => tensor.Int(1, 14))));
            OnnxFile.Value(g, 12, "anysize", -1);
        }));

        Assert.Equal((OnnxValueKind.Sequence, "FLOAT", null), (info.Outputs[0].Kind, info.Outputs[0].ElementType, info.Outputs[0].Datatype));
        Assert.Equal((OnnxValueKind.Unknown, null), (info.Outputs[1].Kind, info.Outputs[1].ElementType));
        Assert.Equal(("COMPLEX64", null, null), (info.Outputs[2].ElementType, info.Outputs[2].Datatype, info.Outputs[2].Shape));
        Assert.Equal(new OnnxDimension(null, null), info.Outputs[3].Shape![0]);
    }

    [Fact]
    public void FilesBeside_ModelInAFolder_GivesPathsFromThere()
    {
        var files = new Dictionary<string, long> { ["a/m.onnx"] = 1, ["a/m.data"] = 2, ["a/sub/x"] = 3, ["b/y"] = 4, ["z"] = 5 };
        Assert.Equal(new Dictionary<string, long> { ["m.data"] = 2, ["sub/x"] = 3 }, OnnxReader.FilesBeside("a/m.onnx", files));
        Assert.Equal(4, OnnxReader.FilesBeside("z", files).Count);
    }
}
