using Ops.Dashboard.Features.Registry.Compare;
using Ops.Dashboard.Features.Registry.Onnx;
using Ops.Dashboard.Features.Registry.Queries;
using Ops.Dashboard.Tests.Features.Registry.Onnx;

namespace Ops.Dashboard.Tests.Features.Registry.Compare;

public sealed class VersionDiffTests
{
    private static readonly OnnxDimension Batch = new(null, "batch");

    [Fact]
    public void Compare_TheSame_FindsNothing()
    {
        var difference = VersionDiff.Compare(Side(Info(), ("model.onnx", 'a')), Side(Info(), ("model.onnx", 'a')));

        Assert.True(difference.SameBytes);
        Assert.All(difference.Sections, section => Assert.Empty(section.Changes));
        Assert.Empty(difference.Breaks!);
    }

    [Fact]
    public void Compare_Files_TellsAddedRemovedChangedAndMovedApart()
    {
        var from = Side(null, ("a.bin", 'a'), ("b.bin", 'b'), ("c.bin", 'c'), ("old/d.bin", 'd'));
        var to = Side(null, ("a.bin", 'a'), ("b.bin", 'x'), ("e.bin", 'e'), ("new/d.bin", 'd'));

        var files = Section(VersionDiff.Compare(from, to), "Files");

        Assert.Equal(1, files.Same);
        Assert.Equal(["b.bin", "c.bin", "e.bin", "new/d.bin (same bytes)"], files.Changes.Select(c => c.What));
        Assert.Contains("bbbb", files.Changes[0].Before, StringComparison.Ordinal);
        Assert.Contains("xxxx", files.Changes[0].After, StringComparison.Ordinal);
        Assert.Null(files.Changes[1].After);
        Assert.Null(files.Changes[2].Before);
        Assert.Equal(("old/d.bin", "new/d.bin"), (files.Changes[3].Before, files.Changes[3].After));
    }

    [Fact]
    public void Compare_WithoutMetadata_SaysNothingAboutSignatures()
    {
        var difference = VersionDiff.Compare(Side(null, ("a", 'a')), Side(Info(), ("a", 'b')));

        Assert.Null(difference.Breaks);
        Assert.DoesNotContain(difference.Sections, s => s.Title is "Inputs" or "Outputs");
    }

    [Fact]
    public void Compare_ModelFacts_ShowsOldAndNew()
    {
        var before = Info() with { ParameterCount = 4810, OpsetImports = new Dictionary<string, long> { ["ai.onnx"] = 13 }, Operators = new Dictionary<string, long> { ["Gemm"] = 2, ["Relu"] = 1 } };
        var after = Info() with { ParameterCount = 38282, OpsetImports = new Dictionary<string, long> { ["ai.onnx"] = 17 }, Operators = new Dictionary<string, long> { ["Conv"] = 2, ["Relu"] = 1 } };

        var difference = VersionDiff.Compare(Side(before), Side(after));

        Assert.Equal([new("Parameters", "4,810", "38,282"), new("Operator set ai.onnx", "13", "17")], Section(difference, "Model").Changes);
        Assert.Equal([new("Gemm", "2", null), new("Conv", null, "2")], Section(difference, "Operators").Changes);
        Assert.Equal(1, Section(difference, "Operators").Same);
    }

    [Fact]
    public async Task Compare_TheDigitsModels_ClientsGoOn()
    {
        var mlp = await OnnxFile.AcceptedAsync(OnnxFile.Sample("digits_mlp.onnx"));
        var cnn = await OnnxFile.AcceptedAsync(OnnxFile.Sample("digits_cnn.onnx"));

        var difference = VersionDiff.Compare(Side(mlp, ("digits_mlp.onnx", 'a')), Side(cnn, ("digits_cnn.onnx", 'b')));

        Assert.Empty(difference.Breaks!);
        Assert.Empty(Section(difference, "Inputs").Changes);
        Assert.Contains(Section(difference, "Operators").Changes, c => c.What == "Conv" && c.Before is null);
    }

