using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.Git;

namespace Ops.Integration.Tests.Features.ModelStore.Git;

public sealed class GitVersionsTests : IDisposable
{
    private static readonly string Digest = new('a', 64);
    private readonly GitPlace place = new();

    public void Dispose() => place.Dispose();

    [Fact]
    public async Task Record_TwoVersions_AreCommitsOfABranchWithTheirRealPaths()
    {
        var store = place.Store();
        var first = await RecordAsync(store, 1, ("model.onnx", [1]), ("config/größe.json", [2]));
        var second = await RecordAsync(store, 2, ("model.onnx", [3]));

        var clone = place.CloneAt("models/digits");
        Assert.Equal([3], await File.ReadAllBytesAsync(Path.Combine(clone, "model.onnx")));
        Assert.False(Directory.Exists(Path.Combine(clone, "config")));
        Assert.Equal([2], await File.ReadAllBytesAsync(Path.Combine(place.CloneAt("digits/v1"), "config", "größe.json")));
        Assert.Equal(second + "\n" + first, place.InBare("rev-list", "models/digits"));
        Assert.Equal($"digits version 2|Olga O|sha256:{Digest}", place.InBare("log", "-1", "--format=%s|%an|%(trailers:key=Ops-Digest,valueonly,separator=)", "digits/v2"));
        Assert.Equal(new WrittenVersion(second, "digits/v2"), await store.Versions.FindAsync("digits", 2, default));
        Assert.Equal([("digits/v1", first), ("digits/v2", second)], (await place.Store("two").Versions.ListAsync(default)).Select(v => (v.Key, v.Value)).Order());
    }

    [Fact]
    public async Task Record_Again_ChangesNothing()
    {
        var id = await CompletedAsync(place.Store(), [1]);

        var first = await place.Store().Versions.RecordAsync(Version(1, Digest, ("a.onnx", id)), default);
        var again = await place.Store("two").Versions.RecordAsync(Version(1, Digest, ("a.onnx", id)), default);

        Assert.Equal(first, again);
        Assert.Equal(first, place.InBare("rev-list", "models/digits"));
    }

    [Fact]
    public async Task Record_ATagOfSomethingElse_IsRefused()
    {
        var store = place.Store();
        var id = await CompletedAsync(store, [1]);
        await store.Versions.RecordAsync(Version(1, Digest, ("a.onnx", id)), default);

        var failure = await Assert.ThrowsAsync<StoreUnavailableException>(() => store.Versions.RecordAsync(Version(1, new string('b', 64), ("a.onnx", id)), default));

        Assert.Equal(StoreProblem.Refused, failure.Problem);
    }

    [Fact]
    public async Task Record_SeveralDashboardsAtOnce_LoseNothing()
    {
        var ids = new List<string>();
        for (var number = 1; number <= 4; number++)
        {
            ids.Add(await CompletedAsync(place.Store(), [(byte)number]));
        }

        var commits = await Task.WhenAll(ids.Select((id, index) => Task.Run(() => place.Store("d" + (index % 2)).Versions.RecordAsync(Version(index + 1, Digest, ("a.onnx", id)), default))));

        Assert.Equal(commits.Order(), place.InBare("rev-list", "models/digits").Split('\n').Order());
        for (var number = 1; number <= 4; number++)
        {
            Assert.Equal(commits[number - 1], place.InBare("rev-parse", $"digits/v{number}"));
        }
    }

    [Fact]
    public async Task Forget_AVersion_TakesItsTagAway()
    {
        var store = place.Store();
        await RecordAsync(store, 1, ("a.onnx", [1]));

        await store.Versions.ForgetAsync("digits", 1, default);
        await store.Versions.ForgetAsync("digits", 1, default);

        Assert.Empty(await store.Versions.ListAsync(default));
    }

    [Theory]
    [InlineData("../x", "a.onnx")]
    [InlineData("--upload-pack=x", "a.onnx")]
    [InlineData("digits", "../a.onnx")]
    [InlineData("digits", "/etc/passwd")]
    [InlineData("digits", "a/.git/config")]
    [InlineData("digits", ".GIT/hooks/pre-push")]
    [InlineData("digits", "a\0b")]
    public async Task Record_NamesThatCouldMeanSomethingElse_AreRefused(string model, string path)
    {
        var store = place.Store();
        var id = await CompletedAsync(store, [1]);

        await Assert.ThrowsAsync<ArgumentException>(() => store.Versions.RecordAsync(new(model, 1, Digest, "Olga", DateTimeOffset.UnixEpoch, [new(path, id, "", 1)]), default));

        Assert.Equal("", place.InBare("for-each-ref", "refs/heads", "refs/tags"));
    }

    [Fact]
    public async Task Upload_ThroughTheDashboard_BecomesACommitAlsoAfterARestart()
    {
        var data = Directory.CreateTempSubdirectory("ops-upload-").FullName;
        (string, byte[])[] files = [("model.onnx", UploadClient.Onnx), ("README.md", "# Digits"u8.ToArray())];
        var host = await UploadHost.StartAsync(data, store: place.Store());
        Assert.Equal("Completed", (await (await host.ClientAsync()).UploadAsync("digits", files)).State);
        await TagAsync("digits/v1");
        await host.StopAsync();

        // As if the process had ended between the registry's commit and the push.
        place.InBare("update-ref", "-d", "refs/tags/digits/v1");
        place.InBare("update-ref", "-d", "refs/heads/models/digits");
        await using var again = await UploadHost.StartAsync(data, store: place.Store("two"));
        await TagAsync("digits/v1");

        await using var db = again.Db();
        Assert.Contains("sha256:" + (await db.Versions.SingleAsync()).Digest, place.InBare("log", "-1", "--format=%b", "digits/v1"), StringComparison.Ordinal);
        Assert.Equal(UploadClient.Onnx, await File.ReadAllBytesAsync(Path.Combine(place.CloneAt("digits/v1"), "model.onnx")));
    }

    private static VersionRecord Version(int number, string digest, params (string Path, string Id)[] files) =>
        new("digits", number, digest, "Olga <O>", DateTimeOffset.UnixEpoch.AddDays(20_000 + number), [.. files.Select(f => new RecordedFile(f.Path, f.Id, "", 1))]);

    private static async Task<string> CompletedAsync(GitStore store, byte[] bytes)
    {
        var id = await GitPlace.PutAsync(store, bytes);
        await store.CompleteAsync(id, default);
        return id;
    }

    private static async Task<string> RecordAsync(GitStore store, int number, params (string Path, byte[] Bytes)[] files)
    {
        List<(string, string)> kept = [];
        foreach (var (path, bytes) in files)
        {
            kept.Add((path, await CompletedAsync(store, bytes)));
        }

        return await store.Versions.RecordAsync(Version(number, Digest, [.. kept]), default);
    }

    private async Task TagAsync(string tag)
    {
        for (var tries = 0; place.InBare("tag", "--list", tag).Length == 0; tries++)
        {
            Assert.True(tries < 600, "The version was not committed.");
            await Task.Delay(100);
        }
    }
}
