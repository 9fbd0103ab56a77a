using System.Net;
using System.Text;
using System.Text.Json;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Inference;

/// <summary>Inference over real HTTP with real models.</summary>
public sealed class InferTests(InferTests.Server fixture) : IClassFixture<InferTests.Server>
{
    private const string OneImage = "\"datatype\":\"FP32\",\"shape\":[1,1,8,8]";
    private static readonly string Zeros = string.Join(',', Enumerable.Repeat("0", 64));

    private TestServer Running => fixture.Running;

    [Theory]
    [InlineData("digits_mlp", "/v2/models/digits/versions/3/infer")]
    [InlineData("digits_cnn", "/v2/models/digits/versions/10/infer")]
    [InlineData("digits_cnn", "/v2/models/digits/infer")]
    public async Task Infer_KnownImages_GivesTheKnownLogits(string model, string path)
    {
        var (x, y) = TestModels.Samples(model);
        var (status, body) = await Running.PostAsync(path, $"{{\"id\":\"seven\",\"inputs\":[{{\"name\":\"input\",\"datatype\":\"FP32\",\"shape\":[16,1,8,8],\"data\":{JsonSerializer.Serialize(x)}}}]}}");
        Assert.Equal(200, status);
        Assert.Equal("seven", body.GetProperty("id").GetString());
        Assert.Equal("digits", body.GetProperty("model_name").GetString());
        var output = Assert.Single(body.GetProperty("outputs").EnumerateArray());
        Assert.Equal("logits", output.GetProperty("name").GetString());
        Assert.Equal("[16,10]", output.GetProperty("shape").GetRawText());
        var logits = output.GetProperty("data").EnumerateArray().Select(e => e.GetSingle()).ToList();
        Assert.Equal(y.Length, logits.Count);
        Assert.All(logits.Zip(y), p => Assert.Equal(p.Second, p.First, 1e-4f));
    }

    [Fact]
    public async Task Infer_AllElementTypes_ComeBackUnchanged()
    {
        var (status, body) = await Running.PostAsync("/v2/models/dtypes/infer", $"{{\"inputs\":[{AllTypes()}]}}");
        Assert.Equal(200, status);
        var outputs = body.GetProperty("outputs").EnumerateArray().ToDictionary(o => o.GetProperty("name").GetString()!, o => o);
        Assert.Equal(10, outputs.Count);
        foreach (var (name, type, data) in Elements)
        {
            var output = outputs["out_" + name];
            Assert.Equal(type, output.GetProperty("datatype").GetString());
            Assert.Equal("[2,2]", output.GetProperty("shape").GetRawText());
            using var expected = JsonDocument.Parse(data);
            Assert.True(JsonElement.DeepEquals(expected.RootElement, output.GetProperty("data")), $"{name}: {output.GetProperty("data").GetRawText()}");
        }

        Assert.Equal("[2,2]", outputs["f32_shape"].GetProperty("data").GetRawText());
    }

    [Fact]
    public async Task Infer_SomeOutputs_ReturnsThoseInTheOrderAskedFor()
    {
        var (status, body) = await Running.PostAsync("/v2/models/dtypes/infer", $"{{\"outputs\":[{{\"name\":\"out_str\"}},{{\"name\":\"f32_shape\"}}],\"inputs\":[{AllTypes()}]}}");
        Assert.Equal(200, status);
        Assert.Equal(["out_str", "f32_shape"], body.GetProperty("outputs").EnumerateArray().Select(o => o.GetProperty("name").GetString()));
        Assert.False(body.TryGetProperty("id", out _));
    }

    [Fact]
    public async Task Infer_DataBeforeItsDescription_IsRead()
    {
        var (status, _) = await Running.PostAsync("/v2/models/digits/infer", $"{{\"inputs\":[{{\"data\":[{Zeros}],\"parameters\":{{\"any\":[1]}},{OneImage},\"name\":\"input\"}}],\"parameters\":{{\"x\":{{}}}},\"unknown\":[[1]]}}");
        Assert.Equal(200, status);
    }

