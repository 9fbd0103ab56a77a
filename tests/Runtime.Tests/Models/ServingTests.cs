using System.Diagnostics;
using System.Text.Json;
using Ops.Runtime.Configuration;
using Ops.Runtime.Lifecycle;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Models;

/// <summary>Fetching, verifying and loading, and requests that compete, in a whole server.</summary>
public sealed class ServingTests : IDisposable
{
    private readonly TestFolder folder = new();

    [Fact]
    public async Task Load_ChangedFile_IsRefusedAndSaidInPlainWords()
    {
        var model = TestModels.Digits();
        var changed = File.ReadAllBytes(TestModels.Path("digits_mlp.onnx"));
        changed[^1] ^= 1;
        File.WriteAllBytes(folder.File("changed.onnx"), changed);
        model.Files[0].Source = new Uri(folder.File("changed.onnx")).AbsoluteUri;
        await AssertFailedAsync(model, "model.onnx of digits version 3 does not match its SHA-256");
    }

    [Fact]
    public async Task Load_MissingFile_Fails()
    {
        var model = TestModels.Digits();
        model.Files[0].Source = "file:///does/not/exist.onnx";
        await AssertFailedAsync(model, "is not in the model store");
    }

    [Theory]
    [InlineData(-1, "is longer than")]
    [InlineData(1, "bytes instead of")]
    public async Task Load_WrongSize_Fails(int difference, string reason)
    {
        var model = TestModels.Digits();
        model.Files[0].Size += difference;
        await AssertFailedAsync(model, reason);
    }

    [Fact]
    public async Task Load_NoModel_Fails() => await AssertFailedAsync(Write(new byte[] { 8, 8 }), "could not be loaded");

    [Fact]
    public async Task Load_UnknownOperator_Fails() => await AssertFailedAsync(Write(OnnxBuilder.WithNode("NoSuchOperator")), "could not be loaded by ONNX Runtime");

    [Theory]
    [InlineData("../weights.bin")]
    [InlineData("/etc/hostname")]
    public async Task Load_ReferenceOutsideTheVersion_Fails(string location) =>
        await AssertFailedAsync(Write(OnnxBuilder.WithExternalData(location)), "refers to a file that is not part of the version");

    [Fact]
    public async Task Load_ExternalData_IsServedFromTheVersionsOwnFile()
    {
        File.WriteAllBytes(folder.File("w.bin"), [.. new[] { 1f, 2f, 3f, 4f }.SelectMany(BitConverter.GetBytes)]);
        var model = Write(OnnxBuilder.WithExternalData("data/w.bin"), TestModels.FileOptions(folder.File("w.bin"), "nested/data/w.bin"));
        model.Files[0].Path = "nested/model.onnx";
        await using var server = await TestServer.StartAsync([model]);
        var (status, body) = await server.PostAsync("/v2/models/made/infer", "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[4],\"data\":[10,10,10,10]}]}");
        Assert.Equal((200, "[11,12,13,14]"), (status, body.GetProperty("outputs")[0].GetProperty("data").GetRawText()));
    }

    [Fact]
    public async Task Load_CachedFileThatWasAltered_IsFetchedAnew()
    {
        var model = TestModels.Digits();
        var cached = Path.Combine(folder.Path, "cache", model.Digest, "model.onnx");
        Directory.CreateDirectory(Path.GetDirectoryName(cached)!);
        var altered = File.ReadAllBytes(TestModels.Path("digits_mlp.onnx"));
        altered[100] ^= 1;
        File.WriteAllBytes(cached, altered);
        await using var server = await TestServer.StartAsync([model], ("CacheFolder", folder.File("cache")));
        Assert.Equal(RuntimePhase.Ready, server.State.Snapshot.Phase);
        Assert.Equal(model.Files[0].Sha256, TestModels.Sha256(File.ReadAllBytes(cached)));
    }

