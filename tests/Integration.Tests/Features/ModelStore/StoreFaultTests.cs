using System.Net;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.Collection;
using Ops.Data.Registry;
using Ops.Integration.Tests.Features.ModelStore.Conformance;
using Ops.Integration.Tests.Features.ModelStore.Git;
using Ops.Testing;

namespace Ops.Integration.Tests.Features.ModelStore;

/// <summary>What befalls objects of buckets and repositories; the same happens to folders in <see cref="UploadFaultTests"/> and <see cref="IntegrityTests"/>.</summary>
public sealed class StoreFaultTests : IAsyncLifetime
{
    private static readonly (string Path, byte[] Bytes) Model = ("model.onnx", UploadClient.Onnx);
    private readonly GitPlace place = new();
    private S3TestStore made = null!;

    public async ValueTask InitializeAsync() => made = await S3TestStore.MakeAsync();

    public ValueTask DisposeAsync()
    {
        place.Dispose();
        made.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("s3", -1, "is missing from the store")]
    [InlineData("s3", 0, "was changed in the store")]
    [InlineData("s3", 1, "has ")]
    [InlineData("git", -1, "is missing from the store")]
    [InlineData("git", 0, "was changed in the store")]
    [InlineData("git", 1, "has ")]
    public async Task Verify_ObjectRemovedOrAltered_DamagesTheVersionUntilItIsBack(string kind, int longerBy, string message)
    {
        await using var host = await UploadHost.StartAsync(store: Store(kind));
        var person = await host.PersonAsync("olga");
        var client = host.ClientFor(person);
        await client.UploadAsync("digits", Model);
        var version = await host.VersionAsync("digits", 1);
        await host.VerifyAsync(person, version);
        Assert.Equal(VersionState.Ready, (await host.VersionAsync("digits", 1)).State);

        var putBack = await HarmAsync(kind, version.Files[0].ObjectId, longerBy);
        await host.VerifyAsync(person, version);

        var damaged = await host.VersionAsync("digits", 1);
        Assert.Equal(VersionState.Damaged, damaged.State);
        Assert.StartsWith($"model.onnx {message}", damaged.DamageMessage, StringComparison.Ordinal);
        using (var refused = await client.Http.GetAsync("/models/digits/versions/1/files/model.onnx"))
        {
            Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        }

        await putBack();
        await host.VerifyAsync(person, version);
        Assert.Equal(VersionState.Ready, (await host.VersionAsync("digits", 1)).State);
    }

    [Fact]
    public async Task Verify_CopyThatARuntimeFetches_IsMadeAnewFromTheRepository()
    {
        var store = place.Store();
        await using var host = await UploadHost.StartAsync(store: store);
        var person = await host.PersonAsync("olga");
        await host.ClientFor(person).UploadAsync("digits", Model);
        var version = await host.VersionAsync("digits", 1);
        var copy = (await store.SourceForAsync(version.Files[0].ObjectId, TimeSpan.FromHours(1), default)).LocalPath;
        File.Delete(copy);
        await File.WriteAllBytesAsync(copy, new byte[Model.Bytes.Length]);

        await host.VerifyAsync(person, version);

        Assert.Equal(VersionState.Ready, (await host.VersionAsync("digits", 1)).State);
        Assert.Equal(Model.Bytes, await File.ReadAllBytesAsync(copy));
    }

    [Fact]
    public async Task Collect_ObjectsOfARepository_GoWhenNothingNeedsThemAndLiveOnesNever()
    {
        // By this clock everything is decades old.
        var store = place.Store();
        await using var host = await UploadHost.StartAsync(time: new ManualTime(DateTimeOffset.UnixEpoch.AddYears(100)), store: store, configure: options => options.Lifetime = TimeSpan.FromDays(3650));
        var client = await host.ClientAsync();
        await client.UploadAsync("digits", Model);
        var open = await client.BeginAsync("letters", Model);
        await client.SendAsync(open, Model);
        var unfinished = await GitPlace.PutAsync(store, [1]);
        var finished = await GitPlace.PutAsync(store, [2]);
        await store.CompleteAsync(finished, default);

        await host.Get<StoreCollector>().CollectAsync(default);

        await using var db = host.Db();
        var live = await db.VersionFiles.Select(f => f.ObjectId).Union(db.UploadFiles.Where(f => f.UploadId == open.Id).Select(f => f.ObjectId)).ToListAsync();
        Assert.Equal(live.Order(), await store.ListAsync(default).Select(o => o.ObjectId).Order().ToListAsync());
        Assert.DoesNotContain(finished, place.InBare("for-each-ref"), StringComparison.Ordinal);
        await Assert.ThrowsAsync<FileNotFoundException>(() => store.OpenReadAsync(unfinished, default));
        using var completed = await client.CompleteAsync(open, Model);
        Assert.Equal("Completed", (await client.WaitForEndAsync(open.Id)).State);
    }

