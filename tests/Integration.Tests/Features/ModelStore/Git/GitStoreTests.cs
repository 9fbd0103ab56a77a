using System.Security.Cryptography;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.Git;

namespace Ops.Integration.Tests.Features.ModelStore.Git;

public sealed class GitStoreTests : IDisposable
{
    private readonly GitPlace place = new();

    public void Dispose() => place.Dispose();

    [Fact]
    public async Task Complete_SeenFromADashboardWithoutAClone_HasTheSameBytes()
    {
        var bytes = RandomNumberGenerator.GetBytes(5_000_000);
        var (first, second) = (place.Store(), place.Store("two"));
        var (id, small) = (await GitPlace.PutAsync(first, bytes), await GitPlace.PutAsync(first, [1, 2, 3]));

        await first.CompleteAllAsync([id, small], default);
        await first.CompleteAllAsync([small, id], default);

        Assert.Equal(bytes, await GitPlace.ReadAsync(second, id));
        Assert.Equal([1, 2, 3], await GitPlace.ReadAsync(second, small));
        Assert.Equal(new[] { (id, 5_000_000L), (small, 3L) }.Order(), (await second.ListAsync(default).ToListAsync()).Select(o => (o.ObjectId, o.SizeBytes)).Order());
    }

    [Fact]
    public async Task Read_CloneLostWhileRunning_FetchesAgain()
    {
        var store = place.Store(settings: new() { CacheMiB = 0 });
        var id = await GitPlace.PutAsync(store, [4, 5, 6]);
        await store.CompleteAsync(id, default);

        Directory.Delete(Path.Combine(place.DataOf("one"), "repository.git"), recursive: true);

        Assert.Equal([4, 5, 6], await GitPlace.ReadAsync(store, id));
    }

    [Fact]
    public async Task Cache_BeyondItsLimit_KeepsOnlyWhatIsFetched()
    {
        var store = place.Store(settings: new() { CacheMiB = 0 });
        var (fetched, other) = (await GitPlace.PutAsync(store, [1]), await GitPlace.PutAsync(store, [2]));
        await store.CompleteAllAsync([fetched, other], default);
        var source = (await store.SourceForAsync(fetched, TimeSpan.FromHours(1), default)).LocalPath;

        Assert.Equal([2], await GitPlace.ReadAsync(store, other));
        Assert.Equal([2], await GitPlace.ReadAsync(store, other));
        var third = await GitPlace.PutAsync(store, [3]);
        await store.CompleteAsync(third, default);

        Assert.Equal([1], await File.ReadAllBytesAsync(source));
        Assert.Equal([source], Directory.GetFiles(Path.Combine(place.DataOf("one"), "objects"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Complete_LocksOfAKilledProcess_AreTakenAway()
    {
        await place.Store().CompleteAsync(await CompleteAsync(place.Store(), [1]), default);
        var clone = Path.Combine(place.DataOf("one"), "repository.git");
        Directory.Move(place.DataOf("one"), place.DataOf("three"));
        clone = clone.Replace("one", "three", StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(clone, "packed-refs.lock"), "");
        await File.WriteAllTextAsync(Path.Combine(clone, "index-left"), "");
        var store = place.Store("three");

        var id = await CompleteAsync(store, [7]);
        await store.DeleteAsync(id, default);

        Assert.Empty(Directory.GetFiles(clone, "*.lock"));
    }

    [Fact]
    public async Task Delete_OfOneDashboard_IsSeenByOthers()
    {
        var (first, second) = (place.Store(), place.Store("two"));
        var id = await CompleteAsync(first, [1, 2]);

        await second.DeleteAsync(id, default);

        Assert.Empty(await first.ListAsync(default).ToListAsync());
        Assert.DoesNotContain("refs/ops", place.InBare("for-each-ref"), StringComparison.Ordinal);
        await Assert.ThrowsAsync<FileNotFoundException>(() => place.Store("new").OpenReadAsync(id, default));
    }

    [Fact]
    public async Task Push_HooksOfTheRepository_AreNotRun()
    {
        var hook = Path.Combine(place.Bare, "hooks", "pre-receive");
        var mark = Path.Combine(place.Root, "hook-was-here");
        await File.WriteAllTextAsync(hook, $"#!/bin/sh\ntouch '{mark}'\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(hook, (UnixFileMode)0b111_101_101);
        }

        await CompleteAsync(place.Store(), [1]);

        Assert.False(File.Exists(mark));
    }

    [Fact]
    public async Task Repository_ThatIsNotThere_IsSaidSo()
    {
        Directory.Delete(place.Bare, recursive: true);
        var store = place.Store();
        var id = await GitPlace.PutAsync(store, [1]);

        var failure = await Assert.ThrowsAsync<StoreUnavailableException>(() => store.CompleteAsync(id, default));
        var run = new StoreCheckRun();
        await store.CheckAsync(run, null, default);
        var checks = run.Checks;

        Assert.Equal(StoreProblem.NoSuchPlace, failure.Problem);
        Assert.Equal((true, false), (checks[0].Passed, checks[1].Passed));
        Assert.Equal([1], await GitPlace.ReadAsync(store, id));
    }

    [Fact]
    public async Task Lfs_LargeFiles_AreSentAsPointersAndComeBack()
    {
        GitStoreSettings settings = new() { Lfs = true, LfsAboveMiB = 1, CacheMiB = 0 };
        var bytes = RandomNumberGenerator.GetBytes(3 * 1024 * 1024);
        var store = place.Store(settings: settings);
        var (large, small) = (await GitPlace.PutAsync(store, bytes), await GitPlace.PutAsync(store, [1, 2]));
        await store.CompleteAllAsync([large, small], default);

        var commit = await store.Versions.RecordAsync(
            new("digits", 1, new string('a', 64), "Olga", DateTimeOffset.UnixEpoch.AddDays(20_000), [new("a [1]/w.bin", large, "", bytes.Length), new("b.txt", small, "", 2)]), default);

        Assert.Equal(GitLfs.Pointer(Convert.ToHexStringLower(SHA256.HashData(bytes)), bytes.Length).TrimEnd(), place.InBare("cat-file", "blob", commit + ":a [1]/w.bin"));
        Assert.Equal(bytes, await GitPlace.ReadAsync(place.Store("two", settings), large));
        Assert.Equal([1, 2], await GitPlace.ReadAsync(place.Store("two", settings), small));
        var clone = place.CloneAt("digits/v1");
        Assert.EndsWith(": filter: lfs", place.Git("-C", clone, "check-attr", "filter", "--", "a [1]/w.bin"), StringComparison.Ordinal);
        Assert.EndsWith(": filter: unspecified", place.Git("-C", clone, "check-attr", "filter", "--", "b.txt"), StringComparison.Ordinal);
    }

    private static async Task<string> CompleteAsync(GitStore store, byte[] bytes)
    {
        var id = await GitPlace.PutAsync(store, bytes);
        await store.CompleteAsync(id, default);
        return id;
    }
}
