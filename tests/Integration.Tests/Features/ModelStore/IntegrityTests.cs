using System.Net;
using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.ModelStore.Integrity;
using Ops.Data.Registry;

namespace Ops.Integration.Tests.Features.ModelStore;

public sealed class IntegrityTests
{
    private static readonly (string Path, byte[] Bytes) Model = ("model.onnx", UploadClient.Onnx);

    [Fact]
    public async Task Verify_BytesChangedAndPutBack_DamagesAndRecovers()
    {
        await using var host = await UploadHost.StartAsync();
        var person = await host.PersonAsync("olga");
        var client = host.ClientFor(person);
        await client.UploadAsync("digits", Model, ("labels.txt", "0 1 2"u8.ToArray()));
        var version = await host.VersionAsync("digits", 1);
        Assert.NotNull(version.LastVerifiedAt);
        var file = host.FileOf(version.Files.Single(f => f.Path == "model.onnx"));
        await AlterAsync(file, bytes => bytes[1000] ^= 1);

        await host.VerifyAsync(person, version);

        var damaged = await host.VersionAsync("digits", 1);
        Assert.Equal(VersionState.Damaged, damaged.State);
        Assert.StartsWith("model.onnx was changed in the store", damaged.DamageMessage, StringComparison.Ordinal);
        using (var refused = await client.Http.GetAsync("/models/digits/versions/1/files/labels.txt"))
        {
            Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        }

        await AlterAsync(file, bytes => bytes[1000] ^= 1);
        await host.VerifyAsync(person, version);

        var recovered = await host.VersionAsync("digits", 1);
        Assert.Equal((VersionState.Ready, (string?)null), (recovered.State, recovered.DamageMessage));
        Assert.True(recovered.LastVerifiedAt >= damaged.LastVerifiedAt);
        await using var db = host.Db();
        var audited = await db.AuditEntries.Where(e => e.SubjectId == version.Id.ToString()).OrderBy(e => e.Id).Select(e => e.Action).ToListAsync();
        Assert.Equal(["version.create", "version.verify", "version.damage", "version.verify", "version.recover"], audited);
    }

    [Fact]
    public async Task Verify_SharedObjectDamagedAndPutBack_IsTrueOfAllVersionsThatHaveIt()
    {
        await using var host = await UploadHost.StartAsync();
        var person = await host.PersonAsync("olga");
        var client = host.ClientFor(person);
        await client.UploadAsync("digits", Model);
        await client.UploadAsync("letters", Model);
        var version = await host.VersionAsync("digits", 1);
        await AlterAsync(host.Objects().Single(), bytes => bytes[1000] ^= 1);

        await host.VerifyAsync(person, version);
        await host.UntilAsync(async db => await db.Versions.CountAsync(v => v.State == VersionState.Damaged && v.VerifyRequestedAt == null) == 2);

        await AlterAsync(host.Objects().Single(), bytes => bytes[1000] ^= 1);
        await host.VerifyAsync(person, version);
        await host.UntilAsync(async db => await db.Versions.CountAsync(v => v.State == VersionState.Ready) == 2);
    }

    [Fact]
    public async Task Verify_ObjectMissing_SaysWhichFile()
    {
        await using var host = await UploadHost.StartAsync();
        var person = await host.PersonAsync("olga");
        await host.ClientFor(person).UploadAsync("digits", Model);
        var version = await host.VersionAsync("digits", 1);
        File.Delete(host.FileOf(version.Files[0]));

        await host.VerifyAsync(person, version);

        Assert.Equal("model.onnx is missing from the store.", (await host.VersionAsync("digits", 1)).DamageMessage);
    }

    [Fact]
    public async Task Verify_StoreNotThere_IsNoDamage()
    {
        await using var host = await UploadHost.StartAsync();
        await (await host.ClientAsync()).UploadAsync("digits", Model);
        var version = await host.VersionAsync("digits", 1);
        var (there, away) = (Path.Combine(host.Root, "store", "objects"), Path.Combine(host.Root, "away"));
        Directory.Move(there, away);
        try
        {
            await Assert.ThrowsAnyAsync<IOException>(() => host.Get<VersionChecker>().CheckAsync(version.Id, new ReadPace(0, TimeProvider.System), default));
        }
        finally
        {
            Directory.Move(away, there);
        }

        Assert.Equal(VersionState.Ready, (await host.VersionAsync("digits", 1)).State);
    }

