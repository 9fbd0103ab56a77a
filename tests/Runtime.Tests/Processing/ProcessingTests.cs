using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Ops.Runtime.Configuration;
using Ops.Runtime.Processing;
using Ops.Runtime.Tests.Grpc;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Processing;

/// <summary>Versions that declare processing, over real HTTP with real models.</summary>
public sealed class ProcessingTests
{
    private const string Digits =
        """
        {"inputs":[{"name":"input","kind":"image","color":"GRAY","scale":0.0041666666666666669}],
         "outputs":[{"name":"logits","softmax":true,"topK":3,"labelsFile":"labels.txt"}]}
        """;

    private static readonly byte[] Labels = "zero\r\none\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine ✓\n"u8.ToArray();

    [Fact]
    public async Task Infer_ImagesOfDigits_GivesTheirNames()
    {
        using var folder = new TestFolder();
        await using var server = await TestServer.StartAsync([DigitsVersion(folder, Digits)]);
        var (x, y) = TestModels.Samples("digits_cnn");
        var images = Enumerable.Range(0, 16).Select(n => TestImages.GrayPng(8, 8, (column, row) => (byte)Math.Round(x[(n * 64) + (row * 8) + column] * 240))).ToList();
        var (status, body) = await server.PostAsync("/v2/models/digits/infer", Request("input", "[16]", images));
        Assert.Equal(200, status);
        var outputs = body.GetProperty("outputs").EnumerateArray().ToDictionary(o => o.GetProperty("name").GetString()!, o => o);
        Assert.Equal(["logits_scores", "logits_indices", "logits_labels"], outputs.Keys);
        Assert.Equal(["FP32", "INT64", "BYTES"], outputs.Values.Select(o => o.GetProperty("datatype").GetString()));
        Assert.All(outputs.Values, o => Assert.Equal("[16,3]", o.GetProperty("shape").GetRawText()));
        var names = Encoding.UTF8.GetString(Labels).Replace("\r", string.Empty, StringComparison.Ordinal).Split('\n');
        for (var n = 0; n < 16; n++)
        {
            var logits = y.AsSpan(n * 10, 10).ToArray();
            var order = Enumerable.Range(0, 10).OrderByDescending(c => logits[c]).Take(3).ToList();
            var sum = logits.Sum(l => Math.Exp(l - logits.Max()));
            for (var k = 0; k < 3; k++)
            {
                Assert.Equal(order[k], outputs["logits_indices"].GetProperty("data")[(n * 3) + k].GetInt32());
                Assert.Equal(names[order[k]], outputs["logits_labels"].GetProperty("data")[(n * 3) + k].GetString());
                Assert.Equal(Math.Exp(logits[order[k]] - logits.Max()) / sum, outputs["logits_scores"].GetProperty("data")[(n * 3) + k].GetDouble(), 1e-4);
            }
        }
    }

    [Fact]
    public async Task Infer_ImagesInBinary_AreTakenAsTheyAre()
    {
        using var folder = new TestFolder();
        await using var server = await TestServer.StartAsync([Echo(folder, "\"scale\":1")]);
        var images = BinaryRequest.Strings(Convert.FromBase64String(Base64(1)), Convert.FromBase64String(Base64(2)));
        var answer = await server.PostBinaryAsync("/v2/models/echo/infer", $"{{\"inputs\":[{BinaryRequest.Input("x", "BYTES", "[2]", images.Length)}]}}", images);
        Assert.Equal((200, "[1,2]"), (answer.Status, answer.Json.GetProperty("outputs")[0].GetProperty("data").GetRawText()));

        var empty = BinaryRequest.Strings([], Convert.FromBase64String(Base64(2)));
        answer = await server.PostBinaryAsync("/v2/models/echo/infer", $"{{\"inputs\":[{BinaryRequest.Input("x", "BYTES", "[2]", empty.Length)}]}}", empty);
        Assert.Equal(400, answer.Status);
    }

