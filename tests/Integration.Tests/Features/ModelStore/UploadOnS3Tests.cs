using System.Net;
using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.Collection;
using Ops.Dashboard.Features.ModelStore.S3;
using Ops.Dashboard.Features.ModelStore.Uploads;
using Ops.Integration.Tests.Features.ModelStore.Conformance;
using Ops.Testing;

namespace Ops.Integration.Tests.Features.ModelStore;

public sealed class UploadOnS3Tests : IAsyncLifetime
{
    private const int PartSize = 16 * 1024 * 1024;
    private static readonly (string Path, byte[] Bytes) Model = ("model.gguf", UploadClient.Weights(PartSize + 1000));
    private S3TestStore made = null!;

    public async ValueTask InitializeAsync() => made = await S3TestStore.MakeAsync();

    public ValueTask DisposeAsync()
    {
        made.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Upload_OfLargeAndSmallFiles_BecomesAVersionWithNothingLeftOver()
    {
        await using var host = await UploadHost.StartAsync(store: made.Store);
        var client = await host.ClientAsync();
        (string, byte[])[] files = [Model, ("config.json", "{}"u8.ToArray()), ("empty.txt", [])];

        var done = await client.UploadAsync("weights", files);

        Assert.Equal("Completed", done.State);
        await using var db = host.Db();
        var stored = await made.Store.ListAsync(default).ToListAsync();
        Assert.All(stored, item => Assert.True(item.IsComplete));
        Assert.Equal(await db.VersionFiles.Select(f => f.ObjectId).Order().ToListAsync(), stored.Select(item => item.ObjectId).Order());
        Assert.Equal(Model.Bytes, await ReadAsync(made.Store, await db.VersionFiles.Where(f => f.Path == Model.Path).Select(f => f.ObjectId).SingleAsync()));
    }

    [Fact]
    public async Task Put_TheStoreHasClearedTheUploadAway_BeginsTheFileAnew()
    {
        await using var host = await UploadHost.StartAsync(store: made.Store);
        var client = await host.ClientAsync();
        var upload = await client.BeginAsync("weights", Model);
        using (await PutAsync(client, upload, 1))
        {
            await made.Store.AbandonAsync((await FileAsync(host)).ObjectId, (await FileAsync(host)).StoreToken, default);
        }

        using var lost = await PutAsync(client, upload, 2);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, lost.StatusCode);
        Assert.Empty((await client.StatusAsync(upload.Id)).Files[0].Parts);
        await client.SendAsync(upload, Model);
        using var completed = await client.CompleteAsync(upload, Model);
        Assert.Equal("Completed", (await client.WaitForEndAsync(upload.Id)).State);
    }

    [Fact]
    public async Task Verify_APartWasReplacedInTheStore_AsksForThatPartAlone()
    {
        await using var host = await UploadHost.StartAsync(store: made.Store);
        var client = await host.ClientAsync();
        var upload = await client.BeginAsync("weights", Model);
        await client.SendAsync(upload, Model);
        var file = await FileAsync(host);
        UnfinishedObject unfinished = new(file.ObjectId, file.StoreToken, file.SizeBytes, file.PartSizeBytes);
        await made.Store.WritePartAsync(unfinished, unfinished.Part(2), new MemoryStream(new byte[1000]), default);

        using (await client.CompleteAsync(upload, Model))
        {
            var reopened = await client.WaitAsync(upload.Id, s => s is { State: "Open", Message: not null });
            Assert.Equal([[1, 1]], reopened.Files[0].Parts);
        }

        using var again = await PutAsync(client, upload, 2);
        using var completed = await client.CompleteAsync(upload, Model);
        Assert.Equal("Completed", (await client.WaitForEndAsync(upload.Id)).State);
    }

