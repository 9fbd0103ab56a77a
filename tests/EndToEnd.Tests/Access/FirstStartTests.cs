using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using Ops.Data.Access;
using Ops.EndToEnd.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Ops.EndToEnd.Tests.Access;

public sealed partial class FirstStartTests(BrowserFixture browser) : BrowserTest(browser)
{
    private const string Password = "four grey herons wade";

    [Fact]
    public async Task FirstStart_OnAFreshMachine_PrintsALinkThatMakesTheFirstAdministrator()
    {
        var dashboard = Own(await DashboardProcess.StartFreshAsync());
        Assert.True(File.Exists(Path.Combine(dashboard.DataPath, "ops.db")));
        var window = Own(await Browser.OpenAsync(dashboard, "first"));
        var page = window.Page;
        await Eventually.TrueAsync("The setup link", TimeSpan.FromSeconds(10), () => SetupLink().IsMatch(dashboard.Output));
        var link = SetupLink().Match(dashboard.Output).Value;
        Assert.StartsWith(dashboard.Address.ToString(), link, StringComparison.Ordinal);

        await page.GotoAsync("/");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Sign in" })).ToBeVisibleAsync();

        await page.GotoAsync(link);
        await page.GetByLabel("Name").FillAsync("ada");
        await page.GetByLabel("Password", new() { Exact = true }).FillAsync(Password);
        await page.GetByLabel("Password once more").FillAsync(Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Create the account" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Overview" })).ToBeVisibleAsync();

        await page.GotoAsync(link);
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Create the account" })).ToBeHiddenAsync();
        await using var db = dashboard.OpenRegistry();
        var person = await db.Users.SingleAsync();
        Assert.Equal("ada", person.UserName);
        Assert.True(person.Roles.HasFlag(Roles.Administrator));
        Assert.Empty(window.Errors);

        await dashboard.StopAsync();
        var told = dashboard.Output.Length;
        await dashboard.StartAgainAsync();
        Assert.DoesNotMatch(SetupLink(), dashboard.Output[told..]);
    }

    [GeneratedRegex(@"http://\S+/setup\?token=[\w-]+")]
    private static partial Regex SetupLink();
}
