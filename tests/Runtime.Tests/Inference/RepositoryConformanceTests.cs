using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Ops.Runtime.Configuration;
using Ops.Runtime.Inference;
using Ops.Runtime.Models;
using Ops.Runtime.Monitoring;
using Ops.Runtime.OnnxRuntime;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Inference;

/// <summary>The model repository extension over real HTTP.</summary>
public sealed class RepositoryConformanceTests : IDisposable
{
    private static readonly (string, string)[] Enabled = [("Repository:Enabled", "true")];
    private static readonly string Image = $"{{\"inputs\":[{{\"name\":\"input\",\"datatype\":\"FP32\",\"shape\":[1,1,8,8],\"data\":[{string.Join(',', Enumerable.Repeat('0', 64))}]}}]}}";
    private readonly TestFolder folder = new();

    [Fact]
    public async Task Index_ShowsWhatIsLoadedAndWhatIsNot()
    {
        await using var server = await TestServer.StartAsync([TestModels.Digits("3"), NotLoaded("10")]);
        Assert.Equal("digits 3 READY|digits 10 UNAVAILABLE not loaded", await IndexAsync(server, ""));
        Assert.Equal("digits 3 READY|digits 10 UNAVAILABLE not loaded", await IndexAsync(server, "{}"));
        Assert.Equal("digits 3 READY", await IndexAsync(server, "{\"ready\":true}"));
        Assert.Equal(404, (await server.PostAsync("/v2/models/digits/versions/10/infer", Image)).Status);
        Assert.Equal(404, (await server.GetAsync("/v2/models/digits/versions/10/ready")).Status);
    }

    [Theory]
    [InlineData("/v2/repository/index", "{\"ready\":1}")]
    [InlineData("/v2/repository/index", "[]")]
    [InlineData("/v2/repository/index", "{")]
    [InlineData("/v2/repository/index", "{} {}")]
    [InlineData("/v2/repository/index", "{\"\\ud800\":1}")]
    [InlineData("/v2/repository/models/digits/load", "{\"parameters\":1}")]
    [InlineData("/v2/repository/models/digits/load", "{\"parameters\":{\"config\":\"{}\"}}")]
    [InlineData("/v2/repository/models/digits/load", "{\"parameters\":{\"file:1/model.onnx\":\"AA==\"}}")]
    public async Task Request_BadBody_Is400(string path, string body)
    {
        await using var server = await TestServer.StartAsync([TestModels.Digits()], Enabled);
        var (status, answer) = await server.PostAsync(path, body);
        Assert.Equal(400, status);
        Assert.NotEmpty(answer.GetProperty("error").GetString()!);
    }

    [Fact]
    public async Task Change_SwitchedOff_Is403AndNothingChanges()
    {
        await using var server = await TestServer.StartAsync([TestModels.Digits("3"), NotLoaded("10")]);
        Assert.Equal(403, (await server.PostAsync("/v2/repository/models/digits/load", "")).Status);
        Assert.Equal(403, (await server.PostAsync("/v2/repository/models/digits/unload", "")).Status);
        Assert.Equal(403, (await server.PostAsync("/v2/repository/models/digits/versions/3/unload", "")).Status);
        Assert.Equal("digits 3 READY", await IndexAsync(server, "{\"ready\":true}"));
        Assert.DoesNotContain("model_repository", (await server.GetAsync("/v2")).Body.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, 401)]
    [InlineData("Bearer wrong-but-just-as-long-x", 401)]
    [InlineData("Bearer ", 401)]
    [InlineData("Basic a-long-enough-token-1234", 401)]
    [InlineData("Bearer a-long-enough-token-1234", 200)]
    [InlineData("bearer a-long-enough-token-1234", 200)]
    public async Task Change_WithAToken_NeedsIt(string? authorization, int expected)
    {
        await using var server = await TestServer.StartAsync([TestModels.Digits()], [.. Enabled, ("Repository:Token", "a-long-enough-token-1234")]);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/repository/models/digits/unload");
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        using var response = await server.Http.SendAsync(request);
        Assert.Equal((expected, expected == 401), ((int)response.StatusCode, response.Headers.WwwAuthenticate.Count > 0));
        Assert.Equal(expected == 200 ? "" : "digits 3 READY", await IndexAsync(server, "{\"ready\":true}"));
    }

