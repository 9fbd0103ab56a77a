using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.Collection;
using Ops.Dashboard.Features.ModelStore.FileSystem;
using Ops.Dashboard.Hosting;
using Ops.Data.ModelStore;
using Ops.Testing;

namespace Ops.Integration.Tests.Features.ModelStore;

public sealed class UploadFaultTests
{
    private static readonly (string Path, byte[] Bytes) Model = ("model.onnx", UploadClient.Onnx);

    [Fact]
    public async Task Put_EndsBetweenTheDiskAndTheRegistry_IsSimplyRepeated()
    {
        await using var host = await UploadHost.StartAsync();
        var client = await host.ClientAsync();
        var upload = await client.BeginAsync("digits", Model);

        host.Store.AfterWrite = () => new IOException("killed");
        using var killed = await client.PutAsync(upload.Id, upload.Files[0].Id, 1, Model.Bytes);
        host.Store.AfterWrite = null;

        Assert.Equal(HttpStatusCode.ServiceUnavailable, killed.StatusCode);
        Assert.Empty((await client.StatusAsync(upload.Id)).Files[0].Parts);
        await client.SendAsync(upload, Model);
        using var completed = await client.CompleteAsync(upload, Model);
        Assert.Equal("Completed", (await client.WaitForEndAsync(upload.Id)).State);
    }

