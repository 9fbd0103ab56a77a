using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.Stores;
using Ops.Data;
using Ops.Data.ModelStore;
using Ops.Data.Registry;

namespace Ops.Dashboard.Tests.Features.ModelStore.Stores;

public sealed class StoreUseCommandsTests
{
    [Fact]
    public async Task Defaults_DecideWhereAnUploadGoes_AnExplicitChoiceFirst()
    {
        await using var world = await StoresWorld.CreateAsync();
        var (fast, slow) = (await world.AddAsync("fast", "one"), await world.AddAsync("slow", "two"));
        var (use, caller) = (world.Get<StoreUseCommands>(), await world.CallerAsync());
        Assert.True((await use.SetDefaultAsync(caller, fast.Id, StoreDefaultScope.Production)).Succeeded);
        Assert.True((await use.SetDefaultAsync(caller, slow.Id, StoreDefaultScope.Everything)).Succeeded);

        Assert.Equal("slow", world.Stores.Default.Name);
        Assert.Equal("slow", world.Stores.Choose(null).Value.Name);
        Assert.Equal("slow", world.Stores.Choose(null, StoreDefaultScope.Dev).Value.Name);
        Assert.Equal("fast", world.Stores.Choose(null, StoreDefaultScope.Production).Value.Name);
        Assert.Equal("filesystem", world.Stores.Choose("filesystem", StoreDefaultScope.Production).Value.Name);
        Assert.Equal("store", world.Stores.Choose("../../etc/passwd").Failure?.Field);

        Assert.Equal(FailureKind.Conflict, (await use.SetDefaultAsync(caller, slow.Id, StoreDefaultScope.Everything)).Failure?.Kind);
        Assert.Equal(FailureKind.Conflict, (await use.ClearDefaultAsync(caller, StoreDefaultScope.Everything)).Failure?.Kind);
        Assert.True((await use.ClearDefaultAsync(caller, StoreDefaultScope.Production)).Succeeded);
        Assert.Equal("slow", world.Stores.Choose(null, StoreDefaultScope.Production).Value.Name);
        var moved = (await world.AuditAsync("store.set-default")).Single(e => e.AfterJson!.Contains("Everything", StringComparison.Ordinal));
        Assert.Contains("filesystem", moved.BeforeJson, StringComparison.Ordinal);
        Assert.Contains("slow", moved.AfterJson, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Retire_WhileItIsNeeded_IsRefusedSayingByWhat()
    {
        await using var world = await StoresWorld.CreateAsync();
        var store = await world.AddAsync();
        var (use, caller) = (world.Get<StoreUseCommands>(), await world.CallerAsync());
        await use.SetDefaultAsync(caller, store.Id, StoreDefaultScope.Staging);
        Assert.Contains("default for staging", (await use.RetireAsync(caller, store.Id, 0, "old")).Failure?.Message, StringComparison.Ordinal);

        await use.ClearDefaultAsync(caller, StoreDefaultScope.Staging);
        await world.AddVersionsAsync("minio", 7);
        await using (var db = world.Db())
        {
            db.Uploads.Add(Upload.Begin(new() { ModelId = Guid.NewGuid(), ModelName = "letters", PersonId = Guid.NewGuid(), PersonName = "olga", Store = "minio", Now = world.Time.GetUtcNow(), Lifetime = TimeSpan.FromDays(1) }, []));
            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        var message = (await use.RetireAsync(caller, store.Id, 0, "old")).Failure?.Message;
        Assert.Equal("minio still holds versions (digits 7, digits 6, digits 5, digits 4, digits 3 and 2 more) and unfinished uploads (letters by olga).", message);
        Assert.Null((await world.FindAsync("minio")).RetiredAt);
    }

    [Fact]
    public async Task Retire_WhileSomethingIsOnItsWayThere_IsRefusedSayingWhat()
    {
        await using var world = await StoresWorld.CreateAsync();
        var store = await world.AddAsync();
        var (use, caller) = (world.Get<StoreUseCommands>(), await world.CallerAsync());
        await world.AddVersionsAsync("filesystem", 1);
        var import = Transfer.Begin(new() { ModelName = "letters", Source = "https://host/letters.onnx", ProtectedAddress = "x", Store = "minio", PersonId = Guid.NewGuid(), PersonName = "olga", Now = world.Time.GetUtcNow() });
        await using (var db = world.Db())
        {
            var version = await db.Versions.Include(v => v.Files).SingleAsync(TestContext.Current.CancellationToken);
            db.AddRange(import, VersionMove.Begin(version, "minio", () => Guid.NewGuid().ToString("N"), "olga", world.Time.GetUtcNow()));
            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal("minio still holds imports under way (letters by olga) and a version that is being moved there.", (await use.RetireAsync(caller, store.Id, 0, "old")).Failure?.Message);

        await using (var db = world.Db())
        {
            db.AttachRange(import, await db.VersionMoves.SingleAsync(TestContext.Current.CancellationToken));
            Assert.True(import.Cancel(world.Time.GetUtcNow()).Succeeded && db.VersionMoves.Local.Single().Cancel(world.Time.GetUtcNow()).Succeeded);
            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        Assert.True((await use.RetireAsync(caller, store.Id, 0, "old")).Succeeded);
    }

    [Fact]
    public async Task Retire_ThenRestore_TakesItOutOfUseAndBack()
    {
        await using var world = await StoresWorld.CreateAsync();
        var store = await world.AddAsync();
        var (use, caller) = (world.Get<StoreUseCommands>(), await world.CallerAsync());

        Assert.True((await use.RetireAsync(caller, store.Id, 0, "replaced")).Succeeded);
        Assert.DoesNotContain(world.Stores.All, s => s.Name == "minio");
        Assert.Equal("store", world.Stores.Choose("minio").Failure?.Field);

        // Whoever still has its name, such as an upload that began at that moment, can go on.
        Assert.Equal("minio", world.Stores.Get("minio").Name);
        Assert.Equal(FailureKind.Conflict, (await use.SetDefaultAsync(caller, store.Id, StoreDefaultScope.Dev)).Failure?.Kind);
        Assert.Equal(FailureKind.Conflict, (await use.RestoreAsync(caller, store.Id, 0)).Failure?.Kind);
        Assert.True((await use.RestoreAsync(caller, store.Id, 1)).Succeeded);
        Assert.Contains(world.Stores.All, s => s.Name == "minio");
        Assert.Equal("replaced", Assert.Single(await world.AuditAsync("store.retire")).Reason);
    }

    [Fact]
    public async Task List_SaysWhatEachHolds()
    {
        await using var world = await StoresWorld.CreateAsync();
        await world.AddAsync();
        await world.AddVersionsAsync("minio", 3);

        var rows = await world.Get<StoreQueries>().ListAsync();

        Assert.Equal([("filesystem", 0, 0L), ("minio", 3, 300L)], rows.Select(r => (r.Name, r.Use.Versions, r.Use.Bytes)));
        Assert.Equal([StoreDefaultScope.Everything], rows[0].DefaultFor);
        Assert.Equal("http://127.0.0.1:9000 · models/ops", rows[1].Where.TrimEnd('/'));
    }
}
