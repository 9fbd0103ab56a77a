using System.Text;
using Ops.Runtime.Processing;

namespace Ops.Runtime.Tests.Processing;

public sealed class ProcessingFileTests
{
    [Fact]
    public void Parse_EveryMember_IsRead()
    {
        var options = Parse(
            """
            {"inputs":[{"name":"x:0","kind":"image","width":224,"height":112,"resize":"crop","shortSide":256,"interpolation":"bicubic","padding":7,
                        "color":"BGR","layout":"NHWC","scale":0.5,"mean":[1,2.5,3],"std":[4],"orientation":"ignore","maxBatch":2,"maxPixels":1000,"maxRequestPixels":2000}],
             "outputs":[{"name":"y","softmax":true,"topK":2,"labels":["cat","dog"],"keep":true},{"name":"z","topK":1,"labelsFile":"labels.txt"}]}
            """,
            out var failures);
        Assert.Empty(failures);
        var input = Assert.Single(options!.Inputs);
        Assert.Equal(
            ("x:0", "image", 224, 112, "crop", 256, "bicubic", 7, "BGR", "NHWC", 0.5, "ignore", 2, 1000L, 2000L),
            (input.Name, input.Kind, input.Width, input.Height, input.Resize, input.ShortSide, input.Interpolation, input.Padding, input.Color, input.Layout, input.Scale, input.Orientation, input.MaxBatch, input.MaxPixels, input.MaxRequestPixels));
        Assert.Equal([1, 2.5, 3], input.Mean);
        Assert.Equal([4], input.Std);
        Assert.Equal(("y", true, 2, "cat,dog", true), (options.Outputs[0].Name, options.Outputs[0].Softmax, options.Outputs[0].TopK, string.Join(',', options.Outputs[0].Labels), options.Outputs[0].Keep));
        Assert.Equal("labels.txt", options.Outputs[1].LabelsFile);
    }

    [Fact]
    public void Parse_ManyFaults_NamesThemAll()
    {
        var options = Parse(
            """
            {"input":[],"inputs":[{"name":"x","width":"8","colour":"RGB","resize":"fit","shortSide":3,"scale":0,"mean":[1,2],"std":[0,1,2],"padding":256},{"name":"x"}],
             "outputs":[{"name":"y"},{"name":"z","softmax":1,"topK":-1,"labels":[1]},{"topK":1,"labels":["a"],"labelsFile":"../l.txt"}]}
            """,
            out var failures);
        Assert.Null(options);
        Assert.Equal(
            [
                "Inputs:0 has a member 'colour', which means nothing here.",
                "Inputs:0:Mean must hold one number or 3, one per channel.",
                "Inputs:0:Padding must be from 0 to 255.",
                "Inputs:0:Resize must be stretch or crop or pad.",
                "Inputs:0:Scale must be a number other than 0.",
                "Inputs:0:ShortSide is only for the resize mode crop.",
                "Inputs:0:Std must hold numbers other than 0.",
                "Inputs:0:Width must be a whole number.",
                "Inputs:1:Name repeats the name of another input.",
                "Outputs:0:Softmax or TopK must be asked for, otherwise nothing happens to this output.",
                "Outputs:1:Labels:0 must be text.",
                "Outputs:1:Softmax must be true or false.",
                "Outputs:1:TopK must be from 0 to 10000.",
                "Outputs:2:LabelsFile must be relative, without empty segments, '.' or '..', and no segment may end in a dot or a space.",
                "Outputs:2:LabelsFile must not be given beside Labels.",
                "Outputs:2:Name must be the name of an output of the model.",
                "The file has a member 'input', which means nothing here.",
            ],
            failures.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("", "not valid JSON")]
    [InlineData("[]", "The file must be an object.")]
    [InlineData("{\"inputs\":{}}", "Inputs must be an array.")]
    [InlineData("{\"inputs\":[1]}", "Inputs:0 must be an object.")]
    [InlineData("{\"inputs\":[],\"inputs\":[]}", "not valid JSON")]
    [InlineData("{\"outputs\":[{\"name\":\"\\ud800\"}]}", "Outputs:0:Name must be text.")]
    public void Parse_NotSuchAFile_SaysSo(string json, string failure)
    {
        Assert.Null(Parse(json, out var failures));
        Assert.Contains(failures, f => f.Contains(failure, StringComparison.Ordinal));
    }

    private static ProcessingOptions? Parse(string json, out IReadOnlyList<string> failures) => ProcessingFile.Parse(Encoding.UTF8.GetBytes(json), out failures);
}
