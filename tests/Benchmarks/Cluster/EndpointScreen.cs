using Microsoft.Playwright;
using Ops.Benchmarks.Uploads;

namespace Ops.Benchmarks.Cluster;

/// <summary>An endpoint's page in Debian's Chromium.</summary>
internal sealed class EndpointScreen : IAsyncDisposable
{
    // How often the page says of a replica that it is ready.
    private const string Count = "() => ((document.querySelector('main') ?? document.body).innerText.match(/\\bReady\\b/gi) ?? []).length";
    private readonly IPlaywright playwright;
    private readonly IBrowser browser;
    private readonly IPage page;

    private EndpointScreen(IPlaywright playwright, IBrowser browser, IPage page) => (this.playwright, this.browser, this.page) = (playwright, browser, page);

    /// <summary>Signs in and opens it.</summary>
    public static async Task<EndpointScreen> OpenAsync(Uri dashboard, string endpoint)
    {
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Environment.GetEnvironmentVariable("OPS_TEST_CHROMIUM") ?? "/usr/bin/chromium",
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update"],
        });
        var page = await browser.NewPageAsync(new() { BaseURL = dashboard.ToString() });
        await page.GotoAsync("/account/sign-in?returnUrl=/account");
        await page.GetByLabel("Name").FillAsync(MeasuredServer.Name);
        await page.GetByLabel("Password").FillAsync(MeasuredServer.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await page.WaitForURLAsync("**/account");
        await page.GotoAsync($"/endpoints/{endpoint}");
        var screen = new EndpointScreen(playwright, browser, page);
        await page.WaitForFunctionAsync($"() => ({Count})() > 0");
        await page.WaitForTimeoutAsync(3000);
        return screen;
    }

    /// <summary>What it shows now.</summary>
    public Task<int> ReadAsync() => page.EvaluateAsync<int>(Count);

    /// <summary>Waits until it shows something else.</summary>
    public Task ChangedAsync(int seen) => page.WaitForFunctionAsync($"seen => ({Count})() !== seen", seen, new() { PollingInterval = 16, Timeout = 30_000 });

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await browser.CloseAsync();
        playwright.Dispose();
    }
}
