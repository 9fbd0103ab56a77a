using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Ops.Runtime.Lifecycle;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Lifecycle;

/// <summary>The runtime as a process, as whoever starts it sees it.</summary>
public sealed class ProcessTests
{
    private static readonly string OneImage =
        $"{{\"inputs\":[{{\"name\":\"input\",\"datatype\":\"FP32\",\"shape\":[1,1,8,8],\"data\":[{string.Join(',', Enumerable.Repeat("0.5", 64))}]}}]}}";

    [Fact]
    public async Task Start_GoodModel_TellsTheRunFolderAndAnswers()
    {
        await using var process = RuntimeProcess.Start([TestModels.Digits()]);
        await process.WaitForStateAsync("ready");
        var state = process.State;
        Assert.Equal(process.Id, state.GetProperty("pid").GetInt32());
        Assert.Equal("test-instance", state.GetProperty("instance").GetString());
        Assert.Equal(JsonValueKind.Null, state.GetProperty("error").ValueKind);
        Assert.Equal(19811, state.GetProperty("progress").GetProperty("bytesFetched").GetInt64());
        Assert.Equal(19811, state.GetProperty("progress").GetProperty("bytesTotal").GetInt64());
        Assert.InRange(TimeProvider.System.GetUtcNow() - state.GetProperty("startedAt").GetDateTimeOffset(), TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Assert.Matches("^http://127.0.0.1:[1-9][0-9]+$", process.Url);

        using var http = new HttpClient { BaseAddress = new Uri(process.Url) };
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/v2/health/ready")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.PostAsync("/v2/models/digits/infer", new StringContent(OneImage))).StatusCode);
        Assert.Contains("ops_runtime_info{engine=\"onnxruntime 1.31.1\"", await http.GetStringAsync("/metrics"), StringComparison.Ordinal);
        Assert.Equal(["process.json"], Directory.GetFileSystemEntries(process.RunFolder).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Start_GoodModel_LogsEachStepOfLoading()
    {
        await using var process = RuntimeProcess.Start([TestModels.Digits()], environment: [("Ops__Runtime__Execution__WarmUpRuns", "2")]);
        await process.WaitForStateAsync("ready");
        Assert.False(process.State.TryGetProperty("step", out _));
        process.Terminate();
        var (_, output, _) = await process.WaitForExitAsync();

        List<(string? Step, long Total)> steps = [];
        foreach (var line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).Where(l => l.GetProperty("EventId").GetInt32() == 1029))
        {
            var state = line.GetProperty("State");
            steps.Add((state.GetProperty("Step").GetString(), state.GetProperty("Total").GetInt64()));
        }

        Assert.Equal([("files", 19811), ("session", 0), ("warm-up", 2)], steps.Take(3));
    }

    [Fact]
    public void Write_WhileItLoads_SaysWhichStep()
    {
        using var temporary = new TestFolder();
        var folder = new RunFolder(temporary.Path, "one");
        Assert.True(folder.Write(new(RuntimePhase.Loading, null, 1, 2, new(LoadSteps.WarmUp, 1, 3)), null));
        using var written = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(temporary.Path, "process.json")));
        Assert.Equal("""{"name":"warm-up","done":1,"total":3}""", written.RootElement.GetProperty("step").GetRawText());
    }

    [Fact]
    public void State_Step_IsThereWhileItLoadsOnly()
    {
        using var state = new RuntimeState();
        state.EnterStep(new(LoadSteps.Session, 0, 0));
        Assert.Null(state.Snapshot.Step);
        state.BeginLoading(10);
        state.EnterStep(new(LoadSteps.Session, 0, 0));
        Assert.Equal(LoadSteps.Session, state.Snapshot.Step?.Name);
        state.MarkReady();
        Assert.Null(state.Snapshot.Step);
    }

    [Fact]
    public async Task Start_NoRunFolder_ExitsWith3AndCreatesNothing()
    {
        await using var process = RuntimeProcess.Start([TestModels.Digits()], createRunFolder: false);
        var (code, _, _) = await process.WaitForExitAsync();
        Assert.Equal(3, code);
        Assert.False(Directory.Exists(process.RunFolder));
        Assert.False(Directory.Exists(process.CacheFolder));
    }

