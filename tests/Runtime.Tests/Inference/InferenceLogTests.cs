using System.Text;
using System.Text.Json;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Inference;

/// <summary>What the log says about a request, as whoever collects logs reads it.</summary>
public sealed class InferenceLogTests
{
    private const string TraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    [Fact]
    public async Task Infer_AnyRequest_LeavesALineWithEverythingAboutIt()
    {
        using var folder = new TestFolder();
        var file = folder.File("runtime.log");
        await using var server = await TestServer.StartAsync([TestModels.Digits()], ("LogFile", file), ("Logging:LogLevel:Ops.Runtime.Inference", "Debug"));
        var zeros = string.Join(',', Enumerable.Repeat('0', 64));
        await PostAsync(server, $"{{\"inputs\":[{{\"name\":\"input\",\"datatype\":\"FP32\",\"shape\":[1,1,8,8],\"data\":[{zeros}]}}]}}", "traced", TraceParent);
        await PostAsync(server, "{}", "refused", TraceParent);
        await PostAsync(server, "{}", "alone", null);

        await Eventually.TrueAsync(() => Lines(file).Count(l => l.GetProperty("EventId").GetInt32() == 3000) == 3, "the lines of three requests");
        var answered = Lines(file).Where(l => l.GetProperty("EventId").GetInt32() == 3000).Select(l => l.GetProperty("State")).ToDictionary(s => s.GetProperty("RequestId").GetString()!);
        Assert.Equal("digits", answered["traced"].GetProperty("Model").GetString());
        Assert.Equal("3", answered["traced"].GetProperty("Version").GetString());
        Assert.Equal(200, answered["traced"].GetProperty("Status").GetInt32());
        Assert.Equal(400, answered["refused"].GetProperty("Status").GetInt32());
        Assert.All(answered.Values, s => Assert.True(s.GetProperty("Milliseconds").GetDouble() > 0));
        Assert.Equal("4bf92f3577b34da6a3ce929d0e0e4736", answered["traced"].GetProperty("TraceId").GetString());
        Assert.Equal(JsonValueKind.Null, answered["alone"].GetProperty("TraceId").ValueKind);

        var refusal = Lines(file).Single(l => l.GetProperty("EventId").GetInt32() == 3001 && l.GetProperty("State").GetProperty("RequestId").GetString() == "refused").GetProperty("State");
        Assert.Equal("4bf92f3577b34da6a3ce929d0e0e4736", refusal.GetProperty("TraceId").GetString());
        Assert.Contains("missing", refusal.GetProperty("Reason").GetString(), StringComparison.Ordinal);
    }

    private static async Task PostAsync(TestServer server, string body, string id, string? traceParent)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/models/digits/infer") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("X-Request-Id", id);
        if (traceParent is not null)
        {
            request.Headers.Add("traceparent", traceParent);
        }

        (await server.Http.SendAsync(request)).Dispose();
    }

    private static List<JsonElement> Lines(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream);
        // The last line may be half written.
        return reader.ReadToEnd().Split('\n')[..^1].Select(l => JsonDocument.Parse(l).RootElement.Clone()).ToList();
    }
}