    [Fact]
    public async Task Change_FromAPageInABrowser_Is403()
    {
        await using var server = await TestServer.StartAsync([TestModels.Digits()], Enabled);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/repository/models/digits/unload");
        request.Headers.TryAddWithoutValidation("Origin", "http://evil.example");
        using var response = await server.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Theory]
    [InlineData("/v2/repository/models/none/load")]
    [InlineData("/v2/repository/models/none/unload")]
    [InlineData("/v2/repository/models/digits/versions/9/load")]
    [InlineData("/v2/repository/models/digits/versions/9/unload")]
    [InlineData("/v2/repository/models/..%2f..%2fetc/load")]
    public async Task Change_Unknown_Is404(string path)
    {
        await using var server = await TestServer.StartAsync([TestModels.Digits()], Enabled);
        Assert.Equal(404, (await server.PostAsync(path, "{}")).Status);
    }

    [Theory]
    [InlineData("load")]
    [InlineData("unload")]
    public async Task Change_WhatFailedAtTheStartIsLoadedOrTakenAway_TheServerIsReady(string change)
    {
        var broken = TestModels.Digits("4");
        broken.Files[0].Size++;
        await using var server = await TestServer.StartAsync([TestModels.Digits("3"), broken], Enabled);
        Assert.Equal(503, (await server.GetAsync("/v2/health/ready")).Status);
        Assert.Equal(200, (await server.PostAsync("/v2/repository/models/digits/versions/3/load", "")).Status);
        Assert.Equal(503, (await server.GetAsync("/v2/health/ready")).Status);
        server.Configure(TestModels.Digits("3"), TestModels.Digits("4"));
        Assert.Equal(200, (await server.PostAsync($"/v2/repository/models/digits/versions/4/{change}", "")).Status);
        Assert.Equal(200, (await server.GetAsync("/v2/health/ready")).Status);
        Assert.Null(server.State.Snapshot.Error);
    }

