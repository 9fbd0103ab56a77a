using Microsoft.Playwright;
using Ops.Dashboard.Features.ModelStore.S3;
using Ops.EndToEnd.Tests.Support;
using Ops.Testing;
using static Microsoft.Playwright.Assertions;

namespace Ops.EndToEnd.Tests.Uploads;

/// <summary>A test that sends files from the browser into a bucket of a real S3 server.</summary>
public abstract class DirectUploadTest(BrowserFixture browser) : UploadTest(browser)
{
    /// <summary>What the uploads go to.</summary>
    protected const string Model = "weights";

    private const string Prefix = "e2e/";
    private S3Server server = null!;
    private string bucket = "";
    private DashboardProcess? dashboard;

    /// <inheritdoc/>
    protected override DashboardProcess Dashboard => dashboard ?? throw new InvalidOperationException("The dashboard is not started.");

    /// <inheritdoc/>
    public override async ValueTask InitializeAsync()
    {
        server = await S3Server.SharedAsync();
        bucket = await S3StoreRows.MakeBucketAsync(server);
    }

    /// <summary>Starts the dashboard over a bucket that browsers reach through a proxy, which lets its pages in or nobody.</summary>
    private protected async Task<CorsProxy> StartAsync(bool letsPagesIn = true)
    {
        var port = DashboardProcess.FreePort();
        var proxy = Own(await CorsProxy.StartAsync(server.Endpoint, letsPagesIn ? $"http://127.0.0.1:{port}" : null));
        dashboard = Own(await DashboardProcess.StartAsync(
            (db, data) => S3StoreRows.AddAsync(db, data, server, new() { Bucket = bucket, Prefix = Prefix, PublicEndpoint = proxy.Address.GetLeftPart(UriPartial.Authority), DirectUploads = true }),
            port));
        return proxy;
    }

    /// <summary>Makes the file that goes there.</summary>
    protected Task<string> MakeFileAsync(int bytes) => MakeFileAsync($"{Model}.gguf", bytes);

    /// <summary>Begins an upload on the page.</summary>
    /// <returns>Its card.</returns>
    protected static async Task<ILocator> BeginAsync(SignedIn person, string file, string button)
    {
        await person.GoAsync("/models/upload");
        await person.Page.SetInputFilesAsync("#upload-files", file);
        await Expect(person.Page.GetByLabel("Model", new() { Exact = true })).ToHaveValueAsync(Model);
        await person.Page.GetByRole(AriaRole.Button, new() { Name = button }).ClickAsync();
        return CardOn(person.Page);
    }

    /// <summary>The card of the upload.</summary>
    protected static ILocator CardOn(IPage page) => page.GetByRole(AriaRole.Region, new() { Name = $"Upload to {Model}" });

    /// <summary>Chooses the file again for an upload that waits for it.</summary>
    protected static async Task ChooseAgainAsync(IPage page, string file)
    {
        var choose = CardOn(page).GetByRole(AriaRole.Button, new() { Name = "Choose the file" });
        var chooser = await page.RunAndWaitForFileChooserAsync(() => choose.ClickAsync());
        await chooser.SetFilesAsync(file);
    }

    /// <summary>Waits for the version and compares what the bucket has with the file.</summary>
    protected async Task AssertArrivedAsync(string file)
    {
        var stored = (await WaitForVersionAsync(Model)).Files.Single();
        using var client = S3StoreRows.Client(server);
        using var answer = await client.GetObjectAsync(bucket, new S3Keys(Prefix).For(stored.ObjectId));
        Assert.Equal(await HashAsync(file), Convert.ToHexStringLower(await System.Security.Cryptography.SHA256.HashDataAsync(answer.ResponseStream)));
    }
}
