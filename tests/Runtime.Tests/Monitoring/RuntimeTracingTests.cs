using System.Text;
using OpenTelemetry.Trace;
using Ops.Runtime.Processing;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Monitoring;

public sealed class RuntimeTracingTests
{
    private const string Caller = "00f067aa0ba902b7";
    private static readonly string Zeros = string.Join(',', Enumerable.Repeat('0', 128));
    private static readonly string Body = $"{{\"inputs\":[{{\"name\":\"input\",\"datatype\":\"FP32\",\"shape\":[2,1,8,8],\"data\":[{Zeros}]}}]}}";

    [Theory]
    [InlineData("Otlp:Endpoint", "Otlp:Protocol")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL")]
    public async Task Infer_WithACollector_SendsSpansOfTheCallersTrace(string endpoint, string protocol)
    {
        await using var collector = await TraceCollector.StartAsync();
        await using var server = await TestServer.StartAsync([TestModels.Digits()], (endpoint, collector.Url), (protocol, "http/protobuf"), ("OTEL_BSP_SCHEDULE_DELAY", "50"));
        Assert.NotNull(server.Find<TracerProvider>());
        var traceId = NewTrace();
        Assert.Equal("request-1", await PostAsync(server, Body, 200, $"00-{traceId}-{Caller}-01", "request-1"));

        var spans = await SpansAsync(collector, traceId, 2);
        var infer = spans.Single(s => s.Name == "infer");
        Assert.Equal(Caller, infer.ParentId);
        Assert.Equal(
            "http.response.status_code=200 ops.batch.size=2 ops.model.name=digits ops.model.version=3 ops.protocol=http ops.request.id=request-1",
            string.Join(' ', infer.Attributes.OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => $"{a.Key}={a.Value}")));
        Assert.Equal(["run"], spans.Where(s => s.ParentId == infer.SpanId).Select(s => s.Name).Order());
        Assert.Equal("ops-runtime", collector.Resource["service.name"]);
        Assert.Equal("test-instance", collector.Resource["service.instance.id"]);
    }

    [Fact]
    public async Task Infer_WithoutACallersTrace_BeginsOne()
    {
        await using var collector = await TraceCollector.StartAsync();
        await using var server = await TestServer.StartAsync([TestModels.Digits()], ("Otlp:Endpoint", collector.Url), ("Otlp:Protocol", "http/protobuf"), ("OTEL_BSP_SCHEDULE_DELAY", "50"));
        await PostAsync(server, Body, 200, null, "without-a-caller");
        await PostAsync(server, "{}", 400, "not a traceparent", "with-a-wrong-one");
        await Eventually.TrueAsync(() => Find("without-a-caller") is not null && Find("with-a-wrong-one") is not null, "both spans");
        Assert.Equal(string.Empty, Find("without-a-caller")!.ParentId);
        Assert.Equal("400", Find("with-a-wrong-one")!.Attributes["http.response.status_code"]);

        ReceivedSpan? Find(string request) => collector.Spans.FirstOrDefault(s => s.Attributes.GetValueOrDefault("ops.request.id") == request);
    }

    [Fact]
    public async Task Infer_WhenTheCallerDoesNotRecord_SendsNothingOfIt()
    {
        await using var collector = await TraceCollector.StartAsync();
        await using var server = await TestServer.StartAsync([TestModels.Digits()], ("Otlp:Endpoint", collector.Url), ("Otlp:Protocol", "http/protobuf"), ("OTEL_BSP_SCHEDULE_DELAY", "50"));
        var (unwanted, wanted) = (NewTrace(), NewTrace());
        await PostAsync(server, Body, 200, $"00-{unwanted}-{Caller}-00", "a");
        await PostAsync(server, Body, 200, $"00-{wanted}-{Caller}-01", "b");
        await SpansAsync(collector, wanted, 2);
        Assert.DoesNotContain(collector.Spans, s => s.TraceId == unwanted);
    }