    [Fact]
    public async Task Infer_EmptyBatch_GivesAnEmptyOutput()
    {
        var (status, body) = await Running.PostAsync("/v2/models/digits/versions/3/infer", "{\"inputs\":[{\"name\":\"input\",\"datatype\":\"FP32\",\"shape\":[0,1,8,8],\"data\":[]}]}");
        Assert.Equal(200, status);
        Assert.Equal("[]", body.GetProperty("outputs")[0].GetProperty("data").GetRawText());
    }

    [Fact]
    public async Task Infer_LargeTensor_ComesBackWhole()
    {
        const int rows = 60_000;
        var numbers = string.Join(',', Enumerable.Range(0, rows * 2));
        var others = string.Join(',', Elements.Where(e => e.Name != "i32").Select(e => Tensor(e.Name, e.Type, "[2,2]", e.Data)));
        var (status, body) = await Running.PostAsync(
            "/v2/models/dtypes/infer", $"{{\"outputs\":[{{\"name\":\"out_i32\"}}],\"inputs\":[{others},{Tensor("i32", "INT32", $"[{rows},2]", $"[{numbers}]")}]}}");
        Assert.Equal(200, status);
        Assert.Equal($"[{numbers}]", body.GetProperty("outputs")[0].GetProperty("data").GetRawText());
    }

    public static TheoryData<string, string> BadBodies => new()
    {
        { "", "not valid JSON" },
        { "[]", "must be an object" },
        { "{\"inputs\":[]", "not valid JSON" },
        { "{\"inputs\":[]} x", "not valid JSON" },
        { "{}", "'input' is missing" },
        { "{\"inputs\":{}}", "must be an array" },
        { "{\"inputs\":[1]}", "must be an object" },
        { "{\"inputs\":[{\"name\":\"input\"}]}", "needs a name" },
        { $"{{\"inputs\":[{{\"name\":\"other\",{OneImage},\"data\":[{Zeros}]}}]}}", "no input 'other'" },
        { $"{{\"inputs\":[{{\"name\":1,{OneImage},\"data\":[{Zeros}]}}]}}", "must be a string" },
        { $"{{\"inputs\":[{{\"name\":\"input\",\"datatype\":\"FP64\",\"shape\":[1,1,8,8],\"data\":[{Zeros}]}}]}}", "datatype FP32" },
        { $"{{\"inputs\":[{{\"name\":\"input\",\"datatype\":\"FP32\",\"shape\":[1,64],\"data\":[{Zeros}]}}]}}", "expects [-1,1,8,8]" },
        { $"{{\"inputs\":[{{\"name\":\"input\",\"datatype\":\"FP32\",\"shape\":[-1,1,8,8],\"data\":[{Zeros}]}}]}}", "at least 0" },
        { $"{{\"inputs\":[{{\"name\":\"input\",\"datatype\":\"FP32\",\"shape\":[1.5,1,8,8],\"data\":[{Zeros}]}}]}}", "whole numbers" },
        { $"{{\"inputs\":[{{\"name\":\"input\",\"datatype\":\"FP32\",\"shape\":[9223372036854775807,1,8,8],\"data\":[{Zeros}]}}]}}", "too large" },
        { $"{{\"inputs\":[{{\"name\":\"input\",\"datatype\":\"FP32\",\"shape\":[100000000,1,8,8],\"data\":[{Zeros}]}}]}}", "fewer than" },
        { $"{{\"inputs\":[{{\"name\":\"input\",\"datatype\":\"FP32\",\"shape\":[2,1,8,8],\"data\":[{Zeros}]}}]}}", "fewer than" },
        { $"{{\"inputs\":[{{\"name\":\"input\",{OneImage},\"data\":[{Zeros},0]}}]}}", "more than" },
        { $"{{\"inputs\":[{{\"name\":\"input\",{OneImage},\"data\":[NaN,{Zeros[2..]}]}}]}}", "not valid JSON" },
        { $"{{\"inputs\":[{{\"name\":\"input\",{OneImage},\"data\":[1e999,{Zeros[2..]}]}}]}}", "Element 0" },
        { $"{{\"inputs\":[{{\"name\":\"input\",{OneImage},\"data\":[{Zeros}]}},{{\"name\":\"input\",{OneImage},\"data\":[{Zeros}]}}]}}", "given twice" },
        { $"{{\"inputs\":[{{\"name\":\"input\",{OneImage},\"data\":[{Zeros}],\"data\":[{Zeros}]}}]}}", "given twice" },
        { $"{{\"inputs\":[{{\"name\":\"input\",{OneImage},\"data\":[{Zeros}]}}],\"outputs\":[{{\"name\":\"nope\"}}]}}", "no output 'nope'" },
        { $"{{\"inputs\":[{{\"name\":\"input\",{OneImage},\"data\":[{Zeros}]}}],\"outputs\":[{{\"name\":\"logits\"}},{{\"name\":\"logits\"}}]}}", "asked for twice" },
        { $"{{\"inputs\":[{{\"name\":\"input\",{OneImage},\"parameters\":{{\"binary_data_size\":4}}}}]}}", "needs the header" },
        { $"{{\"inputs\":[{{\"name\":\"input\",{OneImage},\"data\":[{Zeros}]}}],\"outputs\":[{{\"name\":\"logits\",\"parameters\":{{\"classification\":-2}}}}]}}", "classification must be" },
        { $"{{\"id\":1,\"inputs\":[]}}", "id must be a string" },
        { $"{{\"id\":\"\\ud800\",\"inputs\":[]}}", "not valid Unicode" },
        { new string('[', 40), "must be an object" },
        { "{\"x\":" + new string('[', 5000) + new string(']', 5000) + "}", "nested deeper" },
    };