    [Fact]
    public async Task Verify_TheAssembledObjectWasAltered_DeletesItAndAsksForTheFileAgain()
    {
        await using var host = await UploadHost.StartAsync(store: made.Store);
        var client = await host.ClientAsync();
        var upload = await client.BeginAsync("weights", Model);
        await client.SendAsync(upload, Model);
        var file = await FileAsync(host);
        await using (var db = host.Db())
        {
            var parts = await db.UploadParts.OrderBy(p => p.Number).Select(p => new AcknowledgedPart(p.Number, p.SizeBytes, p.Sha256, p.Receipt)).ToListAsync();
            await made.Store.AssembleAsync(new(file.ObjectId, file.StoreToken, file.SizeBytes, file.PartSizeBytes), parts, default);
        }

        await made.Bare.PutObjectAsync(new() { BucketName = made.Settings.Bucket, Key = made.Key(file.ObjectId), InputStream = new MemoryStream(new byte[Model.Bytes.Length]) });
        using (await client.CompleteAsync(upload, Model))
        {
            var reopened = await client.WaitAsync(upload.Id, s => s is { State: "Open", Message: not null });
            Assert.Empty(reopened.Files[0].Parts);
            Assert.Empty(await made.Store.ListAsync(default).ToListAsync());
        }

        await client.SendAsync(upload, Model);
        using var completed = await client.CompleteAsync(upload, Model);
        Assert.Equal("Completed", (await client.WaitForEndAsync(upload.Id)).State);
    }

    [Fact]
    public async Task Collect_UnfinishedUploadsOfNothing_GoAndLiveOnesNever()
    {
        await using var host = await UploadHost.StartAsync(time: LongAfter(), store: made.Store, configure: options => options.Lifetime = TimeSpan.FromDays(3650));
        var client = await host.ClientAsync();
        await client.UploadAsync("digits", ("model.onnx", UploadClient.Onnx));
        var upload = await client.BeginAsync("weights", Model);
        using var part = await PutAsync(client, upload, 2);
        var live = await FileAsync(host, upload.Id);
        await made.Store.BeginAsync(live.ObjectId, Model.Bytes.Length, default);
        await made.Store.BeginAsync(ObjectIds.Create(), Model.Bytes.Length, default);

        await host.Get<StoreCollector>().CollectAsync(default);

        await using var db = host.Db();
        var left = await made.Store.ListAsync(default).ToListAsync();
        if (await made.ListsUnfinishedAsync())
        {
            Assert.Equal([live.StoreToken], left.Where(item => !item.IsComplete).Select(item => item.Token));
        }

        Assert.Contains(live.StoreToken, await made.UploadsOfAsync(live.ObjectId));
        Assert.Equal(await db.VersionFiles.Select(f => f.ObjectId).ToListAsync(), left.Where(item => item.IsComplete).Select(item => item.ObjectId));
    }

    [Theory]
    [InlineData("two/")]
    [InlineData("one/two")]
    [InlineData("one-more")]
    [InlineData("one/objects")]
    public async Task Collect_AnotherInstallationInTheBucket_IsNeitherSeenNorTouched(string prefix)
    {
        using var one = made.Open(made.Settings with { Prefix = made.Settings.Prefix + "one" });
        using var other = made.Open(made.Settings with { Prefix = made.Settings.Prefix + prefix });
        await using var first = await UploadHost.StartAsync(time: LongAfter(), store: one);
        await using var second = await UploadHost.StartAsync(time: LongAfter(), store: other);
        var kept = await KeepAsync(one);
        Assert.Empty(await other.ListAsync(default).ToListAsync());
        await KeepAsync(other);

        await second.Get<StoreCollector>().CollectAsync(default);
        Assert.Empty(await other.ListAsync(default).ToListAsync());
        Assert.Equal(kept, await KeptAsync(one));

        var keptByOther = await KeepAsync(other);
        await first.Get<StoreCollector>().CollectAsync(default);
        Assert.Empty(await one.ListAsync(default).ToListAsync());
        Assert.Equal(keptByOther, await KeptAsync(other));
    }

