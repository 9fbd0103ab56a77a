using Microsoft.Playwright;

namespace Ops.EndToEnd.Tests.Support;

/// <summary>
/// One Chromium for a test class (<c>IClassFixture&lt;BrowserFixture&gt;</c>), the installed one: <c>OPS_TEST_CHROMIUM</c> names it,
/// else /usr/bin/chromium. Each person gets a context of their own, so that cookies stay apart.
/// </summary>
public sealed class BrowserFixture : IAsyncLifetime
{
    private IPlaywright? playwright;
    private IBrowser? browser;

    /// <summary>The running browser.</summary>
    public IBrowser Browser => browser ?? throw new InvalidOperationException("The browser is not started.");

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        playwright = await Playwright.CreateAsync();
        browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Environment.GetEnvironmentVariable("OPS_TEST_CHROMIUM") is { Length: > 0 } path ? path : "/usr/bin/chromium",
            Args = ["--no-sandbox", "--disable-dev-shm-usage"],
        });
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (browser is not null)
        {
            await browser.DisposeAsync();
        }

        playwright?.Dispose();
    }

    /// <summary>Opens a window and signs in through the page. Errors of its scripts are collected in <see cref="SignedIn.Errors"/>.</summary>
    public async Task<SignedIn> SignInAsync(DashboardProcess dashboard, TestPerson person, BrowserNewContextOptions? options = null)
    {
        options ??= new();
        options.BaseURL = dashboard.Address.ToString();
        var context = await Browser.NewContextAsync(options);
        var page = await context.NewPageAsync();
        List<string> errors = [];
        page.PageError += (_, error) => errors.Add(error);

        // A page with something unsaved asks before it is left; a person in a hurry says yes.
        page.Dialog += (_, dialog) => _ = dialog.AcceptAsync();
        await page.GotoAsync("/account/sign-in?returnUrl=/account");
        await page.GetByLabel("Name").FillAsync(person.Name);
        await page.GetByLabel("Password").FillAsync(person.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await page.WaitForURLAsync("**/account");
        return new(context, page, errors);
    }
}

/// <summary>A person's window.</summary>
/// <param name="Context">Cookies and storage of the person.</param>
/// <param name="Page">The first page.</param>
/// <param name="Errors">What scripts of the page failed with.</param>
public sealed record SignedIn(IBrowserContext Context, IPage Page, IReadOnlyList<string> Errors) : IAsyncDisposable
{
    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Context.DisposeAsync();
}
