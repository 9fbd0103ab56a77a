using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.ModelStore.Collection;
using Ops.Dashboard.Features.ModelStore.Retention;
using Ops.Data.Registry;
using Ops.Testing;

namespace Ops.Integration.Tests.Features.ModelStore;

/// <summary>Equal bytes are stored once, and never lost while a version has them.</summary>
public sealed class SharedObjectTests
{
    private static readonly (string Path, byte[] Bytes) Model = ("model.onnx", UploadClient.Onnx);

    [Fact]
    public async Task Upload_BytesThatAreThere_ShareOneObjectUntilTheLastVersionIsGone()
    {
        await using var host = await UploadHost.StartAsync();
        var person = await host.PersonAsync("olga");
        var client = host.ClientFor(person);
        await client.UploadAsync("digits", Model, ("copy/model.onnx", UploadClient.Onnx));
        Assert.Single(host.Objects());

        await client.UploadAsync("letters", Model, ("labels.txt", "a b c"u8.ToArray()));

        var (digits, letters) = (await host.VersionAsync("digits", 1), await host.VersionAsync("letters", 1));
        Assert.Equal(2, host.Objects().Count);
        Assert.Equal(digits.Files.Select(f => f.ObjectId).Distinct(), letters.Files.Where(f => f.Path == "model.onnx").Select(f => f.ObjectId));
        Assert.Equal(new StorageUsed(1, 2L * UploadClient.Onnx.Length, UploadClient.Onnx.Length), await host.Get<StorageQueries>().OfModelAsync(digits.ModelId, default));

        await PurgeAsync(host, person, digits, "digits");
        Assert.Equal(UploadClient.Onnx, await client.Http.GetByteArrayAsync("/models/letters/versions/1/files/model.onnx"));

        await PurgeAsync(host, person, letters, "letters");
        Assert.Empty(host.Objects());
        var tombstone = await host.VersionAsync("letters", 1);
        Assert.Equal((VersionState.Purged, letters.Digest, "olga"), (tombstone.State, tombstone.Digest, tombstone.DeletedByName));
        await client.UploadAsync("letters", Model);
        Assert.Equal(VersionState.Ready, (await host.VersionAsync("letters", 2)).State);
    }

    [Fact]
    public async Task Upload_BytesThatHaveRottenInTheStore_KeepsItsOwn()
    {
        await using var host = await UploadHost.StartAsync();
        var client = await host.ClientAsync();
        await client.UploadAsync("digits", Model);
        var rotten = host.Objects().Single();
        File.Delete(rotten);
        await File.WriteAllBytesAsync(rotten, new byte[UploadClient.Onnx.Length]);

        await client.UploadAsync("digits", Model);

        Assert.NotEqual((await host.VersionAsync("digits", 1)).Files[0].ObjectId, (await host.VersionAsync("digits", 2)).Files[0].ObjectId);
        Assert.Equal(UploadClient.Onnx, await client.Http.GetByteArrayAsync("/models/digits/versions/2/files/model.onnx"));
    }

    [Fact]
    public async Task Upload_HolderPurgedBetweenFindingAndWriting_KeepsItsOwn()
    {
        await using var host = await UploadHost.StartAsync();
        var person = await host.PersonAsync("olga");
        var client = host.ClientFor(person);
        await client.UploadAsync("digits", Model);
        var first = await host.VersionAsync("digits", 1);
        host.Store.BeforeRead = async id =>
        {
            if (id == first.Files[0].ObjectId)
            {
                // The object was found and is about to be read back; its bytes are still there for that.
                host.Store.BeforeRead = null;
                await host.DeleteAsync(person, first, "digits");
            }
        };

        await client.UploadAsync("digits", Model);
        await host.AgeAsync(first);
        Assert.True((await host.Get<DeletionCommands>().PurgeAsync(first.Id, default)).Succeeded);

        Assert.Equal(UploadClient.Onnx, await client.Http.GetByteArrayAsync("/models/digits/versions/2/files/model.onnx"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Upload_AndPurgeOfTheSameBytesAtOnce_NeverLosesThem(bool onPostgres)
    {
        var postgres = onPostgres ? await PostgresServer.CreateDatabaseAsync() : null;
        await using (var host = await UploadHost.StartAsync(postgres: postgres))
        {
            var person = await host.PersonAsync("olga");
            var client = host.ClientFor(person);
            var bytes = UploadClient.Weights(2000);
            await client.UploadAsync("digits", ("w.gguf", bytes));
            for (var round = 1; round <= 8; round++)
            {
                var old = await host.VersionAsync("digits", round);
                var upload = client.UploadAsync("digits", ("w.gguf", bytes));
                var purge = Task.Run(async () =>
                {
                    await host.DeleteAsync(person, old, "digits");
                    await host.AgeAsync(old);
                    return await host.Get<DeletionCommands>().PurgeAsync(old.Id, default);
                });
                await Task.WhenAll(upload, purge);
                await host.Get<StoreCollector>().CollectAsync(default);

                var purged = await purge;
                Assert.True(purged.Succeeded, purged.Failure?.Message);
                Assert.Equal(bytes, await client.Http.GetByteArrayAsync($"/models/digits/versions/{round + 1}/files/w.gguf"));
            }

            Assert.Single(host.Objects());
        }

        if (postgres is not null)
        {
            await PostgresServer.DropDatabaseAsync(postgres);
        }
    }

    [Fact]
    public async Task Collect_ObjectOfADeletedVersion_StaysUntilThatIsFinal()
    {
        await using var host = await UploadHost.StartAsync(configure: o => o.OrphanAge = TimeSpan.FromMinutes(1));
        var person = await host.PersonAsync("olga");
        await host.ClientFor(person).UploadAsync("digits", Model);
        var version = await host.VersionAsync("digits", 1);
        await host.DeleteAsync(person, version, "digits");
        File.SetLastWriteTimeUtc(host.Objects().Single(), new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        await host.Get<StoreCollector>().CollectAsync(default);
        Assert.Single(host.Objects());

        // Killed between the commit and the deletion of the bytes.
        await using (var db = host.Db())
        {
            await db.Versions.ExecuteUpdateAsync(set => set.SetProperty(v => v.State, VersionState.Purged));
        }

        await host.Get<StoreCollector>().CollectAsync(default);
        Assert.Empty(host.Objects());
    }

    private static async Task PurgeAsync(UploadHost host, Ops.Data.Access.Person person, ModelVersion version, string model)
    {
        await host.DeleteAsync(person, version, model);
        Assert.False((await host.Get<DeletionCommands>().PurgeAsync(version.Id, default)).Succeeded);
        await host.AgeAsync(version);
        await host.Get<RetentionService>().TurnAsync(default);
    }
}