    [Fact]
    public async Task Turn_NothingAsked_TakesWhatWasVerifiedLongestAgo()
    {
        await using var host = await UploadHost.StartAsync();
        var client = await host.ClientAsync();
        await client.UploadAsync("digits", Model);
        await client.UploadAsync("digits", ("weights.gguf", UploadClient.Weights(4000)));
        var old = await host.VersionAsync("digits", 2);
        var then = TimeProvider.System.GetUtcNow() - TimeSpan.FromDays(31);
        await using (var db = host.Db())
        {
            await db.Versions.Where(v => v.Id == old.Id).ExecuteUpdateAsync(set => set.SetProperty(v => v.LastVerifiedAt, then));
        }

        var other = (await host.VersionAsync("digits", 1)).LastVerifiedAt;
        host.Get<IntegrityWake>().Wake();

        await host.UntilAsync(db => db.Versions.AnyAsync(v => v.Id == old.Id && v.LastVerifiedAt > then));
        Assert.Equal(other, (await host.VersionAsync("digits", 1)).LastVerifiedAt);
    }

    [Fact]
    public async Task Request_DashboardRestarts_IsDoneAfterwards()
    {
        var first = await UploadHost.StartAsync();
        var person = await first.PersonAsync("olga");
        await first.ClientFor(person).UploadAsync("digits", Model);
        var version = await first.VersionAsync("digits", 1);
        var reading = new TaskCompletionSource();
        first.Store.BeforeRead = async _ =>
        {
            reading.TrySetResult();
            await Task.Delay(Timeout.Infinite, first.Stopping);
        };
        Assert.True((await first.Get<IntegrityCommands>().RequestAsync(LifeCycleHost.As(person), version.Id)).Succeeded);
        await reading.Task.WaitAsync(TimeSpan.FromSeconds(60));
        await first.StopAsync();

        await using var second = await UploadHost.StartAsync(first.Root);

        await second.UntilAsync(db => db.Versions.AnyAsync(v => v.Id == version.Id && v.VerifyRequestedAt == null));
        Assert.Equal(VersionState.Ready, (await second.VersionAsync("digits", 1)).State);
    }

    [Fact]
    public async Task Cancel_WhileReading_StopsAndTakesItOutOfTheLine()
    {
        await using var host = await UploadHost.StartAsync();
        var person = await host.PersonAsync("olga");
        await host.ClientFor(person).UploadAsync("digits", Model);
        var version = await host.VersionAsync("digits", 1);
        var board = host.Get<IntegrityBoard>();
        var (reading, gate) = (new TaskCompletionSource(), new TaskCompletionSource());
        host.Store.BeforeRead = async _ =>
        {
            reading.TrySetResult();
            await gate.Task;
        };
        Assert.True((await host.Get<IntegrityCommands>().RequestAsync(LifeCycleHost.As(person), version.Id)).Succeeded);
        await reading.Task.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Single(board.Progress.Snapshot());

        Assert.True((await host.Get<IntegrityCommands>().CancelAsync(LifeCycleHost.As(person), version.Id)).Succeeded);
        gate.SetResult();

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (board.Progress.Snapshot().Count > 0)
        {
            await Task.Delay(25, patience.Token);
        }

        var left = await host.VersionAsync("digits", 1);
        Assert.Equal((null, version.LastVerifiedAt), (left.VerifyRequestedAt, left.LastVerifiedAt));
    }

    [Fact]
    public async Task Download_AllOfBytesThatChanged_BreaksOffAndHasThemVerified()
    {
        await using var host = await UploadHost.StartAsync();
        var client = await host.ClientAsync();
        await client.UploadAsync("digits", Model);
        var version = await host.VersionAsync("digits", 1);
        await AlterAsync(host.FileOf(version.Files[0]), bytes => bytes[1000] ^= 1);

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => client.Http.GetByteArrayAsync("/models/digits/versions/1/download"));

        await host.UntilAsync(db => db.Versions.AnyAsync(v => v.Id == version.Id && v.State == VersionState.Damaged));
    }

    private static async Task AlterAsync(string file, Action<byte[]> change)
    {
        var bytes = await File.ReadAllBytesAsync(file);
        change(bytes);
        File.Delete(file);
        await File.WriteAllBytesAsync(file, bytes);
    }
}
