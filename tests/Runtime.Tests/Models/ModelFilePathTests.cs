using Ops.Runtime.Models;

namespace Ops.Runtime.Tests.Models;

public sealed class ModelFilePathTests
{
    [Theory]
    [InlineData("model.onnx")]
    [InlineData("weights/part-1.bin")]
    [InlineData("model 90%.onnx")]
    [InlineData(".hidden")]
    [InlineData("модель.onnx")]
    public void Refuse_PathInsideTheVersion_IsNull(string path) => Assert.Null(ModelFilePath.Refuse(path));

    [Theory]
    [InlineData("")]
    [InlineData("../../etc/passwd")]
    [InlineData("\\..\\..\\x")]
    [InlineData("a/../../x")]
    [InlineData("a/./x")]
    [InlineData("a//x")]
    [InlineData("/etc/passwd")]
    [InlineData("file:///etc/passwd")]
    [InlineData("C:/x")]
    [InlineData("..%2f..%2fx")]
    [InlineData("%252e%252e%252f")]
    [InlineData("artifact%00")]
    [InlineData("artifact\0")]
    [InlineData("a\nb")]
    [InlineData("abc\u202Excod.onnx")]
    [InlineData("trailing. /x")]
    [InlineData("trailing./x")]
    public void Refuse_PathThatCouldLeave_SaysWhy(string path) => Assert.NotNull(ModelFilePath.Refuse(path));

    [Fact]
    public void Refuse_TooLong_SaysWhy() => Assert.NotNull(ModelFilePath.Refuse(new string('a', 513)));
}
