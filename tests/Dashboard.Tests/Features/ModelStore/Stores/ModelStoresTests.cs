using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.Stores;
using Ops.Data;

namespace Ops.Dashboard.Tests.Features.ModelStore.Stores;

public sealed class ModelStoresTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Kinds_TwoOfOneName_Throw()
    {
        await using var world = await StoresWorld.CreateAsync();
        Assert.Throws<InvalidOperationException>(() => new ModelStores(
            world.Get<IDbContextFactory<RegistryDb>>(), [world.Buckets, world.Buckets], world.Get<StoreSecrets>(), world.Time, NullLogger<ModelStores>.Instance));
        Assert.Throws<InvalidOperationException>(() => new StoreForms([KnownForms.S3, KnownForms.S3], [world.Buckets]));
    }

    [Fact]
    public async Task Refresh_ChangedByAnotherDashboard_MakesThatOneAnew_AndKeepsTheOthers()
    {
        await using var world = await StoresWorld.CreateAsync();
        var store = await world.AddAsync();
        var other = world.Start().GetRequiredService<ModelStores>();
        var (minio, builtIn) = (other.Get("minio"), other.Default);
        var told = 0;
        other.Changed += () => told++;
        await other.RefreshAsync(Cancel);
        Assert.Equal(0, told);

        await world.Get<StoreCommands>().ChangeAsync(await world.CallerAsync(), store.Id, 0, StoresWorld.Bucket(bucket: "other"), new(), Cancel);
        Assert.Same(minio, other.Get("minio"));
        await other.RefreshAsync(Cancel);

        Assert.NotSame(minio, other.Get("minio"));
        Assert.Same(builtIn, other.Default);
        Assert.Equal(1, told);
    }

    [Fact]
    public async Task Start_KeysThatAreNotThere_TheStoreFailsWithItsReason_AndTheOthersWork()
    {
        await using var world = await StoresWorld.CreateAsync();
        await world.AddAsync();
        foreach (var key in Directory.GetFiles(Path.Combine(world.DataPath, "keys")))
        {
            File.Delete(key);
        }

        var other = world.Start().GetRequiredService<ModelStores>();

        Assert.Contains("Enter the secrets anew", other.Entries.Single(e => e.Row.Name == "minio").Problem, StringComparison.Ordinal);
        Assert.Equal(FailureKind.Unavailable, other.Choose("minio").Failure?.Kind);
        Assert.Throws<StoreUnavailableException>(() => other.Get("minio"));
        Assert.Equal("filesystem", other.Choose(null).Value.Name);
    }

    [Fact]
    public async Task Get_OfNoStore_IsAnIoFailure_SoThatWhoeverNeedsItTriesAgain()
    {
        await using var world = await StoresWorld.CreateAsync();
        Assert.IsAssignableFrom<IOException>(Record.Exception(() => world.Stores.Get("gone")));
        Assert.False(world.Stores.TryGet("gone", out _));
    }

    [Fact]
    public async Task Probe_FailsAndRecovers_SaysSinceWhen()
    {
        await using var world = await StoresWorld.CreateAsync();
        var store = await world.AddAsync();
        var (watch, states) = (world.Get<StoreWatch>(), world.Get<StoreStates>());
        var entry = world.Stores.Entries.Single(e => e.Row.Id == store.Id);
        await watch.ProbeAsync(entry, Cancel);
        Assert.Null(states.Find(store.Id)!.Problem);

        world.Time.Advance(TimeSpan.FromMinutes(1));
        var since = world.Time.GetUtcNow();
        world.Buckets.Broken["models"] = new StoreUnavailableException(StoreProblem.Unreachable, "Nobody answers at 127.0.0.1:9000.");
        await watch.ProbeAsync(entry, Cancel);
        world.Time.Advance(TimeSpan.FromMinutes(1));
        await watch.ProbeAsync(entry, Cancel);
        Assert.Equal(("Nobody answers at 127.0.0.1:9000.", since, world.Time.GetUtcNow()), (states.Find(store.Id)!.Problem, states.Find(store.Id)!.Since, states.Find(store.Id)!.SeenAt));

        world.Buckets.Broken.Clear();
        await watch.ProbeAsync(entry, Cancel);
        Assert.Null(states.Find(store.Id)!.Problem);
    }
}
