using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.Collection;
using Ops.Data.ModelStore;
using Ops.Integration.Tests.Features.ModelStore.Conformance;
using Ops.Testing;

namespace Ops.Integration.Tests.Features.ModelStore;

/// <summary>What is cleared away in a bucket that is not used any more.</summary>
public sealed class RetiredStoreTests : IAsyncLifetime
{
    private const int LargeSize = 17 * 1024 * 1024;
    private static readonly DateTimeOffset Today = TimeProvider.System.GetUtcNow();
    private S3TestStore made = null!;

    public async ValueTask InitializeAsync() => made = await S3TestStore.MakeAsync();

    public ValueTask DisposeAsync()
    {
        made.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Collect_RetiredSinceThen_ClearsOrphansAndUnfinishedUploadsAndNothingLive()
    {
        await using var host = await StartAsync(retiredAt: Today.AddDays(2));
        await (await host.ClientAsync()).UploadAsync("weights", ("model.gguf", UploadClient.Weights(1000)));
        await using var db = host.Db();
        var live = await db.VersionFiles.Select(f => f.ObjectId).SingleAsync();
        await PutAsync(live);
        await PutAsync(ObjectIds.Create());
        await made.Store.BeginAsync(ObjectIds.Create(), LargeSize, default);

        await host.Get<StoreCollector>().CollectAsync(default);

        var left = Assert.Single(await made.Store.ListAsync(default).ToListAsync());
        Assert.Equal((live, true), (left.ObjectId, left.IsComplete));
    }

    [Fact]
    public async Task Collect_YoungerThanTheRetiring_BelongsToOthersAndStays()
    {
        await using var host = await StartAsync(retiredAt: Today.AddDays(-2));
        await PutAsync(ObjectIds.Create());
        await made.Store.BeginAsync(ObjectIds.Create(), LargeSize, default);

        await host.Get<StoreCollector>().CollectAsync(default);

        Assert.Equal([false, true], (await made.Store.ListAsync(default).ToListAsync()).Select(item => item.IsComplete).Order());
    }

    // A dashboard thirty days from now, whose bucket was retired on a day that the test chooses.
    private async Task<UploadHost> StartAsync(DateTimeOffset retiredAt)
    {
        var kind = new SecondKind(new SecondStore(made.Store));
        var host = await UploadHost.StartAsync(time: new ManualTime(Today.AddDays(30)), services: services => services.AddSingleton<IModelStoreKind>(kind));
        await using var db = host.Db();
        var row = Store.Create(new() { Id = Guid.CreateVersion7(), Name = SecondStore.StoreName, Kind = SecondKind.KindName, ByName = "ada", Now = Today.AddDays(-10) }).Value;
        Assert.True(row.Retire("ada", retiredAt).Succeeded);
        db.Stores.Add(row);
        await db.SaveChangesAsync();
        await host.Get<ModelStores>().RefreshAsync(default);
        Assert.Contains(host.Get<ModelStores>().Entries, entry => entry.Row.Id == row.Id && entry.Store is not null);
        return host;
    }

    private async Task PutAsync(string objectId)
    {
        var begun = await made.Store.BeginAsync(objectId, 3, default);
        await made.Store.WritePartAsync(begun, begun.Part(1), new MemoryStream(new byte[3]), default);
    }
}