    [Fact]
    public async Task Complete_APartForTheRepositoryWasDamaged_AsksForThatPartAgain()
    {
        await using var host = await UploadHost.StartAsync(store: place.Store());
        var client = await host.ClientAsync();
        var bytes = UploadClient.Weights(17 * 1024 * 1024);
        var upload = await client.BeginAsync("weights", ("model.gguf", bytes));
        await client.SendAsync(upload, ("model.gguf", bytes));
        await using (var part = File.OpenWrite(Directory.EnumerateFiles(place.DataOf("one"), "*.part", SearchOption.AllDirectories).Single()))
        {
            part.Position = 9 * 1024 * 1024;
            part.WriteByte((byte)~bytes[part.Position]);
        }

        using (await client.CompleteAsync(upload, ("model.gguf", bytes)))
        {
            var reopened = await client.WaitAsync(upload.Id, s => s is { State: "Open", Message: not null });
            Assert.Equal([[1, 1], [3, 3]], reopened.Files[0].Parts);
            Assert.Equal("", place.InBare("for-each-ref"));
        }

        await client.SendAsync(upload, ("model.gguf", bytes));
        using var completed = await client.CompleteAsync(upload, ("model.gguf", bytes));
        Assert.Equal("Completed", (await client.WaitForEndAsync(upload.Id)).State);
    }

    [Fact]
    public async Task Put_TheBucketIsFull_IsSaidPlainlyAndGoesOnOnceThereIsRoom()
    {
        await using var road = await RecordingRoad.OpenAsync(new Uri(made.Settings.Endpoint!));
        using var store = made.Open(made.Settings with { Endpoint = road.Address });
        await using var host = await UploadHost.StartAsync(store: store);
        var client = await host.ClientAsync();
        var upload = await client.BeginAsync("digits", Model);
        road.Answer = request => request.Method == "PUT" ? (int)HttpStatusCode.InsufficientStorage : null;

        using var full = await client.PutAsync(upload.Id, upload.Files[0].Id, 1, Model.Bytes);

        Assert.Equal(HttpStatusCode.InsufficientStorage, full.StatusCode);
        Assert.Empty((await client.StatusAsync(upload.Id)).Files[0].Parts);
        road.Answer = null;
        await client.SendAsync(upload, Model);
        using var completed = await client.CompleteAsync(upload, Model);
        Assert.Equal("Completed", (await client.WaitForEndAsync(upload.Id)).State);
    }

    private IModelStore Store(string kind) => kind == "git" ? place.Store() : made.Store;

    // What somebody else does to the bucket or the repository, and how it is undone. Removes the object, or puts other bytes in its place.
    private async Task<Func<Task>> HarmAsync(string kind, string objectId, int longerBy)
    {
        var isRemoved = longerBy < 0;
        var other = RandomNumberGenerator.GetBytes(Model.Bytes.Length + longerBy);
        if (kind == "s3")
        {
            var (bucket, key) = (made.Settings.Bucket, made.Key(objectId));
            await (isRemoved ? made.Bare.DeleteObjectAsync(bucket, key) : (Task)made.Bare.PutObjectAsync(new() { BucketName = bucket, Key = key, InputStream = new MemoryStream(other) }));
            return () => made.Bare.PutObjectAsync(new() { BucketName = bucket, Key = key, InputStream = new MemoryStream(Model.Bytes) });
        }

        var (name, commit) = place.InBare("for-each-ref", "--format=%(refname) %(objectname)", $"refs/ops/objects/{objectId}-*").Split(' ') is [var found, var at] ? (found, at) : throw new InvalidOperationException("There is no such ref.");
        if (isRemoved)
        {
            place.InBare("update-ref", "-d", name);
        }
        else
        {
            var file = Path.Combine(place.Root, "other");
            await File.WriteAllBytesAsync(file, other);
            place.InBare("update-index", "--add", "--cacheinfo", $"100644,{place.InBare("hash-object", "-w", file)},{objectId}");
            place.InBare("update-ref", name, place.InBare("-c", "user.name=x", "-c", "user.email=x@localhost", "commit-tree", place.InBare("write-tree"), "-m", "other"));
        }

        return () => Task.FromResult(place.InBare("update-ref", name, commit));
    }
}
