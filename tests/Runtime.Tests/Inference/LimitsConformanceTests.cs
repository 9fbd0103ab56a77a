using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Ops.Runtime.Inference;
using Ops.Runtime.OnnxRuntime;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Inference;

/// <summary>What a request may ask for and hold.</summary>
public sealed class LimitsConformanceTests : IDisposable
{
    private const string Path = "/v2/models/echo/infer";
    private readonly TestFolder folder = new();

    [Fact]
    public async Task Infer_TensorOverTheLimit_Is413InJsonAndBinary()
    {
        await using var server = await StartAsync(("MaxTensorBytes", "4096"));
        Assert.Equal(200, (await server.PostAsync(Path, Json(1024))).Status);
        var (status, body) = await server.PostAsync(Path, Json(1025));
        Assert.Equal(413, status);
        Assert.Contains("larger than 4096 bytes", body.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(413, (await server.PostBinaryAsync(Path, $"{{\"inputs\":[{BinaryRequest.Input("a", "FP32", "[1025]", 4100)}]}}", new byte[4100])).Status);
    }

    [Fact]
    public async Task Infer_ChunkedBinaryThatAnnouncesTooMuch_Is413BeforeMemoryIsTaken()
    {
        await using var server = await StartAsync(("MaxRequestBytes", "100000"));
        var json = $"{{\"inputs\":[{BinaryRequest.Input("a", "FP32", "[400000000]", 1600000000)}]}}";
        using var content = new TinyChunks(Encoding.UTF8.GetBytes(json));
        content.Headers.TryAddWithoutValidation(BinaryRequest.Header, json.Length.ToString(CultureInfo.InvariantCulture));
        using var response = await server.Http.PostAsync(Path, content);
        Assert.Equal(413, (int)response.StatusCode);
    }

    [Fact]
    public async Task Infer_MemoryHeldByOthers_Is503WithRetryAfterBeforeTheBodyIsRead()
    {
        await using var server = await StartAsync(("MaxRequestBytes", "1000000"), ("MaxBytesInFlight", "1500000"));
        var budget = server.Services.GetRequiredService<MemoryBudget>();
        using var first = await OpenAsync(server);
        await first.SendAsync(Encoding.ASCII.GetBytes($"POST {Path} HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n{{"));
        await Eventually.TrueAsync(() => budget.InUse >= 900_000, "the first body to be counted");

        using var second = await OpenAsync(server);
        await second.SendAsync(Encoding.ASCII.GetBytes($"POST {Path} HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n"));
        var answer = await ReadAsync(second, "\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 503 ", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nRetry-After: 1\r\n", answer, StringComparison.OrdinalIgnoreCase);

        first.Close();
        await Eventually.TrueAsync(() => budget.InUse == 0, "the first body to be given back");
        Assert.Equal(200, (await server.PostAsync(Path, Json(10))).Status);
    }

    [Fact]
    public async Task Infer_MoreThanAllMayHold_Is413()
    {
        await using var server = await StartAsync(("MaxRequestBytes", "100000"), ("MaxBytesInFlight", "100000"));
        Assert.Equal(413, (await server.PostAsync(Path, Json(24_000))).Status);
        Assert.Equal(0, server.Services.GetRequiredService<MemoryBudget>().InUse);
    }

    [Fact]
    public async Task Infer_BodyOverTheLimit_IsAnsweredToAClientThatSendsEverythingFirst()
    {
        await using var server = await StartAsync(("MaxRequestBytes", "100000"));
        using var socket = await OpenAsync(server);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"POST {Path} HTTP/1.1\r\nHost: x\r\nContent-Length: 190000\r\n\r\n"));
        await socket.SendAsync(new byte[190_000]);
        Assert.StartsWith("HTTP/1.1 413 ", await ReadAsync(socket, "}"), StringComparison.Ordinal);
        // The connection is still good, so nothing was cut off.
        await socket.SendAsync("GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        Assert.StartsWith("HTTP/1.1 200 ", await ReadAsync(socket, "}"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(31, 200)]
    [InlineData(32, 400)]
    [InlineData(100_000, 400)]
    public async Task Infer_DeepJson_IsRefused(int depth, int status)
    {
        await using var server = await StartAsync();
        var deep = new string('[', depth) + new string(']', depth);
        Assert.Equal(status, (await server.PostAsync(Path, $"{{\"x\":{deep},{Json(1)[1..]}")).Status);
    }

    [Fact]
    public async Task Infer_ManyInputs_AreRefusedAtTheFirstThatIsTooMany()
    {
        await using var server = await StartAsync();
        var input = "{\"name\":\"a\",\"datatype\":\"FP32\",\"shape\":[1],\"data\":[1]}";
        Assert.Equal(400, (await server.PostAsync(Path, $"{{\"inputs\":[{string.Join(',', Enumerable.Repeat(input, 10_000))}]}}")).Status);
    }

    [Fact]
    public async Task Request_HeadTooLarge_Is431()
    {
        await using var server = await StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = new StringContent("{}") };
        request.Headers.TryAddWithoutValidation("X-Large", new string('x', 40_000));
        using var response = await server.Http.SendAsync(request);
        Assert.Equal(431, (int)response.StatusCode);
    }

    [Fact]
    public void Budget_ThatIsGivenBack_IsThereAgain()
    {
        var budget = new MemoryBudget(100, 100);
        var input = new OrtTensorInfo("x", OrtElementType.Float32, [-1]);
        using (var memory = budget.Open())
        {
            memory.GrowBodyTo(40);
            memory.GrowBodyTo(20);
            Assert.Equal(5, memory.TakeTensor(input, 5));
            Assert.Equal(60, budget.InUse);
            memory.ReturnBody();
            Assert.Equal(20, budget.InUse);
            using var tensor = OrtTensor.Allocate(OrtElementType.Int64, [3]);
            memory.AddOutputs([OutputView.Of(tensor)]);
            Assert.Equal(44, budget.InUse);
            using var other = budget.Open();
            Assert.Equal(503, Assert.Throws<ProtocolException>(() => other.GrowBodyTo(90)).Status);
            Assert.Equal(413, Assert.Throws<ProtocolException>(() => memory.GrowBodyTo(90)).Status);
            Assert.Equal(413, Assert.Throws<ProtocolException>(() => memory.TakeTensor(input, long.MaxValue)).Status);
        }

        Assert.Equal(0, budget.InUse);
    }

    public void Dispose() => folder.Dispose();

    private static string Json(int count) => $"{{\"inputs\":[{{\"name\":\"a\",\"datatype\":\"FP32\",\"shape\":[{count}],\"data\":[{string.Join(',', Enumerable.Repeat('1', count))}]}}]}}";

    private static async Task<Socket> OpenAsync(TestServer server)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server.Http.BaseAddress!.Host, server.Http.BaseAddress.Port);
        return socket;
    }

    private static async Task<string> ReadAsync(Socket socket, string until)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (!text.ToString().Contains(until, StringComparison.Ordinal))
        {
            var read = await socket.ReceiveAsync(buffer, patience.Token);
            Assert.NotEqual(0, read);
            text.Append(Encoding.UTF8.GetString(buffer, 0, read));
        }

        return text.ToString();
    }

    private Task<TestServer> StartAsync(params (string, string)[] settings) =>
        TestServer.StartAsync([EveryType.Made(folder, "echo", OnnxBuilder.Identity(("a", 1, 1)))], settings);
}
