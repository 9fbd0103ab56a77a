using System.Text.RegularExpressions;
using Ops.Runtime.Tests.Support;
using Ops.Testing;

namespace Ops.Runtime.Tests.Monitoring;

public sealed partial class MetricsTests
{
    [Fact]
    public async Task Metrics_EveryFamily_IsDocumentedAndTheOtherWayRound()
    {
        await using var server = await TestServer.StartAsync([TestModels.Digits()]);
        var exposed = Families().Matches(await server.Http.GetStringAsync("/metrics")).Select(m => m.Groups[1].Value).ToList();
        var documented = Documented().Matches(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "runtime-metrics.md"))).Select(m => m.Groups[1].Value);
        Assert.Equal(documented.Order(), exposed.Order());
    }

    [Fact]
    public async Task Metrics_AfterRequests_CountThem()
    {
        await using var server = await TestServer.StartAsync([TestModels.Digits()]);
        var image = $"{{\"inputs\":[{{\"name\":\"input\",\"datatype\":\"FP32\",\"shape\":[1,1,8,8],\"data\":[{string.Join(',', Enumerable.Repeat('0', 64))}]}}]}}";
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(200, (await server.PostAsync("/v2/models/digits/infer", image)).Status);
        }

        Assert.Equal(400, (await server.PostAsync("/v2/models/digits/infer", "{}")).Status);
        Assert.Equal(404, (await server.PostAsync("/v2/models/a-stranger's-idea/infer", image)).Status);

        // A request is counted when its answer is out, which the client may see a moment before the counter moves.
        var text = string.Empty;
        await Eventually.TrueAsync(() => (text = server.Http.GetStringAsync("/metrics").GetAwaiter().GetResult()).Contains("code=\"404\"} 1\n", StringComparison.Ordinal), "the last request to be counted");
        const string labels = "{model=\"digits\",version=\"3\"";
        Assert.Contains($"ops_runtime_requests_total{labels},code=\"200\"}} 3\n", text, StringComparison.Ordinal);
        Assert.Contains($"ops_runtime_requests_total{labels},code=\"400\"}} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("ops_runtime_requests_total{model=\"\",version=\"\",code=\"404\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains($"ops_runtime_request_failures_total{labels}}} 0\n", text, StringComparison.Ordinal);
        Assert.Contains($"ops_runtime_request_duration_seconds_count{labels}}} 4\n", text, StringComparison.Ordinal);
        Assert.Contains($"ops_runtime_request_duration_seconds_bucket{labels},le=\"+Inf\"}} 4\n", text, StringComparison.Ordinal);
        Assert.Contains($"ops_runtime_run_duration_seconds_count{labels}}} 3\n", text, StringComparison.Ordinal);
        Assert.Contains($"nv_inference_request_success{labels}}} 3\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("stranger", text, StringComparison.Ordinal);
    }

    [GeneratedRegex("^# TYPE ([a-z_]+) ", RegexOptions.Multiline)]
    private static partial Regex Families();

    [GeneratedRegex(@"^\| `([a-z_]+)", RegexOptions.Multiline)]
    private static partial Regex Documented();
}
