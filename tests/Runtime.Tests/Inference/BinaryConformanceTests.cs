using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Inference;

/// <summary>The binary tensor data extension over real HTTP.</summary>
public sealed class BinaryConformanceTests(BinaryConformanceTests.Server fixture) : IClassFixture<BinaryConformanceTests.Server>
{
    private const string Types = "/v2/models/types/infer";
    private const string Echo = "/v2/models/echo/infer";

    private TestServer Running => fixture.Running;

    [Fact]
    public async Task Infer_EveryTypeInBinaryBothWays_ComesBackUnchanged()
    {
        var answer = await Running.PostBinaryAsync(
            Types, $"{{\"id\":\"b\",\"parameters\":{{\"binary_data_output\":true}},\"inputs\":[{Inputs()}]}}", [.. EveryType.All.Select(t => t.Bytes)]);
        Assert.Equal((200, "application/octet-stream", "b"), (answer.Status, answer.ContentType, answer.Json.GetProperty("id").GetString()));
        Assert.Equal(EveryType.All.Length, answer.Tensors.Count);
        foreach (var type in EveryType.All)
        {
            Assert.Equal(type.Bytes, answer.Tensors[type.Output]);
        }

        foreach (var output in answer.Json.GetProperty("outputs").EnumerateArray())
        {
            var type = EveryType.All.Single(t => t.Output == output.GetProperty("name").GetString());
            Assert.Equal((type.Name, "[2,2]"), (output.GetProperty("datatype").GetString(), output.GetProperty("shape").GetRawText()));
        }
    }

    [Fact]
    public async Task Infer_EveryTypeInBinary_IsTheSameAsInJson()
    {
        var answer = await Running.PostBinaryAsync(Types, $"{{\"inputs\":[{Inputs()}]}}", [.. EveryType.All.Select(t => t.Bytes)]);
        Assert.Equal((200, "application/json"), (answer.Status, answer.ContentType));
        var outputs = answer.Json.GetProperty("outputs").EnumerateArray().ToDictionary(o => o.GetProperty("name").GetString()!, o => o.GetProperty("data"));
        foreach (var type in EveryType.All)
        {
            using var expected = JsonDocument.Parse(type.Json);
            Assert.True(JsonElement.DeepEquals(expected.RootElement, outputs[type.Output]), $"{type.Name}: {outputs[type.Output].GetRawText()}");
        }
    }

    [Fact]
    public async Task Infer_JsonInBinaryOut_NeedsNoHeader()
    {
        var inputs = string.Join(',', EveryType.All.Select(t => $"{{\"name\":\"{t.Input}\",\"datatype\":\"{t.Name}\",\"shape\":[2,2],\"data\":{t.Json}}}"));
        var outputs = string.Join(',', EveryType.All.Select(t => $"{{\"name\":\"{t.Output}\",\"parameters\":{{\"binary_data\":true}}}}"));
        using var response = await Running.Http.PostAsync(Types, new StringContent($"{{\"inputs\":[{inputs}],\"outputs\":[{outputs}]}}", Encoding.UTF8, "application/json"));
        var answer = await BinaryAnswer.ReadAsync(response);
        Assert.Equal(200, answer.Status);
        Assert.All(EveryType.All, t => Assert.Equal(t.Bytes, answer.Tensors[t.Output]));
    }