    [Fact]
    public async Task Put_ThroughTwoDashboardsAtOnce_EndsInOneUpload()
    {
        await using var first = await UploadHost.StartAsync(store: made.Store);
        var person = await first.PersonAsync("olga");
        var second = await UploadHost.StartAsync(first.Root, store: made.Store);
        var upload = await first.ClientFor(person).BeginAsync("weights", Model);

        var replies = await Task.WhenAll(PutAsync(first.ClientFor(person), upload, 1), PutAsync(second.ClientFor(person), upload, 2));

        Assert.All(replies, reply => Assert.Equal(HttpStatusCode.OK, reply.StatusCode));
        Assert.Single(await made.UploadsOfAsync((await FileAsync(first, upload.Id)).ObjectId));
        using var completed = await first.ClientFor(person).CompleteAsync(upload, Model);
        Assert.Equal("Completed", (await first.ClientFor(person).WaitForEndAsync(upload.Id)).State);
        await second.StopAsync();
    }

    [Fact]
    public async Task Upload_TheServerIsKilledAndTheDashboardToo_GoesOnWhereItWas()
    {
        using var server = await S3Server.StartAsync();
        using var own = await S3TestStore.MakeAsync(server);
        var first = await UploadHost.StartAsync(store: own.Store);
        var person = await first.PersonAsync("olga");
        var upload = await first.ClientFor(person).BeginAsync("weights", Model);
        using (await PutAsync(first.ClientFor(person), upload, 2))
        {
            // The store has the bytes of the other part, the registry is not told: the dashboard ends in between.
            first.Store.AfterWrite = () => new IOException("killed");
            using var killed = await PutAsync(first.ClientFor(person), upload, 1);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, killed.StatusCode);
        }

        await first.StopAsync();
        await using var second = await UploadHost.StartAsync(first.Root, store: own.Store);
        var client = second.ClientFor(person);
        var sending = PutAsync(client, upload, 1);
        await server.KillAsync();
        using (var broken = await sending)
        {
            Assert.True(broken.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.OK, broken.StatusCode.ToString());
        }

        await server.RestartAsync();
        using var sent = await PutAsync(client, upload, 1);
        using var completed = await client.CompleteAsync(upload, Model);
        Assert.Equal("Completed", (await client.WaitForEndAsync(upload.Id)).State);
        await using var db = second.Db();
        Assert.Equal(Model.Bytes, await ReadAsync(own.Store, await db.VersionFiles.Select(f => f.ObjectId).SingleAsync()));
    }

    // By this clock everything in the bucket is decades old.
    private static ManualTime LongAfter() => new(DateTimeOffset.UnixEpoch.AddYears(100));

    // A finished object and an unfinished one, of which no row of any registry knows.
    private static async Task<List<string>> KeepAsync(S3Store store)
    {
        var finished = await store.BeginAsync(ObjectIds.Create(), 3, default);
        await store.WritePartAsync(finished, finished.Part(1), new MemoryStream(new byte[3]), default);
        await store.BeginAsync(ObjectIds.Create(), Model.Bytes.Length, default);
        return await KeptAsync(store);
    }

    private static async Task<List<string>> KeptAsync(S3Store store) =>
        await store.ListAsync(default).Select(item => $"{item.ObjectId} {item.IsComplete} {item.Token}").Order().ToListAsync();

    private static Task<HttpResponseMessage> PutAsync(UploadClient client, UploadStatus upload, int number) =>
        client.PutAsync(upload.Id, upload.Files[0].Id, number, UploadClient.Part(upload.Files[0], number, Model.Bytes));

    private static async Task<Ops.Data.ModelStore.UploadFile> FileAsync(UploadHost host, Guid? upload = null)
    {
        await using var db = host.Db();
        return await db.UploadFiles.AsNoTracking().SingleAsync(f => upload == null || f.UploadId == upload);
    }

    private static async Task<byte[]> ReadAsync(S3Store store, string objectId)
    {
        await using var stream = await store.OpenReadAsync(objectId, default);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        return copy.ToArray();
    }
}