    [Theory]
    [MemberData(nameof(BadBodies))]
    public async Task Infer_BadBody_IsRefusedWithTheReason(string body, string reason)
    {
        var (status, answer) = await Running.PostAsync("/v2/models/digits/infer", body);
        Assert.Equal(400, status);
        Assert.Contains(reason, answer.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v2/models/none/infer")]
    [InlineData("/v2/models/digits/versions/4/infer")]
    [InlineData("/v2/models/..%2fdigits/infer")]
    public async Task Infer_UnknownModel_Is404(string path)
    {
        var (status, answer) = await Running.PostAsync(path, "{}");
        Assert.Equal(404, status);
        Assert.NotEmpty(answer.GetProperty("error").GetString()!);
    }

    [Fact]
    public async Task Infer_BodyOverTheLimit_Is413()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/models/digits/infer") { Content = new ByteArrayContent(new byte[4 * 1024 * 1024]) };
        // So that the client hears of the refusal before it sends the body, instead of a closed connection.
        request.Headers.ExpectContinue = true;
        using var response = await Running.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("larger than 3000000 bytes", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Infer_ChunkedBodyOverTheLimit_Is413()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/models/digits/infer") { Content = new TinyChunks(new byte[3_000_006]) };
        using var response = await Running.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task Infer_BodyInTinyChunks_IsAnswered()
    {
        var body = $"{{\"inputs\":[{{\"name\":\"input\",{OneImage},\"data\":[{Zeros}]}}],\"x\":\"{new string('a', 200_000)}\"}}";
        using var response = await Running.Http.PostAsync("/v2/models/digits/infer", new TinyChunks(Encoding.UTF8.GetBytes(body)));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("Content-Encoding", "gzip", 415)]
    public async Task Infer_EncodingThatIsNotServed_IsRefused(string header, string value, int status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/models/digits/infer") { Content = new StringContent("{}") };
        if (!request.Headers.TryAddWithoutValidation(header, value))
        {
            request.Content.Headers.TryAddWithoutValidation(header, value);
        }

        using var response = await Running.Http.SendAsync(request);
        Assert.Equal(status, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("my-id.1", true)]
    [InlineData("bad id", false)]
    [InlineData("x123456789012345678901234567890123456789012345678901234567890123456789", false)]
    public async Task Request_WithAnId_GetsItBackOnlyWhenHarmless(string id, bool kept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v2/models/none");
        request.Headers.TryAddWithoutValidation("X-Request-Id", id);
        using var response = await Running.Http.SendAsync(request);
        var answered = Assert.Single(response.Headers.GetValues("X-Request-Id"));
        Assert.Equal(kept, answered == id);
    }

    [Theory]
    [InlineData("GET", "/nothing", 404)]
    [InlineData("GET", "/v2/models/digits/infer", 405)]
    [InlineData("POST", "/v2/health/live", 405)]
    public async Task Request_ToNowhere_GetsAnErrorInTheProtocolsForm(string method, string path, int status)
    {
        using var response = await Running.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
        Assert.Equal(status, (int)response.StatusCode);
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.NotEmpty(body.RootElement.GetProperty("error").GetString()!);
    }

    [Fact]
    public async Task Metadata_OfServerAndModels_SaysWhatThereIs()
    {
        Assert.Equal("ops-runtime", (await Running.GetAsync("/v2")).Body.GetProperty("name").GetString());
        Assert.True((await Running.GetAsync("/v2/health/live")).Body.GetProperty("live").GetBoolean());
        Assert.True((await Running.GetAsync("/v2/health/ready")).Body.GetProperty("ready").GetBoolean());
        Assert.True((await Running.GetAsync("/v2/models/digits/versions/3/ready")).Body.GetProperty("ready").GetBoolean());
        var (_, model) = await Running.GetAsync("/v2/models/digits");
        Assert.Equal(
            "{\"name\":\"digits\",\"versions\":[\"10\",\"3\"],\"platform\":\"onnxruntime_onnx\",\"inputs\":[{\"name\":\"input\",\"datatype\":\"FP32\",\"shape\":[-1,1,8,8]}],\"outputs\":[{\"name\":\"logits\",\"datatype\":\"FP32\",\"shape\":[-1,10]}]",
            model.GetRawText()[..model.GetRawText().IndexOf(",\"parameters\"", StringComparison.Ordinal)]);
        Assert.Equal(404, (await Running.GetAsync("/v2/models/digits/versions/9/ready")).Status);
    }

    private static readonly (string Name, string Type, string Data)[] Elements =
    [
        ("f16", "FP16", "[0.5,-65504,0.25,1]"),
        ("f32", "FP32", "[1.5,-3.4028235E+38,1E-45,0.1]"),
        ("f64", "FP64", "[0.1,-1.7976931348623157E+308,5E-324,3]"),
        ("i8", "INT8", "[-128,127,0,1]"),
        ("u8", "UINT8", "[0,255,1,2]"),
        ("i32", "INT32", "[-2147483648,2147483647,0,1]"),
        ("i64", "INT64", "[-9223372036854775808,9223372036854775807,0,1]"),
        ("bool", "BOOL", "[true,false,false,true]"),
        ("str", "BYTES", "[\"\",\"héllo ✓ 😀\",\"a\\\"b\\\\c\\n\",\"<script>\"]"),
    ];

    private static string AllTypes() =>
        string.Join(',', Elements.Select(e => Tensor(e.Name, e.Type, "[2,2]", e.Data)));

    private static string Tensor(string name, string type, string shape, string data) =>
        $"{{\"name\":\"in_{name}\",\"datatype\":\"{type}\",\"shape\":{shape},\"data\":{data}}}";

    /// <summary>One server for all tests of this class.</summary>
    public sealed class Server : IAsyncLifetime
    {
        internal TestServer Running { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Running = await TestServer.StartAsync(
            [TestModels.Digits("3"), TestModels.Digits("10", "digits_cnn"), TestModels.Options("dtypes", "1", TestModels.FileOptions(TestModels.Path("dtypes.onnx")))],
            ("MaxRequestBytes", "3000000"));

        public ValueTask DisposeAsync() => Running.DisposeAsync();
    }
}
