using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using Ops.Data.Access;
using Ops.Data.ModelStore;
using Ops.EndToEnd.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Ops.EndToEnd.Tests.Uploads;

/// <summary>Large files on their way from the browser into a bucket.</summary>
public sealed class DirectUploadTests(BrowserFixture browser) : DirectUploadTest(browser)
{
    [Fact]
    public async Task Upload_StraightToTheStore_PausedAndReloaded_ArrivesWhole()
    {
        var proxy = await StartAsync();
        var file = await MakeFileAsync(300 * MiB);
        var olga = Own(await Browser.SignInAsync(Dashboard, await Dashboard.AddPersonAsync(Roles.Operator, "olga")));
        var card = await BeginAsync(olga, file, "Upload 300 MiB");
        await WaitForPartsAsync(Model, 2);

        await card.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Expect(card).ToContainTextAsync("Paused");
        await olga.Page.ReloadAsync();
        await Expect(card).ToContainTextAsync("Waiting for its files");
        await ChooseAgainAsync(olga.Page, file);

        await AssertArrivedAsync(file);

        // What the store is too busy to say an address for goes through the dashboard; what the reload interrupted is sent again.
        Assert.InRange(proxy.Parts.Count, 10, 19 + 6);
        await using var db = Dashboard.OpenRegistry();
        Assert.Null((await db.Uploads.SingleAsync()).DirectTrouble);
        Assert.Empty(olga.Errors);
    }

    [Fact]
    public async Task Upload_TheStoreRefusesPages_GoesThroughTheDashboardAndSaysWhatToSet()
    {
        var proxy = await StartAsync(letsPagesIn: false);
        var file = await MakeFileAsync(100 * MiB);
        var olga = Own(await Browser.SignInAsync(Dashboard, await Dashboard.AddPersonAsync(Roles.Operator, "olga")));
        var card = await BeginAsync(olga, file, "Upload 100 MiB");

        await Expect(card).ToContainTextAsync("does not let pages of");
        await Expect(card.GetByLabel("CORS rule")).ToContainTextAsync($"\"{Dashboard.Address.GetLeftPart(UriPartial.Authority)}\"");
        await olga.Page.ReloadAsync();
        await Expect(card).ToContainTextAsync("does not let pages of");
        await ChooseAgainAsync(olga.Page, file);

        await AssertArrivedAsync(file);
        Assert.Empty(proxy.Parts);
        await using var db = Dashboard.OpenRegistry();
        Assert.Equal(DirectTrouble.NotAllowed, (await db.Uploads.SingleAsync()).DirectTrouble);
    }
}
