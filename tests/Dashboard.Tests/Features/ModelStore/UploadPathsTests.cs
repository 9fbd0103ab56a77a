using Ops.Dashboard.Features.ModelStore.Uploads;

namespace Ops.Dashboard.Tests.Features.ModelStore;

public sealed class UploadPathsTests
{
    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("\\..\\..\\x")]
    [InlineData("file:///etc/passwd")]
    [InlineData("://x")]
    [InlineData("s3://b/a/../../t2")]
    [InlineData("..%2f..%2fx")]
    [InlineData("%252e%252e%252f")]
    [InlineData("artifact%00")]
    [InlineData("artifact\0")]
    [InlineData("<script>alert(1)</script>.onnx")]
    [InlineData("=cmd()/model.onnx")]
    [InlineData("+1.onnx")]
    [InlineData("-rf")]
    [InlineData("@sum.onnx")]
    [InlineData("model\u202Exnno.exe")]
    [InlineData("mo\u200Bdel.onnx")]
    [InlineData("m\u043Edel.onnx")]
    [InlineData("p\u03B1yload.onnx")]
    [InlineData("\uFF4Dodel.onnx")]
    [InlineData("u\u0308ber.onnx")]
    [InlineData("mo\u00A0del.onnx")]
    [InlineData("mo\ndel.onnx")]
    [InlineData("\uD800.onnx")]
    [InlineData("")]
    [InlineData("/model.onnx")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("./a")]
    [InlineData("a/./b")]
    [InlineData("a/..")]
    [InlineData("C:/model.onnx")]
    [InlineData("a/model.onnx:stream")]
    [InlineData("what?.onnx")]
    [InlineData("con.onnx")]
    [InlineData("a/LPT1")]
    [InlineData(".optimized/model.onnx")]
    [InlineData("a/.Incoming")]
    [InlineData("model.onnx.")]
    [InlineData("model.onnx ")]
    [InlineData(" model.onnx")]
    public void Check_WhatCouldMeanSomethingElse_IsRefused(string path)
    {
        var result = UploadPaths.Check(path);

        Assert.False(result.Succeeded);
        Assert.Equal("files", result.Failure.Field);
        Assert.DoesNotContain(result.Failure.Message, c => char.IsControl(c) || c is '\u202E' or '\u200B');
    }

    [Theory]
    [InlineData("model.onnx")]
    [InlineData("weights/part-00001-of-00002.bin")]
    [InlineData("a/b/c/d.e_f~g (1).onnx")]
    [InlineData("100%.onnx")]
    [InlineData("über.onnx")]
    [InlineData("модель.onnx/файл")]
    [InlineData("模型/数字.onnx")]
    [InlineData(".config")]
    [InlineData("console/x")]
    public void Check_OrdinaryNames_AreTaken(string path)
    {
        // A Cyrillic name with a Latin ending is how Russian file names look.
        var result = UploadPaths.Check(path);

        Assert.True(result.Succeeded, result.Failure?.Message);
    }

    [Fact]
    public void Check_TooLongOrTooDeep_IsRefused()
    {
        Assert.False(UploadPaths.Check(new string('a', UploadPaths.MaxNameBytes + 1)).Succeeded);
        Assert.False(UploadPaths.Check(new string('漢', 86)).Succeeded);
        Assert.False(UploadPaths.Check(string.Join('/', Enumerable.Repeat(new string('a', 200), 3))).Succeeded);
        Assert.False(UploadPaths.Check(string.Join('/', Enumerable.Repeat("a", UploadPaths.MaxDepth + 1))).Succeeded);
        Assert.True(UploadPaths.Check(string.Join('/', Enumerable.Repeat("a", UploadPaths.MaxDepth))).Succeeded);
    }

    [Theory]
    [InlineData("a.onnx", "a.onnx")]
    [InlineData("a.onnx", "A.ONNX")]
    [InlineData("ä.onnx", "Ä.onnx")]
    [InlineData("a", "a/b")]
    [InlineData("x/A", "x/a/b")]
    public void CheckAll_FilesThatCollide_AreRefused(string first, string second) =>
        Assert.False(UploadPaths.CheckAll([first, second]).Succeeded);
}
