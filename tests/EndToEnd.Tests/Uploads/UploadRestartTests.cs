using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using Ops.Data.Access;
using Ops.EndToEnd.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Ops.EndToEnd.Tests.Uploads;

public sealed class UploadRestartTests(BrowserFixture browser) : UploadTest(browser)
{
    private const string Model = "big-weights";
    private DashboardProcess dashboard = null!;

    protected override DashboardProcess Dashboard => dashboard;

    public override async ValueTask InitializeAsync() => dashboard = Own(await DashboardProcess.StartAsync());

    [Fact]
    public async Task Upload_PausedReloadedAndTheServerKilled_ArrivesWhole()
    {
        var file = await MakeFileAsync("big-weights.gguf", 121 * MiB);
        var person = await Dashboard.AddPersonAsync(Roles.Operator, "olga");
        var olga = Own(await Browser.SignInAsync(Dashboard, person));
        var page = olga.Page;
        await LimitAsync(olga, 10 * MiB);

        await page.GotoAsync("/models/upload");
        await page.SetInputFilesAsync("#upload-files", file);
        await Expect(page.GetByLabel("Model", new() { Exact = true })).ToHaveValueAsync("big-weights");
        await page.GetByRole(AriaRole.Button, new() { Name = "Upload 121 MiB" }).ClickAsync();
        var card = page.GetByRole(AriaRole.Region, new() { Name = "Upload to big-weights" });
        await WaitForPartsAsync(Model, 3);

        await card.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Expect(card).ToContainTextAsync("Paused");
        await page.WaitForTimeoutAsync(1000);
        var paused = await PartsAsync(Model);
        await page.WaitForTimeoutAsync(1500);
        Assert.Equal(paused, await PartsAsync(Model));
        await card.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();
        await WaitForPartsAsync(Model, paused + 1);

        await page.ReloadAsync();
        await LimitAsync(olga, 10 * MiB);
        await Expect(card).ToContainTextAsync("Waiting for its files");
        var afterReload = await PartsAsync(Model);
        var chooser = await page.RunAndWaitForFileChooserAsync(() => card.GetByRole(AriaRole.Button, new() { Name = "Choose the file" }).ClickAsync());
        await chooser.SetFilesAsync(file);
        await WaitForPartsAsync(Model, afterReload + 2);

        await Dashboard.KillAsync();
        await Expect(card).ToContainTextAsync("The server does not answer");
        await Dashboard.StartAgainAsync();
        await LimitAsync(olga, -1);

        var version = await WaitForVersionAsync(Model);
        await page.WaitForURLAsync("**/models/big-weights/versions/1");
        await Expect(page.GetByText("big-weights.gguf").First).ToBeVisibleAsync();
        await using var db = Dashboard.OpenRegistry();
        var stored = Path.Combine(Dashboard.DataPath, "store", "objects", version.Files[0].ObjectId[..2], version.Files[0].ObjectId);
        Assert.Equal(await HashAsync(file), await HashAsync(stored));
        Assert.Equal(await HashAsync(file), version.Files[0].Sha256);
        Assert.Equal(1, await db.Uploads.CountAsync());
        Assert.Empty(olga.Errors);
    }
}