    [Fact]
    public async Task Infer_ImagesWithACollector_ShowTheirPreprocessing()
    {
        using var folder = new TestFolder();
        var version = TestModels.Written(folder.Path, "echo", ("model.onnx", OnnxBuilder.Identity(-1, 1, 1, 1)));
        version.Processing = new ProcessingOptions { Inputs = [new() { Name = "x", Color = "GRAY" }] };
        await using var collector = await TraceCollector.StartAsync();
        await using var server = await TestServer.StartAsync([version], ("Otlp:Endpoint", collector.Url), ("Otlp:Protocol", "http/protobuf"), ("OTEL_BSP_SCHEDULE_DELAY", "50"));
        var traceId = NewTrace();
        var image = Convert.ToBase64String(TestImages.GrayPng(1, 1, (_, _) => 1));
        await PostAsync(server, $"{{\"inputs\":[{{\"name\":\"x\",\"datatype\":\"BYTES\",\"shape\":[1],\"data\":[\"{image}\"]}}]}}", 200, $"00-{traceId}-{Caller}-01", "c", "echo");
        Assert.Contains(await SpansAsync(collector, traceId, 3), s => s.Name == "preprocess");
    }

    [Fact]
    public async Task Infer_RequestsThatWait_ShowTheirWaiting()
    {
        using var folder = new TestFolder();
        var version = TestModels.Written(folder.Path, "slow", ("model.onnx", OnnxBuilder.Slow()));
        version.Instances = 1;
        await using var collector = await TraceCollector.StartAsync();
        await using var server = await TestServer.StartAsync([version], ("Otlp:Endpoint", collector.Url), ("Otlp:Protocol", "http/protobuf"), ("OTEL_BSP_SCHEDULE_DELAY", "50"));
        var traceId = NewTrace();
        const string body = "{\"inputs\":[{\"name\":\"size\",\"datatype\":\"INT64\",\"shape\":[2],\"data\":[400,400]}]}";
        await Task.WhenAll(Enumerable.Range(0, 6).Select(i => PostAsync(server, body, 200, $"00-{traceId}-{Caller}-01", $"slow-{i}", "slow")));
        await Eventually.TrueAsync(() => collector.Spans.Count(s => s.TraceId == traceId && s.Name == "infer") == 6, "the spans of all requests");
        var spans = await SpansAsync(collector, traceId, 13);
        var infers = spans.Where(s => s.Name == "infer").Select(s => s.SpanId).ToHashSet();
        Assert.Equal(6, infers.Count);
        Assert.Equal(6, spans.Count(s => s.Name == "run" && infers.Contains(s.ParentId)));
        Assert.Contains(spans, s => s.Name == "queue");
        Assert.All(spans.Where(s => s.Name == "queue"), s => Assert.Contains(s.ParentId, infers));
    }

    [Fact]
    public async Task Infer_CollectorThatIsDown_IsAnsweredAllTheSame()
    {
        await using var server = await TestServer.StartAsync([TestModels.Digits()], ("Otlp:Endpoint", "http://127.0.0.1:1"), ("Otlp:Protocol", "http/protobuf"), ("OTEL_BSP_SCHEDULE_DELAY", "1"));
        for (var i = 0; i < 3; i++)
        {
            await PostAsync(server, Body, 200, $"00-{NewTrace()}-{Caller}-01", "d");
        }
    }

    [Fact]
    public async Task Build_WithoutACollector_RegistersNothing()
    {
        await using var server = await TestServer.StartAsync([TestModels.Digits()]);
        Assert.Null(server.Find<TracerProvider>());
    }

    private static string NewTrace() => Guid.NewGuid().ToString("N");

    private static async Task<List<ReceivedSpan>> SpansAsync(TraceCollector collector, string traceId, int count)
    {
        await Eventually.TrueAsync(() => collector.Spans.Count(s => s.TraceId == traceId) >= count, $"{count} spans of the trace");
        return collector.Spans.Where(s => s.TraceId == traceId).ToList();
    }

    private static async Task<string> PostAsync(TestServer server, string body, int status, string? traceParent, string id, string model = "digits")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v2/models/{model}/infer") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("X-Request-Id", id);
        if (traceParent is not null)
        {
            request.Headers.TryAddWithoutValidation("traceparent", traceParent);
        }

        using var response = await server.Http.SendAsync(request);
        Assert.Equal(status, (int)response.StatusCode);
        return response.Headers.GetValues("X-Request-Id").Single();
    }
}
