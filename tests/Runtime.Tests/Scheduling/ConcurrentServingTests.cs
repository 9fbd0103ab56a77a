using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ops.Runtime.Scheduling;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Scheduling;

/// <summary>Real models, many clients at once, over real HTTP.</summary>
public sealed class ConcurrentServingTests
{
    private const int Clients = 64;

    [Theory]
    [InlineData("digits_cnn", 1)]
    [InlineData("digits_mlp", 2)]
    public async Task Infer_ManyAtOnce_EachGetsTheKnownAnswerInFewerRuns(string model, int instances)
    {
        var options = TestModels.Digits("3", model);
        options.Instances = instances;
        options.Batching = new BatchingOptions { Enabled = BatchingMode.On, MaxBatchSize = 8, MaxQueueDelayMicroseconds = 20_000 };
        await using var server = await TestServer.StartAsync([options]);
        var (x, y) = TestModels.Samples(model);
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(i => AskAsync(server, x, y, i)));

        var metrics = await server.Http.GetStringAsync("/metrics");
        var (count, runs) = (Value(metrics, "nv_inference_count"), Value(metrics, "nv_inference_exec_count"));
        // Every third client sends two images.
        Assert.Equal(Clients + ((Clients + 2) / 3), count);
        Assert.True(runs < Clients, $"{count} inferences took {runs} runs.");
        Assert.Equal(runs, Value(metrics, "ops_runtime_batch_size_count"));
        Assert.Equal(count, Value(metrics, "ops_runtime_batch_size_sum"));
        Assert.Equal(Clients, Value(metrics, "ops_runtime_run_duration_seconds_count"));
        Assert.Equal(0, Value(metrics, "nv_inference_pending_request_count"));
    }

    [Fact]
    public async Task Metadata_OfAModel_SaysHowItsRequestsRun()
    {
        var merged = TestModels.Digits("1");
        merged.Instances = 3;
        merged.Batching = new BatchingOptions { Enabled = BatchingMode.On, MaxBatchSize = 4, PreferredBatchSizes = [2] };
        merged.Queue = new QueueOptions { Limit = 7, PriorityLevels = 5, DefaultTimeoutMilliseconds = 100 };
        var strings = TestModels.Options("dtypes", "1", TestModels.FileOptions(TestModels.Path("dtypes.onnx")));
        await using var server = await TestServer.StartAsync([merged, strings]);
        var parameters = (await server.GetAsync("/v2/models/digits")).Body.GetProperty("parameters");
        Assert.Equal("on", parameters.GetProperty("batching").GetString());
        Assert.NotEmpty(parameters.GetProperty("batching_reason").GetString()!);
        Assert.Equal(4, parameters.GetProperty("max_batch_size").GetInt32());
        Assert.Equal("[2]", parameters.GetProperty("preferred_batch_sizes").GetRawText());
        Assert.Equal(0, parameters.GetProperty("max_queue_delay_microseconds").GetInt32());
        Assert.Equal(3, parameters.GetProperty("instances").GetInt32());
        Assert.Equal(7, parameters.GetProperty("queue_limit").GetInt32());
        Assert.Equal(5, parameters.GetProperty("priority_levels").GetInt32());
        Assert.Equal(3, parameters.GetProperty("default_priority").GetInt32());
        Assert.Equal(100, parameters.GetProperty("default_timeout_milliseconds").GetInt32());
        var off = (await server.GetAsync("/v2/models/dtypes")).Body.GetProperty("parameters");
        Assert.Equal("off", off.GetProperty("batching").GetString());
        Assert.Equal(1, off.GetProperty("max_batch_size").GetInt32());
    }

    [Fact]
    public async Task Start_WithoutOptions_DecidesForItself()
    {
        await using var server = await TestServer.StartAsync([TestModels.Digits("1", "digits_cnn")]);
        var parameters = (await server.GetAsync("/v2/models/digits")).Body.GetProperty("parameters");
        Assert.InRange(parameters.GetProperty("max_batch_size").GetInt32(), 1, 32);
        // Whatever it decided, the model was found to work row by row.
        Assert.DoesNotContain("one by one", parameters.GetProperty("batching_reason").GetString(), StringComparison.Ordinal);
    }

    private static async Task AskAsync(TestServer server, float[] x, float[] y, int client)
    {
        var images = client % 3 == 0 ? 2 : 1;
        var first = client % 15;
        var data = JsonSerializer.Serialize(x[(first * 64)..((first + images) * 64)]);
        var (status, body) = await server.PostAsync(
            "/v2/models/digits/infer", $"{{\"inputs\":[{{\"name\":\"input\",\"datatype\":\"FP32\",\"shape\":[{images},1,8,8],\"data\":{data}}}]}}");
        Assert.True(status == 200, body.GetRawText());
        var output = body.GetProperty("outputs")[0];
        Assert.Equal($"[{images},10]", output.GetProperty("shape").GetRawText());
        var logits = output.GetProperty("data").EnumerateArray().Select(e => e.GetSingle()).ToList();
        Assert.Equal(images * 10, logits.Count);
        Assert.All(logits.Zip(y.Skip(first * 10)), p => Assert.Equal(p.Second, p.First, 1e-4f));
    }

    private static long Value(string metrics, string name) => long.Parse(
        Regex.Match(metrics, $"^{name}{{model=\"digits\"[^}}]*}} ([0-9]+)$", RegexOptions.Multiline).Groups[1].Value, CultureInfo.InvariantCulture);
}
