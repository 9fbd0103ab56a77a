using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using Ops.Dashboard.Features.ModelStore.S3;
using Ops.Data.Access;
using Ops.Data.ModelStore;
using Ops.EndToEnd.Tests.Support;
using Ops.Testing;
using static Microsoft.Playwright.Assertions;

namespace Ops.EndToEnd.Tests.Uploads;

/// <summary>Large files on their way from the browser into a bucket.</summary>
public sealed class DirectUploadTests(BrowserFixture browser) : BrowserTest(browser)
{
    private const int MiB = 1024 * 1024;
    private const string Prefix = "e2e/";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly string folder = Directory.CreateTempSubdirectory("ops-files-").FullName;
    private S3Server server = null!;
    private string bucket = "";

    public override async ValueTask InitializeAsync()
    {
        server = await S3Server.SharedAsync();
        bucket = await S3StoreRows.MakeBucketAsync(server);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Upload_StraightToTheStore_PausedAndReloaded_ArrivesWhole()
    {
        var port = DashboardProcess.FreePort();
        var proxy = Own(await CorsProxy.StartAsync(server.Endpoint, $"http://127.0.0.1:{port}"));
        var dashboard = await StartAsync(proxy, port);
        var file = await MakeFileAsync(300 * MiB);
        var olga = Own(await Browser.SignInAsync(dashboard, await dashboard.AddPersonAsync(Roles.Operator, "olga")));
        var card = await BeginAsync(olga, file, "Upload 300 MiB");
        await WaitForPartsAsync(dashboard, 2);

        await card.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Expect(card).ToContainTextAsync("Paused");
        await olga.Page.ReloadAsync();
        await Expect(card).ToContainTextAsync("Waiting for its files");
        var chooser = await olga.Page.RunAndWaitForFileChooserAsync(() => card.GetByRole(AriaRole.Button, new() { Name = "Choose the file" }).ClickAsync());
        await chooser.SetFilesAsync(file);

        await AssertArrivedAsync(dashboard, file);

        // What the store is too busy to say an address for goes through the dashboard; what the reload interrupted is sent again.
        Assert.InRange(proxy.Parts, 10, 19 + 6);
        await using var db = dashboard.OpenRegistry();
        Assert.Null((await db.Uploads.SingleAsync()).DirectTrouble);
        Assert.Empty(olga.Errors);
    }

    [Fact]
    public async Task Upload_TheStoreRefusesPages_GoesThroughTheDashboardAndSaysWhatToSet()
    {
        var proxy = Own(await CorsProxy.StartAsync(server.Endpoint, origin: null));
        var dashboard = await StartAsync(proxy, DashboardProcess.FreePort());
        var file = await MakeFileAsync(100 * MiB);
        var olga = Own(await Browser.SignInAsync(dashboard, await dashboard.AddPersonAsync(Roles.Operator, "olga")));
        var card = await BeginAsync(olga, file, "Upload 100 MiB");

        await Expect(card).ToContainTextAsync("does not let pages of");
        await Expect(card.GetByLabel("CORS rule")).ToContainTextAsync($"\"{dashboard.Address.GetLeftPart(UriPartial.Authority)}\"");
        await olga.Page.ReloadAsync();
        await Expect(card).ToContainTextAsync("does not let pages of");
        var chooser = await olga.Page.RunAndWaitForFileChooserAsync(() => card.GetByRole(AriaRole.Button, new() { Name = "Choose the file" }).ClickAsync());
        await chooser.SetFilesAsync(file);

        await AssertArrivedAsync(dashboard, file);
        Assert.Equal(0, proxy.Parts);
        await using var db = dashboard.OpenRegistry();
        Assert.Equal(DirectTrouble.NotAllowed, (await db.Uploads.SingleAsync()).DirectTrouble);
    }

    private async Task<DashboardProcess> StartAsync(CorsProxy proxy, int port) => Own(await DashboardProcess.StartAsync(
        (db, data) => S3StoreRows.AddAsync(db, data, server, new() { Bucket = bucket, Prefix = Prefix, PublicEndpoint = proxy.Address.GetLeftPart(UriPartial.Authority), DirectUploads = true }),
        port));

    private static async Task<ILocator> BeginAsync(SignedIn person, string file, string button)
    {
        await person.GoAsync("/models/upload");
        await person.Page.SetInputFilesAsync("#upload-files", file);
        await Expect(person.Page.GetByLabel("Model", new() { Exact = true })).ToHaveValueAsync("weights");
        await person.Page.GetByRole(AriaRole.Button, new() { Name = button }).ClickAsync();
        return person.Page.GetByRole(AriaRole.Region, new() { Name = "Upload to weights" });
    }

    private static async Task WaitForPartsAsync(DashboardProcess dashboard, int count) => await Eventually.TrueAsync($"{count} parts count", Patience, async () =>
    {
        await using var db = dashboard.OpenRegistry();
        return await db.UploadParts.CountAsync() >= count;
    });

    private async Task AssertArrivedAsync(DashboardProcess dashboard, string file)
    {
        await Eventually.TrueAsync("The upload is a version", Patience, async () =>
        {
            await using var db = dashboard.OpenRegistry();
            return await db.Versions.AnyAsync();
        });
        await using var registry = dashboard.OpenRegistry();
        var stored = (await registry.Versions.Include(v => v.Files).SingleAsync()).Files.Single();
        using var client = S3StoreRows.Client(server);
        using var answer = await client.GetObjectAsync(bucket, new S3Keys(Prefix).For(stored.ObjectId));
        await using var sent = File.OpenRead(file);
        Assert.Equal(await SHA256.HashDataAsync(sent), await SHA256.HashDataAsync(answer.ResponseStream));
    }

    private async Task<string> MakeFileAsync(int bytes)
    {
        var path = Path.Combine(folder, "weights.gguf");
        await using var stream = File.Create(path);
        await stream.WriteAsync("GGUF"u8.ToArray());
        var block = new byte[MiB];
        for (var left = bytes - 4; left > 0; left -= block.Length)
        {
            RandomNumberGenerator.Fill(block);
            await stream.WriteAsync(block.AsMemory(0, Math.Min(left, block.Length)));
        }

        return path;
    }
}