    [Fact]
    public async Task Infer_BinaryAndJsonMixed_KeepsTheirOrder()
    {
        const string json = "{\"outputs\":[{\"name\":\"out_b\",\"parameters\":{\"binary_data\":false}},{\"name\":\"out_s\"},{\"name\":\"out_a\"}],\"parameters\":{\"binary_data_output\":true},\"inputs\":["
            + "{\"parameters\":{\"binary_data_size\":6},\"shape\":[1],\"datatype\":\"BYTES\",\"name\":\"s\"},"
            + "{\"name\":\"b\",\"datatype\":\"INT32\",\"shape\":[3],\"data\":[1,2,3]},"
            + "{\"name\":\"a\",\"datatype\":\"FP32\",\"shape\":[2],\"parameters\":{\"binary_data_size\":8}}]}";
        var answer = await Running.PostBinaryAsync(Echo, json, BinaryRequest.Strings([7, 8]), BinaryRequest.Bytes(1f, 2f));
        Assert.Equal(200, answer.Status);
        Assert.Equal(["out_b", "out_s", "out_a"], answer.Json.GetProperty("outputs").EnumerateArray().Select(o => o.GetProperty("name").GetString()));
        Assert.Equal("[1,2,3]", answer.Json.GetProperty("outputs")[0].GetProperty("data").GetRawText());
        Assert.Equal(BinaryRequest.Bytes(1f, 2f), answer.Tensors["out_a"]);
        Assert.Equal([7, 8], Assert.Single(answer.Strings("out_s")));
    }

    [Fact]
    public async Task Infer_EmptyTensors_AreCarried()
    {
        var answer = await PostEchoAsync([], [], []);
        Assert.Equal(200, answer.Status);
        Assert.All(answer.Tensors.Values, Assert.Empty);
    }

    [Fact]
    public async Task Infer_NotFinite_PassesBitByBit()
    {
        var odd = BinaryRequest.Bytes(float.NaN, float.PositiveInfinity, BitConverter.UInt32BitsToSingle(0x7FC12345), -0f);
        Assert.Equal(odd, (await PostEchoAsync(odd, [], [])).Tensors["out_a"]);
    }

