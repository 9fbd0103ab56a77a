using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Ops.Runtime.Tests.Support;
using Ops.Testing.Kubernetes;

namespace Ops.Runtime.Tests.Fetching;

/// <summary>The command as a process, as a pod runs it.</summary>
public sealed class FetchCommandTests : IDisposable
{
    private static readonly byte[] Content = RandomNumberGenerator.GetBytes(3_000_000);
    private readonly TestFolder folder = new();

    [Fact]
    public async Task Fetch_SeveralFiles_BringsThemAndSaysHowFarItIs()
    {
        await using var store = await FileServer.StartAsync(Content);
        File.WriteAllBytes(folder.File("weights"), [1, 2, 3]);
        WriteManifest(("a/model.onnx", store.Url, Content), ("b/c/weights.bin", new Uri(folder.File("weights")).AbsoluteUri, [1, 2, 3]));
        var (code, output, errors) = await RunAsync();
        Assert.Equal((0, ""), (code, errors));
        Assert.Equal(Content, File.ReadAllBytes(folder.File("into/a/model.onnx")));
        Assert.Equal([1, 2, 3], File.ReadAllBytes(folder.File("into/b/c/weights.bin")));
        Assert.Equal(["lock"], Directory.GetFiles(folder.File("into/.incoming")).Select(Path.GetFileName));
        Assert.Equal("", Said);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Contains(lines, l => l.GetProperty("EventId").GetInt32() == 1015 && l.GetProperty("State").GetProperty("Fetched").GetInt64() == Content.Length + 3);
        Assert.DoesNotContain("geheim", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fetch_StoreWithAnAuthorityOfItsOwn_IsTrustedOnceTheManifestHasIt()
    {
        using var certificates = new TestCertificates();
        await using var store = await FileServer.StartAsync(Content, certificates.Issue("CN=store", server: true));
        WriteManifest(certificates.AuthorityPem, ("model.onnx", store.Url, Content));

        var (code, _, errors) = await RunAsync();

        Assert.Equal((0, ""), (code, errors));
        Assert.Equal(Content, File.ReadAllBytes(folder.File("into/model.onnx")));
    }

    [Fact]
    public async Task Fetch_Again_KeepsWhatIsRightAndReplacesWhatIsNot()
    {
        await using var store = await FileServer.StartAsync(Content);
        WriteManifest(("right.bin", store.Url, Content), ("wrong.bin", store.Url, Content), ("short.bin", store.Url, Content));
        Assert.Equal(0, (await RunAsync()).Code);
        File.WriteAllBytes(folder.File("into/wrong.bin"), new byte[Content.Length]);
        File.WriteAllBytes(folder.File("into/short.bin"), Content[..1000]);
        var before = File.GetLastWriteTimeUtc(folder.File("into/right.bin"));
        Assert.Equal(0, (await RunAsync()).Code);
        Assert.Equal(5, store.Ranges.Count);
        Assert.Equal(before, File.GetLastWriteTimeUtc(folder.File("into/right.bin")));
        Assert.All(["right.bin", "wrong.bin", "short.bin"], f => Assert.Equal(Content, File.ReadAllBytes(folder.File($"into/{f}"))));
    }

    [Fact]
    public async Task Fetch_KilledInTheMiddle_GoesOnThereAtTheNextStart()
    {
        await using var store = await FileServer.StartAsync(Content, FileServer.Stalls(2_000_000));
        WriteManifest(("model.onnx", store.Url, Content));
        using (var first = Start())
        {
            await ArrivedAsync(2_000_000);
            first.Kill();
            await first.WaitForExitAsync();
        }

        Assert.False(File.Exists(folder.File("into/model.onnx")));
        var (code, _, errors) = await RunAsync();
        Assert.Equal((0, ""), (code, errors));
        Assert.Equal(["", "bytes=2000000-"], store.Ranges);
        Assert.Equal(Content, File.ReadAllBytes(folder.File("into/model.onnx")));
    }

    [Fact]
    public async Task Fetch_ConnectionBreaks_IsToldAndGoesOn()
    {
        await using var store = await FileServer.StartAsync(Content, FileServer.Cuts(2_000_000), FileServer.Answers(503, "2"));
        WriteManifest(("model.onnx", store.Url, Content));
        var (code, output, _) = await RunAsync();
        Assert.Equal(0, code);
        Assert.Equal(["", "bytes=2000000-", "bytes=2000000-"], store.Ranges);
        Assert.Contains("the connection broke. It goes on at byte 2000000", output, StringComparison.Ordinal);
        Assert.Contains("the source answered 503. It goes on at byte 2000000 in 2.0 s", output, StringComparison.Ordinal);
        Assert.Contains("of 3000000 bytes are here, ", output, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fetch_Terminated_EndsSoonAndKeepsWhatCame()
    {
        await using var store = await FileServer.StartAsync(Content, FileServer.Stalls(1_000_000));
        WriteManifest(("model.onnx", store.Url, Content));
        using var process = Start();
        await ArrivedAsync(1_000_000);
        var start = Stopwatch.GetTimestamp();
        using var kill = Process.Start("kill", ["-TERM", process.Id.ToString()]);
        await process.WaitForExitAsync();
        Assert.Equal(143, process.ExitCode);
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 10);
        Assert.Contains("told to stop", Said, StringComparison.Ordinal);
        Assert.Equal(1_000_000, new FileInfo(Part).Length);
    }

    [Fact]
    public async Task Fetch_OtherBytes_EndsWith65AndLeavesNothing()
    {
        await using var store = await FileServer.StartAsync(new byte[Content.Length]);
        WriteManifest(("model.onnx", store.Url, Content));
        var (code, _, errors) = await RunAsync();
        Assert.Equal(65, code);
        Assert.Equal("model.onnx does not match its SHA-256. It was changed or damaged and is not loaded.", Said);
        Assert.Equal(Said, errors.Trim());
        Assert.False(File.Exists(folder.File("into/model.onnx")));
        Assert.False(File.Exists(Part));
    }

    [Fact]
    public async Task Fetch_LinkHasExpired_EndsWith69AndSaysWhatToDo()
    {
        await using var store = await FileServer.StartAsync(Content, FileServer.Answers(403));
        WriteManifest(("model.onnx", store.Url, Content));
        var (code, output, errors) = await RunAsync();
        Assert.Equal(69, code);
        Assert.StartsWith("model.onnx could not be fetched: the source answered 403. Links to a version expire", Said, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", output + errors + Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fetch_IntoWhereNoFolderCanBe_EndsWith74()
    {
        File.WriteAllText(folder.File("into"), "a file");
        WriteManifest(("model.onnx", "http://127.0.0.1:1/", Content));
        Assert.Equal(74, (await RunAsync()).Code);
        Assert.Equal("The files could not be stored: the folder cannot be written.", Said);
    }

    [Fact]
    public async Task Fetch_LinkInTheFolder_IsNotFollowed()
    {
        await using var store = await FileServer.StartAsync(Content);
        Directory.CreateDirectory(folder.File("elsewhere"));
        Directory.CreateDirectory(folder.File("into"));
        Directory.CreateSymbolicLink(folder.File("into/a"), folder.File("elsewhere"));
        WriteManifest(("a/model.onnx", store.Url, Content));
        Assert.Equal(74, (await RunAsync()).Code);
        Assert.Contains("symbolic link", Said, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder.File("elsewhere")));
    }

    [Fact]
    public async Task Fetch_AnotherFetchesThere_EndsWith74AndLeavesThatAlone()
    {
        await using var store = await FileServer.StartAsync(Content, FileServer.Stalls(1_000_000));
        WriteManifest(("model.onnx", store.Url, Content));
        using var first = Start();
        await ArrivedAsync(1_000_000);
        Assert.Equal(74, (await RunAsync()).Code);
        Assert.Contains("Another process", Said, StringComparison.Ordinal);
        Assert.Equal(1_000_000, new FileInfo(Part).Length);
        first.Kill();
        await first.WaitForExitAsync();
    }

    [Fact]
    public async Task Fetch_BadManifest_EndsWith64AndStoresNothing()
    {
        WriteManifest(("../model.onnx", "http://127.0.0.1:1/", Content));
        Assert.Equal(64, (await RunAsync()).Code);
        Assert.Contains("Files:0:Path", Said, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("into")));
    }

    [Fact]
    public async Task Fetch_BadArguments_SaysHowItIsCalledAndEndsWith64()
    {
        var (code, _, errors) = await EndAsync(Process.Start(RuntimeProcess.Command("fetch", "--manifest"))!);
        Assert.Equal(64, code);
        Assert.StartsWith("Usage: Ops.Runtime fetch --manifest", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fetch_NoTerminationLog_MakesNone()
    {
        WriteManifest(("../model.onnx", "http://127.0.0.1:1/", Content));
        File.Delete(folder.File("termination-log"));
        Assert.Equal(64, (await EndAsync(Start())).Code);
        Assert.False(File.Exists(folder.File("termination-log")));
    }

    public void Dispose() => folder.Dispose();

    private string Said => File.ReadAllText(folder.File("termination-log"));

    private string Part => folder.File($"into/.incoming/{TestModels.Sha256(Content)}.part");

    private void WriteManifest(params (string Path, string Source, byte[] Content)[] files) => WriteManifest(null, files);

    private void WriteManifest(string? authorities, params (string Path, string Source, byte[] Content)[] files)
    {
        File.WriteAllText(folder.File("termination-log"), "");
        File.WriteAllBytes(folder.File("manifest.json"), JsonSerializer.SerializeToUtf8Bytes(new
        {
            digest = new string('d', 64),
            authorities,
            files = files.Select(f => new { path = f.Path, source = f.Source, sha256 = TestModels.Sha256(f.Content), size = f.Content.Length }),
        }));
    }

    private Process Start() => Process.Start(RuntimeProcess.Command(
        "fetch", "--manifest", folder.File("manifest.json"), "--into", folder.File("into"), "--termination-log", folder.File("termination-log")))!;

    private Task<(int Code, string Output, string Errors)> RunAsync() => EndAsync(Start());

    private async Task ArrivedAsync(long bytes) =>
        await Eventually.TrueAsync(() => new FileInfo(Part) is { Exists: true } part && part.Length == bytes, $"{bytes} bytes");

    private static async Task<(int Code, string Output, string Errors)> EndAsync(Process process)
    {
        using (process)
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync();
            return (process.ExitCode, await output, await errors);
        }
    }
}
