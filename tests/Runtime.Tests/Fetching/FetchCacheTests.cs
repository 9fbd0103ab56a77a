using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Fetching;

/// <summary>The command as pods run it that keep versions in one place, each as a process.</summary>
public sealed class FetchCacheTests : IDisposable
{
    private static readonly string Digest = new('d', 64);
    private static readonly byte[] Content = RandomNumberGenerator.GetBytes(3_000_000);
    private readonly TestFolder folder = new();

    private string Cached => folder.File($"cache/{Digest}/a/model.onnx");

    [Fact]
    public async Task Fetch_SeveralAtOnce_AllEndWellWithTheSameFiles()
    {
        await using var store = await FileServer.StartAsync(Content);
        WriteManifest(store.Url);

        var ended = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => RunAsync()));

        Assert.All(ended, e => Assert.Equal((0, ""), (e.Code, e.Errors)));
        Assert.Equal(Content, File.ReadAllBytes(Cached));
        Assert.Empty(Directory.GetFiles(folder.File("cache/.incoming")));
        Assert.Equal([".incoming", Digest], Directory.GetDirectories(folder.File("cache")).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task Fetch_ThereAlready_NeedsNoStoreAndIsMarkedAsUsed()
    {
        await using (var store = await FileServer.StartAsync(Content))
        {
            WriteManifest(store.Url);
            Assert.Equal(0, (await RunAsync()).Code);
        }

        var version = folder.File($"cache/{Digest}");
        Directory.SetLastWriteTimeUtc(version, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        Assert.Equal(0, (await RunAsync()).Code);

        Assert.True(Directory.GetLastWriteTimeUtc(version) > new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc));
    }

    [Fact]
    public async Task Fetch_DamagedThere_IsFetchedAnew()
    {
        await using var store = await FileServer.StartAsync(Content);
        WriteManifest(store.Url);
        Assert.Equal(0, (await RunAsync()).Code);
        await File.WriteAllBytesAsync(Cached, new byte[Content.Length]);

        Assert.Equal(0, (await RunAsync()).Code);

        Assert.Equal(Content, File.ReadAllBytes(Cached));
        Assert.Equal(2, store.Ranges.Count);
    }

    [Fact]
    public async Task Fetch_AnotherWasKilledInTheMiddle_IsNeitherHeldUpNorMixedUpByWhatItLeft()
    {
        await using var store = await FileServer.StartAsync(Content, FileServer.Stalls(1_000_000));
        WriteManifest(store.Url);
        using (var first = Start())
        {
            await Eventually.TrueAsync(() => Directory.Exists(folder.File("cache/.incoming")) && new DirectoryInfo(folder.File("cache/.incoming")).EnumerateFiles().Any(f => f.Length == 1_000_000), "a part of it");
            Assert.Equal(0, (await RunAsync()).Code);
            first.Kill();
            await first.WaitForExitAsync();
        }

        Assert.Equal(Content, File.ReadAllBytes(Cached));
        Assert.Equal(0, (await RunAsync()).Code);
    }

    public void Dispose() => folder.Dispose();

    private void WriteManifest(string source) => File.WriteAllBytes(folder.File("manifest.json"), JsonSerializer.SerializeToUtf8Bytes(new
    {
        digest = Digest.ToUpperInvariant(),
        files = new[] { new { path = "a/model.onnx", source, sha256 = TestModels.Sha256(Content), size = Content.Length } },
    }));

    private Process Start() => Process.Start(RuntimeProcess.Command("fetch", "--manifest", folder.File("manifest.json"), "--cache", folder.File("cache")))!;

    private async Task<(int Code, string Errors)> RunAsync()
    {
        using var process = Start();
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        await output;
        return (process.ExitCode, await errors);
    }
}