    [Fact]
    public async Task Infer_ImagesOverGrpc_AreTakenAsTheyAre()
    {
        using var folder = new TestFolder();
        await using var server = await TestServer.StartAsync([Echo(folder, "\"scale\":1")], ("GrpcUrls", "http://127.0.0.1:0"));
        using var client = new GrpcClient(server.GrpcUrl!);
        var raw = GrpcClient.Raw<byte>("echo", "x", "BYTES", [2], BinaryRequest.Strings(Convert.FromBase64String(Base64(1)), Convert.FromBase64String(Base64(2))));
        var response = await client.Infer(raw);
        float[] pixels = MemoryMarshal.Cast<byte, float>(response.RawOutputContents[0].Span).ToArray();
        Assert.Equal([1f, 2f], pixels);
    }

    [Fact]
    public async Task Infer_ClassesOfAnOutputWithLabels_HaveThem()
    {
        using var folder = new TestFolder();
        await using var server = await TestServer.StartAsync(
            [DigitsVersion(folder, Digits.Replace("\"topK\":3", "\"topK\":3,\"keep\":true", StringComparison.Ordinal))]);
        var (x, y) = TestModels.Samples("digits_cnn");
        var image = TestImages.GrayPng(8, 8, (column, row) => (byte)Math.Round(x[(row * 8) + column] * 240));
        var (status, body) = await server.PostAsync(
            "/v2/models/digits/infer", Request("input", "[1]", [image])[..^1] + ",\"outputs\":[{\"name\":\"logits\",\"parameters\":{\"classification\":1}}]}");
        Assert.Equal(200, status);
        var best = Array.IndexOf(y, y[..10].Max());
        var name = Encoding.UTF8.GetString(Labels).Replace("\r", string.Empty, StringComparison.Ordinal).Split('\n')[best];
        Assert.EndsWith($":{best}:{name}", body.GetProperty("outputs")[0].GetProperty("data")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metadata_OfAProcessedVersion_IsWhatClientsSendAndGet()
    {
        using var folder = new TestFolder();
        await using var server = await TestServer.StartAsync([DigitsVersion(folder, Digits)]);
        var (_, model) = await server.GetAsync("/v2/models/digits");
        Assert.Equal(
            "[{\"name\":\"input\",\"datatype\":\"BYTES\",\"shape\":[-1],\"parameters\":{\"content_type\":\"image/png, image/jpeg\",\"json_encoding\":\"base64\",\"width\":\"8\",\"height\":\"8\",\"resize\":\"stretch\",\"interpolation\":\"bilinear\",\"color\":\"GRAY\",\"max_batch\":\"64\"}}]",
            model.GetProperty("inputs").GetRawText());
        Assert.Equal(
            "[{\"name\":\"logits_scores\",\"datatype\":\"FP32\",\"shape\":[-1,3]},{\"name\":\"logits_indices\",\"datatype\":\"INT64\",\"shape\":[-1,3]},{\"name\":\"logits_labels\",\"datatype\":\"BYTES\",\"shape\":[-1,3]}]",
            model.GetProperty("outputs").GetRawText());
    }

    [Theory]
    [InlineData("[2]", "[\"{0}\",\"{1}\"]")]
    [InlineData("[2,1]", "[\"{0}\",\"{1}\"]")]
    [InlineData("[2,1]", "[[\"{0}\"],[\"{1}\"]]")]
    public async Task Infer_ImagesInAnyAllowedForm_AreTaken(string shape, string data)
    {
        using var folder = new TestFolder();
        await using var server = await TestServer.StartAsync([Echo(folder, "\"scale\":1")]);
        var filled = data.Replace("{0}", Base64(1), StringComparison.Ordinal).Replace("{1}", Base64(2).Replace("/", "\\/", StringComparison.Ordinal).Replace("+", "\\u002B", StringComparison.Ordinal), StringComparison.Ordinal);
        var (status, body) = await server.PostAsync("/v2/models/echo/infer", $"{{\"inputs\":[{{\"name\":\"x\",\"datatype\":\"BYTES\",\"shape\":{shape},\"data\":{filled}}}]}}");
        Assert.Equal(200, status);
        Assert.Equal("[2,1,1,1]", body.GetProperty("outputs")[0].GetProperty("shape").GetRawText());
        Assert.Equal("[1,2]", body.GetProperty("outputs")[0].GetProperty("data").GetRawText());
    }

    [Theory]
    [InlineData("FP32", "[1]", "[\"AAAA\"]", "datatype BYTES")]
    [InlineData("BYTES", "[1,2]", "[\"AAAA\",\"AAAA\"]", "expects [-1]")]
    [InlineData("BYTES", "[2]", "[\"AAAA\"]", "fewer than the 2")]
    [InlineData("BYTES", "[1]", "[\"AAAA\",\"AAAA\"]", "more than the 1")]
    [InlineData("BYTES", "[1]", "[1]", "Element 0 of input 'x' is not base64")]
    [InlineData("BYTES", "[1]", "[\"%%%%\"]", "Element 0 of input 'x' is not base64")]
    [InlineData("BYTES", "[1]", "[\"AAAA\"]", "Element 0 of input 'x' is neither a PNG nor a JPEG")]
    [InlineData("BYTES", "[1]", "[\"\"]", "Element 0 of input 'x' is neither a PNG nor a JPEG")]
    public async Task Infer_NoSuchImages_Is400(string datatype, string shape, string data, string reason)
    {
        using var folder = new TestFolder();
        await using var server = await TestServer.StartAsync([Echo(folder, "\"scale\":1")]);
        var (status, body) = await server.PostAsync("/v2/models/echo/infer", $"{{\"inputs\":[{{\"name\":\"x\",\"datatype\":\"{datatype}\",\"shape\":{shape},\"data\":{data}}}]}}");
        Assert.Equal(400, status);
        Assert.Contains(reason, body.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Infer_KeptAndSingleOutputs_AreReturnedAsAskedFor()
    {
        using var folder = new TestFolder();
        var version = TestModels.Written(folder.Path, "echo", ("model.onnx", OnnxBuilder.Identity(-1, 3)));
        version.Processing = new ProcessingOptions { Outputs = [new() { Name = "y", Softmax = true, TopK = 2, Keep = true }] };
        await using var server = await TestServer.StartAsync([version]);
        const string inputs = "\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[2,3],\"data\":[0,0,1000, -5,-5,-5]}]";
        var (_, all) = await server.PostAsync("/v2/models/echo/infer", $"{{{inputs}}}");
        Assert.Equal("y:[0,0,1,0.33333334,0.33333334,0.33333334] y_scores:[1,0,0.33333334,0.33333334] y_indices:[2,0,0,1]", Flat(all));
        var (_, some) = await server.PostAsync("/v2/models/echo/infer", $"{{{inputs},\"outputs\":[{{\"name\":\"y_indices\"}},{{\"name\":\"y\"}}]}}");
        Assert.Equal("y_indices:[2,0,0,1] y:[0,0,1,0.33333334,0.33333334,0.33333334]", Flat(some));
        Assert.Equal(400, (await server.PostAsync("/v2/models/echo/infer", $"{{{inputs},\"outputs\":[{{\"name\":\"y_labels\"}}]}}")).Status);
    }

    [Fact]
    public async Task Infer_SoftmaxOrTopKAlone_LeavesTheOtherOut()
    {
        using var folder = new TestFolder();
        var softmax = TestModels.Written(folder.Path, "softmax", ("model.onnx", OnnxBuilder.Identity(-1, 2)));
        softmax.Processing = new ProcessingOptions { Outputs = [new() { Name = "y", Softmax = true }] };
        var best = TestModels.Written(folder.Path, "best", ("model.onnx", OnnxBuilder.Identity(-1, -1)));
        best.Processing = new ProcessingOptions { Outputs = [new() { Name = "y", TopK = 3, Labels = ["a"] }] };
        await using var server = await TestServer.StartAsync([softmax, best]);
        const string body = "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[1,2],\"data\":[7,7]}]}";
        Assert.Equal("y:[0.5,0.5]", Flat((await server.PostAsync("/v2/models/softmax/infer", body)).Body));
        Assert.Equal("y_scores:[7,7] y_indices:[0,1] y_labels:[\"a\",\"\"]", Flat((await server.PostAsync("/v2/models/best/infer", body)).Body));
    }

    public static TheoryData<string, string> BadDeclarations => new()
    {
        { "{\"inputs\":[{\"name\":\"nope\"}]}", "an input 'nope', which the model does not have" },
        { "{\"inputs\":[{\"name\":\"input\"}]}", "its dimension 1 must be 3 for RGB in NCHW, but is 1 in the model" },
        { "{\"inputs\":[{\"name\":\"input\",\"color\":\"GREY\"}]}", "Inputs:0:Color must be RGB or BGR or GRAY" },
        { "{\"outputs\":[{\"name\":\"nope\",\"topK\":1}]}", "an output 'nope', which the model does not have" },
        { "{\"outputs\":[{\"name\":\"logits\",\"topK\":11}]}", "its 10 classes are fewer than the 11" },
        { "{\"outputs\":[{\"name\":\"logits\",\"topK\":1,\"labels\":[\"a\"]}]}", "there are 1 labels for its 10 classes" },
        { "{\"outputs\":[{\"name\":\"logits\",\"topK\":1,\"labelsFile\":\"other.txt\"}]}", "'other.txt' is not among its files" },
        { "not JSON", "processing.json is wrong. It is not valid JSON" },
    };

    [Theory]
    [MemberData(nameof(BadDeclarations))]
    public async Task Load_WrongDeclaration_SaysWhy(string json, string reason)
    {
        using var folder = new TestFolder();
        await using var server = await TestServer.StartAsync([DigitsVersion(folder, json)]);
        var (status, body) = await server.GetAsync("/v2/models/digits/ready");
        Assert.Equal(503, status);
        Assert.Contains(reason, body.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Load_ConfiguredProcessing_ReplacesTheFile()
    {
        using var folder = new TestFolder();
        var version = DigitsVersion(folder, "not JSON");
        version.Processing = new ProcessingOptions { Outputs = [new() { Name = "logits", TopK = 1, LabelsFile = "labels.txt" }] };
        await using var server = await TestServer.StartAsync([version]);
        var (_, model) = await server.GetAsync("/v2/models/digits");
        Assert.Equal("FP32", model.GetProperty("inputs")[0].GetProperty("datatype").GetString());
        Assert.Equal(3, model.GetProperty("outputs").GetArrayLength());
    }

    private static ModelOptions DigitsVersion(TestFolder folder, string processing) => TestModels.Written(
        folder.Path, "digits", ("model.onnx", File.ReadAllBytes(TestModels.Path("digits_cnn.onnx"))), ("processing.json", Encoding.UTF8.GetBytes(processing)), ("labels.txt", Labels));

    private static ModelOptions Echo(TestFolder folder, string members) => TestModels.Written(
        folder.Path, "echo", ("model.onnx", OnnxBuilder.Identity(-1, 1, 1, 1)), ("processing.json", Encoding.UTF8.GetBytes($"{{\"inputs\":[{{\"name\":\"x\",\"color\":\"GRAY\",{members}}}]}}")));

    private static string Request(string input, string shape, IEnumerable<byte[]> images) => JsonSerializer.Serialize(new
    {
        inputs = new[] { new { name = input, datatype = "BYTES", shape = JsonSerializer.Deserialize<int[]>(shape), data = images } },
    });

    private static string Base64(byte gray) => Convert.ToBase64String(TestImages.GrayPng(1, 1, (_, _) => gray));

    private static string Flat(JsonElement body) =>
        string.Join(' ', body.GetProperty("outputs").EnumerateArray().Select(o => $"{o.GetProperty("name").GetString()}:{o.GetProperty("data").GetRawText()}"));
}