    [Fact]
    public async Task Put_DiskFull_IsSaidPlainlyAndGoesOnOnceThereIsRoom()
    {
        await using var host = await UploadHost.StartAsync();
        var client = await host.ClientAsync();
        var upload = await client.BeginAsync("digits", Model);

        host.Store.BeforeWrite = () => new StoreFullException("full");
        using var full = await client.PutAsync(upload.Id, upload.Files[0].Id, 1, Model.Bytes);
        host.Store.BeforeWrite = null;

        Assert.Equal(HttpStatusCode.InsufficientStorage, full.StatusCode);
        Assert.Contains("full", await UploadClient.DetailAsync(full), StringComparison.Ordinal);
        Assert.Empty((await client.StatusAsync(upload.Id)).Files[0].Parts);
        await client.SendAsync(upload, Model);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Verify_EndsAroundTheStoreAndTheDashboardRestarts_BecomesOneVersion(bool before)
    {
        var first = await UploadHost.StartAsync();
        var person = await first.PersonAsync("olga");
        var client = first.ClientFor(person);
        var upload = await client.BeginAsync("digits", Model);
        await client.SendAsync(upload, Model);
        first.Store.BeforeComplete = before ? () => new IOException("killed") : null;
        first.Store.AfterComplete = before ? null : () => new IOException("killed");
        using (await client.CompleteAsync(upload, Model))
        {
            var stuck = await client.WaitAsync(upload.Id, s => s.Message is not null);
            Assert.Equal("Verifying", stuck.State);
        }

        await first.StopAsync();
        await using var second = await UploadHost.StartAsync(first.Root);
        var done = await second.ClientFor(person).WaitForEndAsync(upload.Id);

        Assert.Equal(("Completed", 1), (done.State, done.Version!.Number));
        await using var db = second.Db();
        Assert.Equal(1, await db.Versions.CountAsync());
        Assert.Equal(1, await db.AuditEntries.CountAsync(e => e.Action == "version.create"));
    }

    [Fact]
    public async Task Resume_AfterARestart_AsksOnlyForWhatIsMissing()
    {
        var bytes = UploadClient.Weights(17 * 1024 * 1024);
        var first = await UploadHost.StartAsync();
        var person = await first.PersonAsync("olga");
        var client = first.ClientFor(person);
        var upload = await client.BeginAsync("weights", ("model.gguf", bytes));
        foreach (var number in new[] { 3, 2 })
        {
            using var sent = await client.PutAsync(upload.Id, upload.Files[0].Id, number, UploadClient.Part(upload.Files[0], number, bytes));
        }

        await first.StopAsync();
        await using var second = await UploadHost.StartAsync(first.Root);
        client = second.ClientFor(person);
        var status = await client.StatusAsync(upload.Id);
        using var missing = await client.PutAsync(upload.Id, upload.Files[0].Id, 1, UploadClient.Part(upload.Files[0], 1, bytes));
        using var completed = await client.CompleteAsync(upload, ("model.gguf", bytes));

        Assert.Equal([[2, 3]], status.Files[0].Parts);
        Assert.Equal(UploadClient.Hash(bytes.AsSpan(8 * 1024 * 1024, 8 * 1024 * 1024)), status.Files[0].FirstPartSha256);
        Assert.Equal("Completed", (await client.WaitForEndAsync(upload.Id)).State);
        await using var db = second.Db();
        Assert.Equal(UploadClient.Hash(bytes), (await db.VersionFiles.SingleAsync()).Sha256);
    }

    [Fact]
    public async Task Verify_APartWasDamagedOnTheDisk_AsksForThatPartAgain()
    {
        await using var host = await UploadHost.StartAsync();
        var client = await host.ClientAsync();
        var bytes = UploadClient.Weights(17 * 1024 * 1024);
        var upload = await client.BeginAsync("weights", ("model.gguf", bytes));
        await client.SendAsync(upload, ("model.gguf", bytes));
        await using (var part = File.OpenWrite(Directory.EnumerateFiles(host.Root, "*.part", SearchOption.AllDirectories).Single()))
        {
            part.Position = 9 * 1024 * 1024;
            part.WriteByte((byte)~bytes[part.Position]);
        }

        using (await client.CompleteAsync(upload, ("model.gguf", bytes)))
        {
            var reopened = await client.WaitAsync(upload.Id, s => s is { State: "Open", Message: not null });
            Assert.Equal([[1, 1], [3, 3]], reopened.Files[0].Parts);
        }

        await client.SendAsync(upload, ("model.gguf", bytes));
        using var completed = await client.CompleteAsync(upload, ("model.gguf", bytes));
        Assert.Equal("Completed", (await client.WaitForEndAsync(upload.Id)).State);
    }

    [Fact]
    public async Task Collect_UploadsWithoutProgress_ExpireAndLoseTheirBytes()
    {
        var time = new ManualTime();
        await using var host = await UploadHost.StartAsync(time: time);
        var client = await host.ClientAsync();
        var idle = await client.BeginAsync("digits", Model);
        await client.SendAsync(idle, Model);
        // A jump, not days of seconds: each would wake every timer of the server.
        time.JumpTo(time.GetUtcNow().AddDays(6));
        var lively = await client.BeginAsync("digits", Model);
        await client.SendAsync(lively, Model);
        time.JumpTo(time.GetUtcNow().AddDays(2));

        await host.Get<StoreCollector>().CollectAsync(default);

        Assert.Equal("Expired", (await client.StatusAsync(idle.Id)).State);
        Assert.Equal("Open", (await client.StatusAsync(lively.Id)).State);
        await using var db = host.Db();
        var left = await host.Store.ListAsync(default).Select(o => o.ObjectId).ToListAsync();
        Assert.Equal([await db.UploadFiles.Where(f => f.UploadId == lively.Id).Select(f => f.ObjectId).SingleAsync()], left);
    }

    [Fact]
    public async Task Collect_ObjectsOfNothing_GoWhenOldAndLiveOnesNever()
    {
        var time = new ManualTime(DateTimeOffset.UnixEpoch.AddYears(100));
        await using var host = await UploadHost.StartAsync(time: time, configure: options => options.Lifetime = TimeSpan.FromDays(3650));
        var client = await host.ClientAsync();
        var version = await client.UploadAsync("digits", Model);
        var open = await client.BeginAsync("digits", Model);
        await client.SendAsync(open, Model);
        var orphan = ObjectIds.Create();
        await host.Store.BeginAsync(orphan, 10, default);
        var finished = ObjectIds.Create();
        await host.Store.BeginAsync(finished, 10, default);
        await host.Store.CompleteAsync(finished, default);

        // By this clock every file on the disk is decades old.
        await host.Get<StoreCollector>().CollectAsync(default);

        await using var db = host.Db();
        var live = await db.VersionFiles.Select(f => f.ObjectId).Union(db.UploadFiles.Where(f => f.UploadId == open.Id).Select(f => f.ObjectId)).ToListAsync();
        Assert.Equal(live.Order(), await host.Store.ListAsync(default).Select(o => o.ObjectId).Order().ToListAsync());
        Assert.Equal("Completed", version.State);
        Assert.Equal(0, await db.UploadParts.CountAsync(p => db.UploadFiles.Any(f => f.Id == p.FileId && f.UploadId == version.Id)));
        Assert.Equal(1, await db.UploadParts.CountAsync());
    }

    [Fact]
    public async Task Collect_OneStoreIsAway_ClearsTheOthers()
    {
        var before = await UploadHost.StartAsync();
        await using (var db = before.Db())
        {
            db.Stores.Add(Store.Create(new() { Id = Guid.CreateVersion7(), Name = SecondStore.StoreName, Kind = SecondKind.KindName, ByName = "ada", Now = TimeProvider.System.GetUtcNow() }).Value);
            await db.SaveChangesAsync();
        }

        await before.StopAsync();
        var second = new SecondStore(new FileSystemStore(new DataFolder(Directory.CreateDirectory(Path.Combine(before.Root, "second")).FullName)));
        await using var host = await UploadHost.StartAsync(
            before.Root, new ManualTime(DateTimeOffset.UnixEpoch.AddYears(100)), services: services => services.AddSingleton<IModelStoreKind>(new SecondKind(second)));
        await second.BeginAsync(ObjectIds.Create(), 10, default);
        host.Store.BeforeList = () => new IOException("away");

        await host.Get<StoreCollector>().CollectAsync(default);

        Assert.Empty(await second.ListAsync(default).ToListAsync());
    }

    [Fact]
    public async Task Collect_YoungObjectsOfNothing_AreLeftAlone()
    {
        await using var host = await UploadHost.StartAsync();
        var orphan = ObjectIds.Create();
        await host.Store.BeginAsync(orphan, 10, default);

        await host.Get<StoreCollector>().CollectAsync(default);

        Assert.Equal(orphan, (await host.Store.ListAsync(default).SingleAsync()).ObjectId);
    }
}