    [Fact]
    public async Task Load_LeftoversOfKilledProcesses_AreRemovedOnceOld()
    {
        var incoming = Directory.CreateDirectory(folder.File("cache/.incoming")).FullName;
        File.WriteAllText(Path.Combine(incoming, "old"), "half");
        File.SetLastWriteTimeUtc(Path.Combine(incoming, "old"), TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-2));
        File.WriteAllText(Path.Combine(incoming, "in-use"), "half");
        await using var server = await TestServer.StartAsync([TestModels.Digits()], ("CacheFolder", folder.File("cache")));
        Assert.Equal(RuntimePhase.Ready, server.State.Snapshot.Phase);
        Assert.Equal(["in-use"], Directory.GetFiles(incoming).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Load_CachedFile_NeedsNoSource()
    {
        var first = TestModels.Digits();
        await using (await TestServer.StartAsync([first], ("CacheFolder", folder.File("cache"))))
        {
            first.Files[0].Source = "file:///does/not/exist.onnx";
        }

        await using var server = await TestServer.StartAsync([first], ("CacheFolder", folder.File("cache")));
        Assert.Equal(RuntimePhase.Ready, server.State.Snapshot.Phase);
    }

    [Fact]
    public async Task Load_SymbolicLinkInTheCache_IsRefused()
    {
        var model = TestModels.Digits();
        Directory.CreateDirectory(folder.File("cache"));
        Directory.CreateDirectory(folder.File("elsewhere"));
        Directory.CreateSymbolicLink(Path.Combine(folder.File("cache"), model.Digest), folder.File("elsewhere"));
        await AssertFailedAsync(model, "symbolic link", ("CacheFolder", folder.File("cache")));
        Assert.Empty(Directory.GetFiles(folder.File("elsewhere")));
    }

    [Fact]
    public async Task Load_OneOfTwoFails_ServerIsNotReadyButTheReasonCanBeRead()
    {
        var broken = TestModels.Digits("4");
        broken.Files[0].Sha256 = new string('0', 64);
        await using var server = await TestServer.StartAsync([TestModels.Digits("3"), broken]);
        Assert.Equal(503, (await server.GetAsync("/v2/health/ready")).Status);
        Assert.Equal(200, (await server.GetAsync("/v2/health/live")).Status);
        Assert.Equal(200, (await server.GetAsync("/v2/models/digits/versions/3/ready")).Status);
        var (status, body) = await server.GetAsync("/v2/models/digits/versions/4/ready");
        Assert.Equal(503, status);
        Assert.Contains("SHA-256", body.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(503, (await server.PostAsync("/v2/models/digits/versions/4/infer", "{}")).Status);
    }

    [Fact]
    public async Task Load_OverHttp_VerifiesAndRefusesRedirects()
    {
        await using var store = await FileServer.StartAsync(
            File.ReadAllBytes(TestModels.Path("digits_mlp.onnx")), FileServer.Honest, FileServer.Cuts(1000), FileServer.KnowsNoParts, FileServer.Redirects, FileServer.NeverEnds);
        var model = TestModels.Digits();
        model.Files[0].Source = store.Url;
        for (var i = 0; i < 2; i++)
        {
            await using var server = await TestServer.StartAsync([model]);
            Assert.Equal(RuntimePhase.Ready, server.State.Snapshot.Phase);
            Assert.Equal(model.Files[0].Size, server.State.Snapshot.BytesFetched);
        }

        await AssertFailedAsync(model, "the source answered 302");
        await AssertFailedAsync(model, "is longer than");
    }

    [Fact]
    public async Task Infer_MoreThanTheQueueTakes_AreTurnedAwayWithRetryAfter()
    {
        await using var server = await StartSlowAsync(("ParallelRuns", "1"), ("QueueLimit", "1"));
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(async _ =>
        {
            using var response = await server.Http.PostAsync("/v2/models/made/infer", new StringContent(SlowRequest(700)));
            return ((int)response.StatusCode, response.Headers.RetryAfter is not null);
        }));
        Assert.Contains((200, false), answers);
        Assert.Contains((503, true), answers);
        Assert.Equal(6, answers.Count(a => a is (200, false) or (503, true)));

        var metrics = await server.Http.GetStringAsync("/metrics");
        Assert.Contains($"ops_runtime_requests_total{{model=\"made\",version=\"1\",code=\"503\"}} {answers.Count(a => a.Item1 == 503)}\n", metrics, StringComparison.Ordinal);
        Assert.Contains($"ops_runtime_request_failures_total{{model=\"made\",version=\"1\"}} {answers.Count(a => a.Item1 == 503)}\n", metrics, StringComparison.Ordinal);
        Assert.Contains("ops_runtime_requests_in_flight{model=\"made\",version=\"1\"} 0\n", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Infer_ClientGoesAway_StopsTheRun()
    {
        await using var server = await StartSlowAsync(("ParallelRuns", "1"));
        var start = Stopwatch.GetTimestamp();
        Assert.Equal(200, (await server.PostAsync("/v2/models/made/infer", SlowRequest(1600))).Status);
        var whole = Stopwatch.GetElapsedTime(start);

        using var patience = new CancellationTokenSource(whole / 16);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => server.Http.PostAsync("/v2/models/made/infer", new StringContent(SlowRequest(1600)), patience.Token));
        start = Stopwatch.GetTimestamp();
        Assert.Equal(200, (await server.PostAsync("/v2/models/made/infer", SlowRequest(16))).Status);
        var waited = Stopwatch.GetElapsedTime(start);
        Assert.True(waited < whole * 0.7, $"The next request waited {waited} for a run of {whole} that nobody wanted any more.");
        await Eventually.TrueAsync(
            () => server.Http.GetStringAsync("/metrics").GetAwaiter().GetResult().Contains("code=\"499\"} 1\n", StringComparison.Ordinal), "the abandoned request to be counted");
    }

    public void Dispose() => folder.Dispose();

    private static string SlowRequest(int size) => $"{{\"inputs\":[{{\"name\":\"size\",\"datatype\":\"INT64\",\"shape\":[2],\"data\":[{size},{size}]}}]}}";

    private static async Task AssertFailedAsync(ModelOptions model, string reason, params (string, string)[] settings)
    {
        await using var server = await TestServer.StartAsync([model], settings);
        Assert.Equal(RuntimePhase.Failed, server.State.Snapshot.Phase);
        Assert.Contains(reason, server.State.Snapshot.Error, StringComparison.Ordinal);
        var (status, body) = await server.GetAsync("/v2/health/ready");
        Assert.Equal(503, status);
        Assert.Contains(reason, body.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    private Task<TestServer> StartSlowAsync(params (string, string)[] settings) => TestServer.StartAsync([Write(OnnxBuilder.Slow())], settings);

    private ModelOptions Write(byte[] model, params ModelFileOptions[] others)
    {
        File.WriteAllBytes(folder.File("made.onnx"), model);
        return TestModels.Options("made", "1", [TestModels.FileOptions(folder.File("made.onnx")), .. others]);
    }
}
