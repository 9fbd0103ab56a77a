using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.FileSystem;
using Ops.Dashboard.Features.ModelStore.Integrity;
using Ops.Dashboard.Features.ModelStore.Moves;
using Ops.Dashboard.Features.ModelStore.Recording;
using Ops.Dashboard.Features.ModelStore.Stores;
using Ops.Dashboard.Hosting;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.ModelStore;
using Ops.Data.Registry;
using Ops.Integration.Tests.Features.ModelStore.Conformance;
using Ops.Integration.Tests.Features.ModelStore.Git;

namespace Ops.Integration.Tests.Features.ModelStore;

/// <summary>A version that moves from one store to another is at every moment whole in the store that the registry names.</summary>
public sealed class VersionMoveTests
{
    private static readonly (string Path, byte[] Bytes)[] Files = [("model.onnx", UploadClient.Onnx), ("labels.txt", "0 1 2"u8.ToArray()), ("empty.txt", [])];

    [Fact]
    public async Task Move_TwoStores_CopiesSwitchesAndThenDeletes()
    {
        await using var host = await UploadHost.StartAsync();
        var world = await World.StartAsync(host);

        Assert.True((await world.Commands.RequestAsync(world.Admin, world.Version.Id, SecondStore.StoreName)).Succeeded);
        Assert.Equal(FailureKind.Conflict, (await world.Commands.RequestAsync(world.Admin, world.Version.Id, SecondStore.StoreName)).Failure?.Kind);
        await world.Mover.TurnAsync(default);

        var moved = await host.VersionAsync("digits", 1);
        Assert.Equal((SecondStore.StoreName, world.Version.Digest), (moved.Store, moved.Digest));
        await world.AssertWholeAsync(moved);
        Assert.Empty(host.Objects());
        await using var db = host.Db();
        Assert.Equal(VersionMoveState.Done, (await db.VersionMoves.SingleAsync()).State);
        Assert.Equal(
            ["version.create", "version.move", "version.moved"],
            await db.AuditEntries.Where(e => e.SubjectId == moved.Id.ToString()).OrderBy(e => e.Id).Select(e => e.Action).ToListAsync());
    }