    [Fact]
    public void RoundTrip_AnyTensors_IsExact() =>
        Prop.ForAll<float[], int[], byte[][]>((a, b, s) =>
        {
            s = Array.ConvertAll(s, v => v ?? []);
            var answer = PostEchoAsync(BinaryRequest.Bytes(a), BinaryRequest.Bytes(b), s).GetAwaiter().GetResult();
            Assert.Equal(200, answer.Status);
            Assert.Equal(BinaryRequest.Bytes(a), answer.Tensors["out_a"]);
            Assert.Equal(BinaryRequest.Bytes(b), answer.Tensors["out_b"]);
            Assert.Equal(s, answer.Strings("out_s"));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public async Task Infer_ThreeMegabytesInTinyChunks_IsAnswered()
    {
        var numbers = Enumerable.Range(0, 750_000).Select(i => (float)i).ToArray();
        var json = Json(numbers.Length, 0, 0, 0);
        using var content = new TinyChunks(BinaryRequest.Body(json, BinaryRequest.Bytes(numbers)));
        content.Headers.TryAddWithoutValidation(BinaryRequest.Header, json.Length.ToString(CultureInfo.InvariantCulture));
        using var response = await Running.Http.PostAsync(Echo, content);
        var answer = await BinaryAnswer.ReadAsync(response);
        Assert.Equal(200, answer.Status);
        Assert.Equal(numbers, MemoryMarshal.Cast<byte, float>(answer.Tensors["out_a"]).ToArray());
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("x")]
    [InlineData("")]
    [InlineData("1.5")]
    [InlineData("+2")]
    [InlineData("0x10")]
    [InlineData("99999999999999999999")]
    [InlineData("9223372036854775807")]
    [InlineData("100000")]
    [InlineData("0")]
    public async Task Infer_HeadLengthThatIsNone_Is400(string length)
    {
        using var content = BinaryRequest.Content(BinaryRequest.Body(Json(0, 0, 0, 0)), length);
        using var response = await Running.Http.PostAsync(Echo, content);
        Assert.Equal(400, (await BinaryAnswer.ReadAsync(response)).Status);
    }

    [Fact]
    public async Task Infer_HeadLengthBeyondAChunkedBody_Is400()
    {
        using var content = new TinyChunks(BinaryRequest.Body(Json(0, 0, 0, 0)));
        content.Headers.TryAddWithoutValidation(BinaryRequest.Header, "5000");
        using var response = await Running.Http.PostAsync(Echo, content);
        var answer = await BinaryAnswer.ReadAsync(response);
        Assert.Equal(400, answer.Status);
        Assert.Contains("ends before the 5000 bytes", answer.Error, StringComparison.Ordinal);
    }

    public static TheoryData<string, byte[], string> BadTensors => new()
    {
        { Inputs("a", "FP32", "[2]", 4), [0, 0, 0, 0], "contradicts its 2 elements" },
        { Inputs("a", "FP32", "[2]", 12), new byte[12], "contradicts its 2 elements" },
        { Inputs("a", "FP32", "[2]", 7), new byte[7], "contradicts its 2 elements" },
        { Inputs("a", "FP32", "[4611686018427387904]", 0), [], "contradicts" },
        { Inputs("a", "FP32", "[4611686018427387904]", 16), new byte[16], "contradicts" },
        { Inputs("a", "FP32", "[2]", 8), new byte[7], "The body has" },
        { Inputs("a", "FP32", "[2]", 8), new byte[9], "The body has" },
        { Inputs("a", "FP32", "[500000000]", 2000000000), new byte[8], "The body has" },
        { "{\"name\":\"a\",\"datatype\":\"FP32\",\"shape\":[2],\"parameters\":{\"binary_data_size\":-8}}", new byte[8], "whole number" },
        { "{\"name\":\"a\",\"datatype\":\"FP32\",\"shape\":[2],\"parameters\":{\"binary_data_size\":8.5}}", new byte[8], "whole number" },
        { "{\"name\":\"a\",\"datatype\":\"FP32\",\"shape\":[2],\"parameters\":{\"binary_data_size\":\"8\"}}", new byte[8], "whole number" },
        { "{\"name\":\"a\",\"datatype\":\"FP32\",\"shape\":[2],\"parameters\":{\"binary_data_size\":9223372036854775808}}", new byte[8], "whole number" },
        { "{\"name\":\"a\",\"datatype\":\"FP32\",\"shape\":[2],\"data\":[1,2],\"parameters\":{\"binary_data_size\":8}}", new byte[8], "has both" },
        { "{\"name\":\"a\",\"datatype\":\"FP32\",\"shape\":[2],\"parameters\":{\"shared_memory_region\":\"r\"}}", [], "Shared memory" },
        { Inputs("a", "FP32", "[2]", 8) + "," + BinaryRequest.Input("a", "FP32", "[2]", 8), new byte[16], "given twice" },
        { Inputs("s", "BYTES", "[1]", 8), [0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4], "announces 4294967295 bytes" },
        { Inputs("s", "BYTES", "[1]", 8), [5, 0, 0, 0, 1, 2, 3, 4], "announces 5 bytes" },
        { Inputs("s", "BYTES", "[1]", 8), [3, 0, 0, 0, 1, 2, 3, 4], "more than the 1 elements" },
        { Inputs("s", "BYTES", "[2]", 8), [1, 0, 0, 0, 1, 0, 0, 0], "announces 1 bytes; there is room for 0" },
        { Inputs("s", "BYTES", "[2]", 9), [0, 0, 0, 0, 0, 0, 0, 0, 1], "more than the 2 elements" },
        { Inputs("s", "BYTES", "[2]", 8), [0, 0, 0, 0, 1, 0, 0, 0], "announces 1 bytes" },
        { Inputs("s", "BYTES", "[2]", 7), new byte[7], "contradicts" },
        { Inputs("s", "BYTES", "[2000000000]", 8), new byte[8], "contradicts" },
        { Inputs("s", "BYTES", "[0]", 4), new byte[4], "contradicts" },
    };

    [Theory]
    [MemberData(nameof(BadTensors))]
    public async Task Infer_BadTensor_IsRefusedWithTheReason(string inputs, byte[] tensor, string reason)
    {
        var others = string.Join(',', new[] { ("a", "FP32"), ("b", "INT32"), ("s", "BYTES") }.Where(o => !inputs.Contains($"\"{o.Item1}\"", StringComparison.Ordinal)).Select(o => BinaryRequest.Input(o.Item1, o.Item2, "[0]", 0)));
        var answer = await Running.PostBinaryAsync(Echo, $"{{\"inputs\":[{inputs},{others}]}}", tensor);
        Assert.Equal(400, answer.Status);
        Assert.Contains(reason, answer.Error, StringComparison.Ordinal);
        Assert.Equal(200, (await PostEchoAsync([], [], [])).Status);
    }

    [Fact]
    public async Task Infer_ByteThatIsNoBool_IsRefused()
    {
        byte[][] tensors = [.. EveryType.All.Select(t => t.Name == "BOOL" ? [1, 0, 2, 1] : t.Bytes)];
        var answer = await Running.PostBinaryAsync(Types, $"{{\"inputs\":[{Inputs()}]}}", tensors);
        Assert.Equal(400, answer.Status);
        Assert.Contains("Element 2 of input 'bool'", answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Infer_HeaderButNothingBinary_IsAnswered()
    {
        var answer = await Running.PostBinaryAsync(Echo, "{\"inputs\":[{\"name\":\"a\",\"datatype\":\"FP32\",\"shape\":[1],\"data\":[1]},{\"name\":\"b\",\"datatype\":\"INT32\",\"shape\":[0],\"data\":[]},{\"name\":\"s\",\"datatype\":\"BYTES\",\"shape\":[0],\"data\":[]}]}");
        Assert.Equal(200, answer.Status);
    }

    [Theory]
    [InlineData("{\"inputs\":[],\"outputs\":[{\"name\":\"out_a\",\"parameters\":{\"binary_data\":1}}]}", "binary_data must be true or false")]
    [InlineData("{\"inputs\":[],\"parameters\":{\"binary_data_output\":\"yes\"}}", "binary_data_output must be true or false")]
    [InlineData("{\"inputs\":[],\"outputs\":[{\"name\":\"out_a\",\"parameters\":{\"shared_memory_region\":\"x\"}}]}", "Shared memory")]
    public async Task Infer_BadParameter_IsRefusedWithTheReason(string json, string reason)
    {
        var answer = await Running.PostBinaryAsync(Echo, json);
        Assert.Equal(400, answer.Status);
        Assert.Contains(reason, answer.Error, StringComparison.Ordinal);
    }

    private static string Inputs() => string.Join(',', EveryType.All.Select(t => BinaryRequest.Input(t.Input, t.Name, "[2,2]", t.Bytes.Length)));

    private static string Inputs(string name, string type, string shape, long size) => BinaryRequest.Input(name, type, shape, size);

    private static string Json(int a, int b, int s, int stringBytes) =>
        $"{{\"parameters\":{{\"binary_data_output\":true}},\"inputs\":[{BinaryRequest.Input("a", "FP32", $"[{a}]", a * 4)},{BinaryRequest.Input("b", "INT32", $"[{b}]", b * 4)},{BinaryRequest.Input("s", "BYTES", $"[{s}]", stringBytes)}]}}";

    private Task<BinaryAnswer> PostEchoAsync(byte[] a, byte[] b, byte[][] s)
    {
        var strings = BinaryRequest.Strings(s);
        return Running.PostBinaryAsync(Echo, Json(a.Length / 4, b.Length / 4, s.Length, strings.Length), a, b, strings);
    }

    /// <summary>One server for all tests of this class.</summary>
    public sealed class Server : IAsyncLifetime
    {
        private readonly TestFolder folder = new();

        internal TestServer Running { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Running = await TestServer.StartAsync(
            [EveryType.Model(folder), EveryType.Made(folder, "echo", OnnxBuilder.Identity(("a", 1, 1), ("b", 6, 1), ("s", 8, 1)))]);

        public async ValueTask DisposeAsync()
        {
            await Running.DisposeAsync();
            folder.Dispose();
        }
    }
}