    [Fact]
    public async Task Load_HigherVersion_TakesOverUnversionedRequestsAndUnloadGivesThemBack()
    {
        await using var server = await TestServer.StartAsync([TestModels.Digits("3"), NotLoaded("10")], Enabled);
        Assert.Equal("3", await VersionAsync(server));
        Assert.Equal(200, (await server.PostAsync("/v2/repository/models/digits/versions/10/load", "")).Status);
        Assert.Equal("10", await VersionAsync(server));
        Assert.Equal("[\"10\",\"3\"]", (await server.GetAsync("/v2/models/digits")).Body.GetProperty("versions").GetRawText());
        Assert.Equal(200, (await server.PostAsync("/v2/models/digits/versions/3/infer", Image)).Status);
        Assert.Equal(200, (await server.PostAsync("/v2/repository/models/digits/versions/10/unload", "{\"parameters\":{\"unload_dependents\":true}}")).Status);
        Assert.Equal("3", await VersionAsync(server));
        Assert.Equal("digits 3 READY|digits 10 UNAVAILABLE not loaded", await IndexAsync(server, ""));
        Assert.DoesNotContain("version=\"10\"", await server.Http.GetStringAsync("/metrics"), StringComparison.Ordinal);
        Assert.Contains("model_repository", (await server.GetAsync("/v2")).Body.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unload_WholeModel_TakesAllVersionsAndLoadBringsThemBack()
    {
        await using var server = await TestServer.StartAsync([TestModels.Digits("3"), TestModels.Digits("10", "digits_cnn")], Enabled);
        Assert.Equal(200, (await server.PostAsync("/v2/repository/models/digits/unload", "")).Status);
        Assert.Equal("", await IndexAsync(server, "{\"ready\":true}"));
        Assert.Equal(404, (await server.PostAsync("/v2/models/digits/infer", Image)).Status);
        Assert.Equal(200, (await server.PostAsync("/v2/repository/models/digits/load", "")).Status);
        Assert.Equal("digits 3 READY|digits 10 READY", await IndexAsync(server, "{\"ready\":true}"));
        Assert.Equal(200, (await server.PostAsync("/v2/models/digits/infer", Image)).Status);
    }

    [Fact]
    public async Task Load_ConfigurationThatChanged_IsReadAgain()
    {
        await using var server = await TestServer.StartAsync([TestModels.Digits("3")], Enabled);
        Assert.Equal(404, (await server.PostAsync("/v2/repository/models/digits/versions/4/load", "")).Status);
        server.Configure(TestModels.Digits("4", "digits_cnn"));
        Assert.Equal(200, (await server.PostAsync("/v2/repository/models/digits/versions/4/load", "")).Status);
        Assert.Equal("4", await VersionAsync(server));
        Assert.Equal(200, (await server.PostAsync("/v2/models/digits/versions/3/infer", Image)).Status);
    }

    [Fact]
    public async Task Load_SameVersionWithOtherFiles_ReplacesItAndCountsAnew()
    {
        await using var server = await TestServer.StartAsync([TestModels.Digits("3")], Enabled);
        var before = (await server.PostAsync("/v2/models/digits/infer", Image)).Body.GetProperty("outputs").GetRawText();
        server.Configure(TestModels.Digits("3", "digits_cnn"));
        Assert.Equal(200, (await server.PostAsync("/v2/repository/models/digits/load", "")).Status);
        Assert.NotEqual(before, (await server.PostAsync("/v2/models/digits/infer", Image)).Body.GetProperty("outputs").GetRawText());
        Assert.Equal("digits 3 READY", await IndexAsync(server, ""));
        var metrics = await server.Http.GetStringAsync("/metrics");
        Assert.Equal(1, metrics.Split('\n').Count(l => l.StartsWith("ops_runtime_requests_in_flight{model=\"digits\",version=\"3\"}", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Load_ThatFails_Is400AndWhatServesGoesOn()
    {
        await using var server = await TestServer.StartAsync([TestModels.Digits("3")], Enabled);
        var broken = TestModels.Digits("3", "digits_cnn");
        broken.Files[0].Sha256 = new string('0', 64);
        var newer = TestModels.Digits("4");
        newer.Files[0].Sha256 = new string('1', 64);
        server.Configure(broken, newer);
        var (status, body) = await server.PostAsync("/v2/repository/models/digits/load", "");
        Assert.Equal(400, status);
        Assert.Contains("does not match its SHA-256", body.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal("3", await VersionAsync(server));
        Assert.StartsWith("digits 3 READY|digits 4 UNAVAILABLE model.onnx of digits version 4", await IndexAsync(server, ""), StringComparison.Ordinal);
        Assert.DoesNotContain("version=\"4\"", await server.Http.GetStringAsync("/metrics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Load_ConfigurationThatIsWrongNow_Is400AndWhatServesGoesOn()
    {
        await using var server = await TestServer.StartAsync([TestModels.Digits("3")], Enabled);
        server.Configure(new ModelOptions { Name = "../x" });
        Assert.Equal(400, (await server.PostAsync("/v2/repository/models/digits/load", "")).Status);
        Assert.Equal("3", await VersionAsync(server));
    }

    [Fact]
    public async Task Unload_UnderLoad_FailsNoRequest()
    {
        await using var server = await TestServer.StartAsync([TestModels.Digits("3"), TestModels.Digits("10", "digits_cnn")], Enabled);
        using var stop = new CancellationTokenSource();
        var clients = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            var statuses = new Dictionary<int, int>();
            while (!stop.IsCancellationRequested)
            {
                var status = (await server.PostAsync("/v2/models/digits/infer", Image)).Status;
                statuses[status] = statuses.GetValueOrDefault(status) + 1;
            }

            return statuses;
        })).ToArray();
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(200, (await server.PostAsync("/v2/repository/models/digits/versions/10/unload", "")).Status);
            Assert.Equal(200, (await server.PostAsync("/v2/repository/models/digits/versions/10/load", "")).Status);
        }

        await stop.CancelAsync();
        Assert.All(await Task.WhenAll(clients), c => Assert.Equal([200], c.Keys));
    }

    [Fact]
    public async Task Unload_WhileOneRunsAndOneWaits_AnswersBothFirst()
    {
        await using var server = await TestServer.StartAsync([EveryType.Made(folder, "made", OnnxBuilder.Slow())], [.. Enabled, ("ParallelRuns", "1")]);
        var registry = server.Services.GetRequiredService<ModelRegistry>();
        var model = registry.Find("made", null)!;
        var runs = Enumerable.Range(0, 2).Select(_ => server.PostAsync("/v2/models/made/infer", "{\"inputs\":[{\"name\":\"size\",\"datatype\":\"INT64\",\"shape\":[2],\"data\":[900,900]}]}")).ToArray();
        await Eventually.TrueAsync(() => model.Metrics.Waiting > 0 || runs.All(r => r.IsCompleted), "one request to wait for the other");
        var unload = server.PostAsync("/v2/repository/models/made/unload", "");
        await Eventually.TrueAsync(() => registry.Find("made", null) is null, "the version to leave");
        Assert.All(await Task.WhenAll(runs), r => Assert.Equal(200, r.Status));
        Assert.Equal(200, (await unload).Status);
        using var size = OrtTensor.Allocate(OrtElementType.Int64, [2]);
        using var options = OrtRunOptions.Create();
        Assert.Throws<ObjectDisposedException>(() => model.Sessions!.Run(options, new[] { size }, new[] { 0 }));
    }

    [Fact]
    public async Task LoadAndUnload_ManyTimes_KeepsNothing()
    {
        await using var server = await TestServer.StartAsync([TestModels.Digits("3"), NotLoaded("10")], Enabled);
        var metrics = server.Services.GetRequiredService<RuntimeMetrics>();
        var count = metrics.Models.Count;
        var gone = new List<WeakReference>();
        for (var i = 0; i < 30; i++)
        {
            Assert.Equal(200, (await server.PostAsync("/v2/repository/models/digits/versions/10/load", "")).Status);
            gone.Add(Loaded(server));
            Assert.Equal(200, (await server.PostAsync("/v2/repository/models/digits/versions/10/unload", "")).Status);
        }

        Assert.Equal(count, metrics.Models.Count);
        await Eventually.TrueAsync(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return gone.Count(g => g.IsAlive) <= 1;
            },
            "what was unloaded to be collected");
    }

    public void Dispose() => folder.Dispose();

    private static WeakReference Loaded(TestServer server) => new(server.Services.GetRequiredService<ModelRegistry>().Find("digits", "10"));

    private static ModelOptions NotLoaded(string version)
    {
        var model = TestModels.Digits(version, "digits_cnn");
        model.Load = false;
        return model;
    }

    private static async Task<string?> VersionAsync(TestServer server) =>
        (await server.PostAsync("/v2/models/digits/infer", Image)).Body.GetProperty("model_version").GetString();

    private static async Task<string> IndexAsync(TestServer server, string body)
    {
        var (status, answer) = await server.PostAsync("/v2/repository/index", body);
        Assert.Equal(200, status);
        return string.Join('|', answer.EnumerateArray().Select(e => string.Join(' ', e.EnumerateObject().Select(p => p.Value.GetString())).Trim()));
    }
}