    [Theory]
    [InlineData("filesystem", "s3")]
    [InlineData("s3", "git")]
    [InlineData("git", "filesystem")]
    public async Task Move_BetweenKinds_KeepsEveryByteAndLeavesNothingBehind(string from, string to)
    {
        using var place = new GitPlace();
        using var bucket = await S3TestStore.MakeAsync();
        var folder = Directory.CreateTempSubdirectory("ops-move-");
        IModelStore Of(string kind) => kind switch { "s3" => bucket.Store, "git" => place.Store(), _ => new FileSystemStore(new DataFolder(folder.FullName)) };
        await using (var host = await UploadHost.StartAsync(store: Of(from)))
        {
            // More than one part in every kind of store.
            var world = await World.StartAsync(host, Of(to), [.. Files, ("weights.gguf", UploadClient.Weights(17 * 1024 * 1024))]);

            Assert.True((await world.Commands.RequestAsync(world.Admin, world.Version.Id, SecondStore.StoreName)).Succeeded);
            await world.Mover.TurnAsync(default);

            var moved = await host.VersionAsync("digits", 1);
            await world.AssertWholeAsync(moved, SecondStore.StoreName);
            Assert.Empty(await host.Store.ListAsync(default).ToListAsync());
            Assert.Equal(moved.Files.Select(f => f.ObjectId).Order(), await world.Second.ListAsync(default).Where(o => o.IsComplete).Select(o => o.ObjectId).Order().ToListAsync());
        }

        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Move_SharedObject_StaysForTheOtherVersion()
    {
        await using var host = await UploadHost.StartAsync();
        var world = await World.StartAsync(host);
        await host.ClientFor(world.Person).UploadAsync("other", Files[0]);

        Assert.True((await world.Commands.RequestAsync(world.Admin, world.Version.Id, SecondStore.StoreName)).Succeeded);
        await world.Mover.TurnAsync(default);

        Assert.Single(host.Objects());
        await world.AssertWholeAsync(await host.VersionAsync("other", 1));
        await world.AssertWholeAsync(await host.VersionAsync("digits", 1));
    }

    [Theory]
    [InlineData("write")]
    [InlineData("complete")]
    [InlineData("full")]
    public async Task Move_EndsHalfway_LosesNothingAndGoesOn(string where)
    {
        await using var host = await UploadHost.StartAsync();
        var world = await World.StartAsync(host);
        world.Second.BeforeWrite = where == "complete" ? null : () => where == "full" ? new StoreFullException("full") : new IOException("killed");
        world.Second.AfterComplete = where == "complete" ? () => new IOException("killed") : null;
        Assert.True((await world.Commands.RequestAsync(world.Admin, world.Version.Id, SecondStore.StoreName)).Succeeded);

        await world.Mover.TurnAsync(default);

        var still = await host.VersionAsync("digits", 1);
        Assert.Equal("filesystem", still.Store);
        await world.AssertWholeAsync(still);
        (world.Second.BeforeWrite, world.Second.AfterComplete) = (null, null);
        if (where == "full")
        {
            await using var db = host.Db();
            Assert.Equal((VersionMoveState.Failed, "The store second is full."), await db.VersionMoves.Select(m => ValueTuple.Create(m.State, m.FailureMessage)).SingleAsync());
            Assert.True((await world.Commands.RequestAsync(world.Admin, world.Version.Id, SecondStore.StoreName)).Succeeded);
        }

        await world.Mover.TurnAsync(default);
        await world.AssertWholeAsync(await host.VersionAsync("digits", 1), SecondStore.StoreName);
    }

    [Fact]
    public async Task Move_SourceRotten_FailsAndHasTheVersionVerified()
    {
        await using var host = await UploadHost.StartAsync();
        var world = await World.StartAsync(host);
        var rotten = host.FileOf(world.Version.Files.Single(f => f.Path == "model.onnx"));
        File.Delete(rotten);
        await File.WriteAllBytesAsync(rotten, new byte[UploadClient.Onnx.Length]);
        Assert.True((await world.Commands.RequestAsync(world.Admin, world.Version.Id, SecondStore.StoreName)).Succeeded);

        await world.Mover.TurnAsync(default);

        Assert.Equal("filesystem", (await host.VersionAsync("digits", 1)).Store);
        await host.UntilAsync(db => db.Versions.AnyAsync(v => v.Id == world.Version.Id && v.State == VersionState.Damaged));
    }

    [Fact]
    public async Task Request_WithoutTheRightOrToNowhere_IsRefused()
    {
        await using var host = await UploadHost.StartAsync();
        var world = await World.StartAsync(host);

        Assert.Equal(FailureKind.Forbidden, (await world.Commands.RequestAsync(LifeCycleHost.As(world.Person), world.Version.Id, SecondStore.StoreName)).Failure?.Kind);
        Assert.Equal(FailureKind.Invalid, (await world.Commands.RequestAsync(world.Admin, world.Version.Id, "nowhere")).Failure?.Kind);
        Assert.Equal(FailureKind.Invalid, (await world.Commands.RequestAsync(world.Admin, world.Version.Id, "filesystem")).Failure?.Kind);
    }

    private sealed record World(UploadHost Host, Person Person, Caller Admin, SecondStore Second, ModelStores Stores, ModelVersion Version)
    {
        public MoveCommands Commands => new(Host.Get<CommandRunner>(), Stores);

        public VersionMover Mover => new(
            Host.Get<IDbContextFactory<RegistryDb>>(), Stores, Host.Get<CommandRunner>(), Host.Get<IntegrityCommands>(), Host.Get<RecordingQueue>(), Host.Get<MoveBoard>(), TimeProvider.System, NullLogger<VersionMover>.Instance);

        public static async Task<World> StartAsync(UploadHost host, IModelStore? to = null, (string Path, byte[] Bytes)[]? files = null)
        {
            var person = await host.PersonAsync("olga");
            await host.ClientFor(person).UploadAsync("digits", files ?? Files);
            var second = new SecondStore(to ?? new FileSystemStore(new DataFolder(Directory.CreateDirectory(Path.Combine(host.Root, "second")).FullName)));
            var admin = LifeCycleHost.As(await host.PersonAsync("ada", Roles.Administrator));
            await using (var db = host.Db())
            {
                db.Stores.Add(Store.Create(new() { Id = Guid.CreateVersion7(), Name = SecondStore.StoreName, Kind = SecondKind.KindName, ByName = "ada", Now = TimeProvider.System.GetUtcNow() }).Value);
                await db.SaveChangesAsync();
            }

            var stores = new ModelStores(
                host.Get<IDbContextFactory<RegistryDb>>(), [.. host.Get<IEnumerable<IModelStoreKind>>(), new SecondKind(second)], host.Get<StoreSecrets>(), TimeProvider.System, NullLogger<ModelStores>.Instance);
            return new(host, person, admin, second, stores, await host.VersionAsync("digits", 1));
        }

        public async Task AssertWholeAsync(ModelVersion version, string? store = null)
        {
            Assert.Equal(store ?? version.Store, version.Store);
            foreach (var file in version.Files)
            {
                await using var stream = await Stores.Get(version.Store).OpenReadAsync(file.ObjectId, default);
                Assert.Equal((file.Sha256, file.SizeBytes), await ObjectHash.ComputeAsync(stream, null, default));
            }
        }
    }
}
