using System.Diagnostics;
using Microsoft.Playwright;
using Ops.Benchmarks.Uploads;

namespace Ops.Benchmarks.Cluster;

/// <summary>An endpoint's page in Debian's Chromium.</summary>
internal sealed class EndpointScreen : IAsyncDisposable
{
    private const string Replicas = "() => [...document.querySelectorAll('.replica-head')].map(head => head.innerText).join()";
    private const string Sentence = "() => document.querySelector('.endpoint-banner')?.innerText ?? ''";
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
        await page.WaitForFunctionAsync($"() => ({Replicas})().length > 0");
        await page.WaitForTimeoutAsync(3000);
        return screen;
    }

    /// <summary>Does something that changes both the replicas and the sentence about the endpoint on the page.</summary>
    /// <param name="change">What is done.</param>
    /// <returns>How long it took until the page showed the replicas otherwise, and until it said something else of the endpoint, from before it was done.</returns>
    public async Task<(TimeSpan Replicas, TimeSpan Sentence)> ShowsAsync(Func<Task> change)
    {
        var (replicas, sentence) = (await page.EvaluateAsync<string>(Replicas), await page.EvaluateAsync<string>(Sentence));
        var clock = Stopwatch.StartNew();
        await change();
        var shown = await Task.WhenAll(ChangedAsync(Replicas, replicas, clock), ChangedAsync(Sentence, sentence, clock));
        return (shown[0], shown[1]);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await browser.CloseAsync();
        playwright.Dispose();
    }

    private async Task<TimeSpan> ChangedAsync(string what, string before, Stopwatch clock)
    {
        await page.WaitForFunctionAsync($"before => ({what})() !== before", before, new() { PollingInterval = 16, Timeout = 30_000 });
        return clock.Elapsed;
    }
}
