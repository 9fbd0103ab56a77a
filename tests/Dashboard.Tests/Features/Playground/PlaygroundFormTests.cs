using Ops.Dashboard.Features.Playground;
using Ops.Dashboard.Features.Registry.Onnx;

namespace Ops.Dashboard.Tests.Features.Playground;

public sealed class PlaygroundFormTests
{
    [Fact]
    public void Of_Digits_GreyPictureOfAFixedSizeAndABatchToChoose()
    {
        var input = PlaygroundForm.Of(Tensor("FP32", null, 1, 8, 8));
        Assert.Equal(new(ChannelsFirst: true, Channels: 1), input.Image);
        Assert.Equal([new("batch", null, 1), new("dimension 2", 1, 1), new("dimension 3", 8, 8), new("dimension 4", 8, 8)], input.Dimensions);
        Assert.Null(input.Problem);
    }

    [Theory]
    [InlineData("FP32", new long[] { -1, 3, 224, 224 }, true, 3)]
    [InlineData("UINT8", new long[] { 1, 299, 299, 3 }, false, 3)]
    [InlineData("FP32", new long[] { -1, 28, 28, 1 }, false, 1)]
    [InlineData("FP16", new long[] { 1, 1, -1, -1 }, true, 1)]
    public void Of_ShapeOfAPicture_KnowsWhereTheChannelsAre(string datatype, long[] shape, bool channelsFirst, int channels) =>
        Assert.Equal(new(channelsFirst, channels), PlaygroundForm.Of(Tensor(datatype, Sizes(shape))).Image);

    [Theory]
    [InlineData("INT64", new long[] { 1, 3, 224, 224 })]
    [InlineData("FP32", new long[] { 1, 2, 8, 8 })]
    [InlineData("FP32", new long[] { 1, 1, 2, 2 })]
    [InlineData("FP32", new long[] { 16, 3, 8, 8 })]
    [InlineData("FP32", new long[] { 3, 8, 8 })]
    public void Of_NotAPicture_NoCanvas(string datatype, long[] shape) => Assert.Null(PlaygroundForm.Of(Tensor(datatype, Sizes(shape))).Image);

    [Fact]
    public void Of_OpenDimensions_UsualSizes()
    {
        Assert.Equal([1, 8], PlaygroundForm.Of(Tensor("INT64", new OnnxDimension(null, "n"), new(null, "sequence_length"))).Dimensions.Select(d => d.Size));
        Assert.Equal([1, 3, 224, 224], PlaygroundForm.Of(Tensor("FP32", new OnnxDimension(null, null), new(3, null), new(null, "h"), new(null, "w"))).Dimensions.Select(d => d.Size));
        Assert.Empty(PlaygroundForm.Of(Tensor("FP32", Array.Empty<OnnxDimension>())).Dimensions);
    }

    [Fact]
    public void Of_WhatTheProtocolCannotCarry_SaysSo()
    {
        Assert.Contains("cannot carry", PlaygroundForm.Of(Tensor("FP32", 1) with { Datatype = null, ElementType = "COMPLEX64" }).Problem, StringComparison.Ordinal);
        Assert.Contains("a sequence", PlaygroundForm.Of(Tensor("FP32", 1) with { Kind = OnnxValueKind.Sequence }).Problem, StringComparison.Ordinal);
        Assert.Contains("which shape", PlaygroundForm.Of(Tensor("FP32", 1) with { Shape = null }).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Curl_Examples_QuotedForTheShellAndWithATokenOnlyWhereAsked()
    {
        Assert.Equal(
            "curl -sS 'http://h/serve/x/v2/models/m/infer' \\\n  -H \"Authorization: Bearer $TOKEN\" \\\n  -H 'Content-Type: application/json' \\\n  --data-binary @request.json",
            CurlCommand.Examples(new("http://h/serve/x"), "m", withToken: true)[^1].Command);
        Assert.Equal("curl -sS 'http://h/serve/x/v2/health/ready'", Assert.Single(CurlCommand.Examples(new("http://h/serve/x"), null, withToken: false)).Command);
        Assert.EndsWith("--data-binary '{\"a\":\"it'\\''s\"}'", CurlCommand.Build(new("http://h/"), "{\"a\":\"it's\"}"), StringComparison.Ordinal);
    }

    private static OnnxDimension[] Sizes(params long[] sizes) => [.. sizes.Select(s => new OnnxDimension(s < 0 ? null : s, null))];

    private static OnnxValueInfo Tensor(string datatype, long? batch, params long[] rest) => Tensor(datatype, [new(batch, batch is null ? "batch" : null), .. Sizes(rest)]);

    private static OnnxValueInfo Tensor(string datatype, params OnnxDimension[] shape) =>
        new() { Name = "x", Kind = OnnxValueKind.Tensor, ElementType = "FLOAT", Datatype = datatype, Shape = shape };
}
