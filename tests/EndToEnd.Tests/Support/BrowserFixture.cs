using Microsoft.Playwright;
using Ops.EndToEnd.Tests.Support;

[assembly: AssemblyFixture(typeof(BrowserFixture))]

namespace Ops.EndToEnd.Tests.Support;

/// <summary>
/// One Chromium for all tests, the installed one: <c>OPS_TEST_CHROMIUM</c> names it, else /usr/bin/chromium. Take it as a constructor's
/// parameter. Each person gets a context of their own, so that cookies stay apart.
/// </summary>
public sealed class BrowserFixture : IAsyncLifetime
{
    // No sandbox, because the tests may run as root in a container; nothing that phones home or asks questions.
    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", "--disable-default-apps",
        "--disable-extensions", "--disable-sync", "--metrics-recording-only", "--no-first-run", "--mute-audio",
    ];

    /// <summary>How long the browser may take for what has no limit of its own: one that hangs fails a test, and does not keep all others waiting.</summary>
    internal static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private static readonly string Program = Environment.GetEnvironmentVariable("OPS_TEST_CHROMIUM") is { Length: > 0 } path ? path : "/usr/bin/chromium";
    private IPlaywright? playwright;
    private IBrowser? browser;

    /// <summary>The running browser.</summary>
    public IBrowser Browser => browser ?? throw new InvalidOperationException("The browser is not started.");

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        if (!File.Exists(Program))
        {
            throw new InvalidOperationException($"The browser tests need Chromium, and {Program} is not there. Install it (Debian: apt-get install chromium) or let OPS_TEST_CHROMIUM name it.");
        }

        try
        {
            // A busy machine may take longer than Playwright's five seconds to show what is on its way; a right page is no slower for it.
            Assertions.SetDefaultExpectTimeout(30_000);
            playwright = await Playwright.CreateAsync();
            browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Program, Args = Arguments, Timeout = 60_000 });
        }
        catch (PlaywrightException exception)
        {
            throw new InvalidOperationException($"The browser tests could not start {Program}. Does '{Program} --headless --no-sandbox --dump-dom about:blank' work? {exception.Message}", exception);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (browser is not null)
        {
            await browser.DisposeAsync().AsTask().WaitAsync(Longest);
        }

        playwright?.Dispose();
    }

    /// <summary>Opens a window in which nobody is signed in. Errors of its scripts are collected in <see cref="SignedIn.Errors"/>.</summary>
    public async Task<SignedIn> OpenAsync(DashboardProcess dashboard, string who = "stranger", BrowserNewContextOptions? options = null)
    {
        options ??= new() { ViewportSize = new() { Width = 1280, Height = 900 } };
        options.BaseURL = dashboard.Address.ToString();
        var context = await Browser.NewContextAsync(options).WaitAsync(Longest);

        // Snapshots of every step make a trace that can be walked through, and the tests half as fast.
        await context.Tracing.StartAsync(new() { Snapshots = Environment.GetEnvironmentVariable("OPS_TEST_SNAPSHOTS") == "1" });
        return new(who, context, await context.NewPageAsync().WaitAsync(Longest));
    }

    /// <summary>Opens a window and signs in through the page.</summary>
    public async Task<SignedIn> SignInAsync(DashboardProcess dashboard, TestPerson person, BrowserNewContextOptions? options = null)
    {
        var window = await OpenAsync(dashboard, person.Name, options);
        await SignInAsync(window, person);
        return window;
    }

    /// <summary>Starts a browser of its own over a profile, which keeps what a browser keeps when it is closed and opened again, and signs in. Disposing closes it.</summary>
    /// <param name="dashboard">What it looks at.</param>
    /// <param name="person">Who signs in.</param>
    /// <param name="profile">The folder of the profile; made when it is not there.</param>
    public async Task<SignedIn> OpenProfileAsync(DashboardProcess dashboard, TestPerson person, string profile)
    {
        var context = await playwright!.Chromium.LaunchPersistentContextAsync(
            profile, new() { ExecutablePath = Program, Args = Arguments, Timeout = 60_000, BaseURL = dashboard.Address.ToString(), ViewportSize = new() { Width = 1280, Height = 900 } });
        await context.Tracing.StartAsync();
        var window = new SignedIn(person.Name, context, context.Pages[0]);
        await SignInAsync(window, person);
        return window;
    }

    private static async Task SignInAsync(SignedIn window, TestPerson person)
    {
        var page = window.Page;
        await page.GotoAsync("/account/sign-in?returnUrl=/account");
        await page.GetByLabel("Name").FillAsync(person.Name);
        await page.GetByLabel("Password").FillAsync(person.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await page.WaitForURLAsync("**/account");
    }
}