    [Theory]
    [InlineData("more input", "Input mask is new")]
    [InlineData("input gone", "Input input is gone")]
    [InlineData("input type", "Input input was FP32 and is FP16")]
    [InlineData("input fixed", "takes [4, 8]")]
    [InlineData("input rank", "takes [batch, 1, 8]")]
    [InlineData("output gone", "Output logits is gone")]
    [InlineData("output type", "Output logits was FP32 and is INT64")]
    [InlineData("output size", "has [batch, 11]")]
    [InlineData("input sequence", "Input input was FP32 and is sequence of FP32")]
    public void Compare_SignatureThatDoesNotFit_SaysWhatBreaks(string change, string words)
    {
        var info = Info();
        var after = change switch
        {
            "more input" => info with { Inputs = [.. info.Inputs, Value("mask", "BOOL", "BOOL", Batch)] },
            "input gone" => info with { Inputs = [] },
            "input type" => info with { Inputs = [Value("input", "FLOAT16", "FP16", Batch, new(8, null))] },
            "input fixed" => info with { Inputs = [Value("input", "FLOAT", "FP32", new(4, null), new(8, null))] },
            "input rank" => info with { Inputs = [Value("input", "FLOAT", "FP32", Batch, new(1, null), new(8, null))] },
            "output gone" => info with { Outputs = [] },
            "output type" => info with { Outputs = [Value("logits", "INT64", "INT64", Batch, new(10, null))] },
            "output size" => info with { Outputs = [Value("logits", "FLOAT", "FP32", Batch, new(11, null))] },
            _ => info with { Inputs = [Value("input", "FLOAT", "FP32", Batch, new(8, null)) with { Kind = OnnxValueKind.Sequence }] },
        };

        var breaks = VersionDiff.Compare(Side(info), Side(after)).Breaks!;

        Assert.Contains(words, Assert.Single(breaks), StringComparison.Ordinal);
    }

    [Fact]
    public void Compare_MoreOutputsAndWiderInputs_ClientsGoOn()
    {
        var before = Info() with { Inputs = [Value("input", "FLOAT", "FP32", new OnnxDimension(4, null), new(8, null))] };
        var after = Info() with { Outputs = [.. Info().Outputs, Value("embedding", "FLOAT", "FP32", Batch, new(64, null))] };

        Assert.Empty(VersionDiff.Compare(Side(before), Side(after)).Breaks!);
        Assert.NotEmpty(VersionDiff.Compare(Side(after), Side(before)).Breaks!);
    }

    private static DiffSection Section(VersionDifference difference, string title) => difference.Sections.Single(s => s.Title == title);

    private static VersionSide Side(OnnxModelInfo? info, params (string Path, char Hash)[] files) =>
        new("onnx", [.. files.Select(f => new FileView(f.Path, 100, new string(f.Hash, 64)))], info);

    private static OnnxValueInfo Value(string name, string element, string datatype, params OnnxDimension[] shape) =>
        new() { Name = name, Kind = OnnxValueKind.Tensor, ElementType = element, Datatype = datatype, Shape = shape };

    private static OnnxModelInfo Info() => new()
    {
        IrVersion = 8,
        OpsetImports = new Dictionary<string, long> { ["ai.onnx"] = 17 },
        ProducerName = "pytorch",
        ProducerVersion = "1.13",
        Domain = "",
        ModelVersion = 0,
        DocString = "",
        Metadata = new Dictionary<string, string>(),
        TextTruncated = false,
        GraphName = "main",
        Inputs = [Value("input", "FLOAT", "FP32", Batch, new(8, null))],
        Outputs = [Value("logits", "FLOAT", "FP32", Batch, new(10, null))],
        ParameterCount = 10,
        NodeCount = 3,
        Operators = new Dictionary<string, long>(),
        ExternalFiles = [],
    };
}
