using Microsoft.EntityFrameworkCore;
using Ops.Data.Access;
using Ops.EndToEnd.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Ops.EndToEnd.Tests.Uploads;

/// <summary>
/// Uploads into a bucket that lose the dashboard or the browser on the way. The store's door opens for as many parts as the test says, so that
/// what is there, what was told to the dashboard and what is still on its way is known when the blow falls.
/// </summary>
public sealed class DirectUploadSurvivalTests(BrowserFixture browser) : DirectUploadTest(browser)
{
    // Parts of 16 MiB: three whole ones and a little.
    private const int FileBytes = (48 * MiB) + 1000;
    private const string Button = "Upload 48 MiB";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Upload_TheDashboardIsKilled_GoesOnByItselfWithWhatIsMissing()
    {
        var proxy = await StartAsync();
        var file = await MakeFileAsync(FileBytes);
        var olga = Own(await Browser.SignInAsync(Dashboard, await Dashboard.AddPersonAsync(Roles.Operator, "olga")));
        proxy.Let(1);
        var card = await BeginAsync(olga, file, Button);
        await WaitForPartsAsync(Model, 1);

        await Dashboard.KillAsync();

        // One part reaches the store while nobody can be told; the others lose their connection.
        proxy.Let(1);
        await Eventually.TrueAsync("A second part is in the store", Patience, () => proxy.Parts.Count == 2);
        await Eventually.TrueAsync("The others wait", Patience, () => proxy.Waiting == 2);
        proxy.Drop();
        await Expect(card).ToContainTextAsync("The server does not answer");
        Assert.Equal(1, await PartsAsync(Model));

        proxy.Let(100);
        await Dashboard.StartAgainAsync();

        await AssertArrivedAsync(file);
        await olga.Page.WaitForURLAsync($"**/models/{Model}/versions/1");
        Assert.Equal([1, 2, 3, 4], proxy.Parts.Order());
        await AssertNothingWentThroughTheDashboardAsync();
        Assert.Empty(olga.Errors);
    }

    [Fact]
    public async Task Upload_TheBrowserIsClosed_GoesOnInTheNextOneWithWhatIsMissing()
    {
        var proxy = await StartAsync();
        var file = await MakeFileAsync(FileBytes);
        var profile = Path.Combine(Folder, "profile");
        var person = await Dashboard.AddPersonAsync(Roles.Operator, "olga");
        await using (var before = await Browser.OpenProfileAsync(Dashboard, person, profile))
        {
            proxy.Let(1);
            await BeginAsync(before, file, Button);
            await WaitForPartsAsync(Model, 1);

            // In the store, and the page is gone before it can say so.
            await before.Page.RouteAsync("**/api/uploads/*/parts", route => route.AbortAsync());
            proxy.Let(1);
            await Eventually.TrueAsync("A second part is in the store", Patience, () => proxy.Parts.Count == 2);
        }

        // What the closed browser was sending can never become whole, and its connections must not take the places of the next one's.
        proxy.Drop();
        proxy.Let(100);
        Assert.Equal((2, 1), (proxy.Parts.Count, await PartsAsync(Model)));

        var after = Own(await Browser.OpenProfileAsync(Dashboard, person, profile));
        await after.GoAsync("/models/upload");
        await Expect(CardOn(after.Page)).ToContainTextAsync("Waiting for its files");
        await ChooseAgainAsync(after.Page, file);

        await AssertArrivedAsync(file);
        await after.Page.WaitForURLAsync($"**/models/{Model}/versions/1");
        Assert.Equal([1, 2, 3, 4], proxy.Parts.Order());
        await AssertNothingWentThroughTheDashboardAsync();
        Assert.Empty(after.Errors);
    }

    private async Task AssertNothingWentThroughTheDashboardAsync()
    {
        await using var db = Dashboard.OpenRegistry();
        Assert.Null((await db.Uploads.SingleAsync()).DirectTrouble);
    }
}