    [Fact]
    public async Task Start_BadConfiguration_NamesEveryKeyAndExitsWith2()
    {
        await using var process = RuntimeProcess.Start([TestModels.Digits()], environment: [("Ops__Runtime__QueueLimit", "0"), ("Ops__Runtime__Models__0__Files__0__Path", "../x.onnx")]);
        var (code, _, errors) = await process.WaitForExitAsync();
        Assert.Equal(2, code);
        Assert.Contains("Ops:Runtime:QueueLimit", errors, StringComparison.Ordinal);
        Assert.Contains("Ops:Runtime:Models:0:Files:0:Path", errors, StringComparison.Ordinal);
        Assert.Equal("failed", process.State.GetProperty("state").GetString());
        Assert.Contains("Ops:Runtime:QueueLimit", process.State.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_ValueThatIsNoNumber_ExitsWith2()
    {
        await using var process = RuntimeProcess.Start([TestModels.Digits()], environment: [("Ops__Runtime__Threads", "many")]);
        var (code, _, errors) = await process.WaitForExitAsync();
        Assert.Equal(2, code);
        Assert.Contains("Ops:Runtime:Threads", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_PortIsTaken_SaysSoAndExitsWith2()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var url = $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}";
        await using var process = RuntimeProcess.Start([TestModels.Digits()], environment: [("Ops__Runtime__Urls", url)]);
        Assert.Equal(2, (await process.WaitForExitAsync()).ExitCode);
        Assert.Contains("address already in use", process.State.GetProperty("error").GetString(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(JsonValueKind.Null, process.State.GetProperty("url").ValueKind);
    }

    [Fact]
    public async Task Start_ChangedModel_FailsButStaysAliveToSayWhy()
    {
        var model = TestModels.Digits();
        model.Files[0].Sha256 = new string('a', 64);
        await using var process = RuntimeProcess.Start([model]);
        await process.WaitForStateAsync("failed");
        Assert.Contains("does not match its SHA-256", process.State.GetProperty("error").GetString(), StringComparison.Ordinal);
        using var http = new HttpClient { BaseAddress = new Uri(process.Url) };
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/v2/health/live")).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await http.GetAsync("/v2/health/ready")).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await http.PostAsync("/v2/models/digits/infer", new StringContent(OneImage))).StatusCode);
        Assert.False(File.Exists(Path.Combine(process.CacheFolder, model.Digest, "model.onnx")), "The unverified file must not stay in the cache.");
        Assert.Empty(Directory.GetFiles(Path.Combine(process.CacheFolder, ".incoming")));
    }

    [Fact]
    public async Task RunFolderVanishes_ProcessEndsByItself()
    {
        await using var process = RuntimeProcess.Start([TestModels.Digits()]);
        await process.WaitForStateAsync("ready");
        Directory.Delete(process.RunFolder, recursive: true);
        var (code, output, _) = await process.WaitForExitAsync(15);
        Assert.Equal(0, code);
        Assert.Contains("run folder is gone", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(process.RunFolder), "It must not come back.");
    }

    [Fact]
    public async Task LogFile_WhenSet_TakesTheLog()
    {
        using var folder = new TestFolder();
        await using var process = RuntimeProcess.Start([TestModels.Digits()], environment: [("Ops__Runtime__LogFile", folder.File("logs/runtime.log"))]);
        await process.WaitForStateAsync("ready");
        process.Terminate();
        var (code, output, _) = await process.WaitForExitAsync();
        Assert.Equal((0, string.Empty), (code, output));
        var lines = File.ReadAllLines(folder.File("logs/runtime.log")).Select(l => JsonDocument.Parse(l).RootElement.GetProperty("Message").GetString()!).ToList();
        Assert.Contains(lines, l => l.StartsWith("Loaded digits version 3", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("Drained", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Terminate_UnderLoad_FailsNoRequest()
    {
        await using var process = RuntimeProcess.Start([TestModels.Digits()]);
        await process.WaitForStateAsync("ready");
        using var http = new HttpClient { BaseAddress = new Uri(process.Url) };
        using var probe = new HttpClient { BaseAddress = new Uri(process.Url) };
        var failures = new ConcurrentBag<string>();
        var (answered, afterTerm) = (0, 0);
        var (terminated, ready) = (false, true);

        // Like a router: it looks every 100 ms and sends nothing any more once the replica says that it is not ready.
        var watching = Task.Run(async () =>
        {
            while (Volatile.Read(ref ready))
            {
                using var response = await probe.GetAsync("/v2/health/ready");
                Volatile.Write(ref ready, response.StatusCode == HttpStatusCode.OK);
                await Task.Delay(100);
            }
        });
        var clients = Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            while (Volatile.Read(ref ready))
            {
                try
                {
                    using var response = await http.PostAsync("/v2/models/digits/infer", new StringContent(OneImage, Encoding.UTF8, "application/json"));
                    var body = await response.Content.ReadAsStringAsync();
                    if (response.StatusCode != HttpStatusCode.OK || !body.EndsWith("]}]}", StringComparison.Ordinal))
                    {
                        failures.Add($"{response.StatusCode}: {body}");
                    }

                    Interlocked.Increment(ref answered);
                    if (Volatile.Read(ref terminated))
                    {
                        Interlocked.Increment(ref afterTerm);
                    }
                }
                catch (HttpRequestException exception)
                {
                    failures.Add(exception.ToString());
                }
            }
        })).ToList();

        await Eventually.TrueAsync(() => Volatile.Read(ref answered) > 200, "the load to run");
        Volatile.Write(ref terminated, true);
        process.Terminate();
        await Task.WhenAll(clients);
        await watching;
        var (code, _, _) = await process.WaitForExitAsync();

        Assert.Empty(failures);
        Assert.Equal(0, code);
        Assert.True(afterTerm > 0, "The load was not running any more when the signal came.");
        Assert.Equal("draining", process.State.GetProperty("state").GetString());
    }

    [Fact]
    public async Task Terminate_DuringALongRun_AnswersItFirst()
    {
        using var folder = new TestFolder();
        File.WriteAllBytes(folder.File("slow.onnx"), OnnxBuilder.Slow());
        await using var process = RuntimeProcess.Start(
            [TestModels.Options("slow", "1", TestModels.FileOptions(folder.File("slow.onnx")))], environment: [("Ops__Runtime__DrainGraceSeconds", "0")]);
        await process.WaitForStateAsync("ready");
        using var http = new HttpClient { BaseAddress = new Uri(process.Url) };
        var run = http.PostAsync("/v2/models/slow/infer", new StringContent("{\"inputs\":[{\"name\":\"size\",\"datatype\":\"INT64\",\"shape\":[2],\"data\":[1500,1500]}]}"));
        await EventuallyInFlightAsync(http);
        process.Terminate();
        await process.WaitForStateAsync("draining");
        // The grace is 0 here, so a moment later new requests are turned away while the run goes on.
        HttpStatusCode status;
        do
        {
            using var late = await http.PostAsync("/v2/models/slow/infer", new StringContent("{}"));
            status = late.StatusCode;
        }
        while (status == HttpStatusCode.BadRequest);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.False(run.IsCompleted);
        using var response = await run;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains("\"data\":[1500,1500]", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(0, (await process.WaitForExitAsync()).ExitCode);
    }

    [Fact]
    public async Task Terminate_RunLongerThanTheTimeout_IsCutAndTheProcessEnds()
    {
        using var folder = new TestFolder();
        File.WriteAllBytes(folder.File("slow.onnx"), OnnxBuilder.Slow());
        await using var process = RuntimeProcess.Start(
            [TestModels.Options("slow", "1", TestModels.FileOptions(folder.File("slow.onnx")))],
            environment: [("Ops__Runtime__DrainGraceSeconds", "0"), ("Ops__Runtime__DrainTimeoutSeconds", "0.2")]);
        await process.WaitForStateAsync("ready");
        using var http = new HttpClient { BaseAddress = new Uri(process.Url) };
        var run = http.PostAsync("/v2/models/slow/infer", new StringContent("{\"inputs\":[{\"name\":\"size\",\"datatype\":\"INT64\",\"shape\":[2],\"data\":[2500,2500]}]}"));
        await EventuallyInFlightAsync(http);
        process.Terminate();
        var (code, output, _) = await process.WaitForExitAsync();
        Assert.Equal(0, code);
        Assert.Contains("still in flight after 0.2 s", output, StringComparison.Ordinal);
        using var response = await run;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
    }

    private static async Task EventuallyInFlightAsync(HttpClient http)
    {
        while (!(await http.GetStringAsync("/metrics")).Contains("ops_runtime_requests_in_flight{model=\"slow\",version=\"1\"} 1", StringComparison.Ordinal))
        {
            await Task.Delay(5);
        }
    }
}
