using System.Globalization;
using Microsoft.Playwright;

namespace Ops.EndToEnd.Tests.Support;

/// <summary>A person's window. When the test has failed, it leaves a screenshot and a trace in the results (<c>playwright show-trace</c> opens it).</summary>
public sealed class SignedIn : IAsyncDisposable
{
    private const int MostTries = 15;
    private const int MostTabs = 3;
    private const float LongestLoadMilliseconds = 15_000;
    private readonly List<string> errors = [];

    internal SignedIn(string who, IBrowserContext context, IPage page)
    {
        (Who, Context) = (who, context);
        Page = Watch(page);
    }

    /// <summary>Whose it is.</summary>
    public string Who { get; }

    /// <summary>Cookies and storage of the person.</summary>
    public IBrowserContext Context { get; }

    /// <summary>The page in front; another one once a tab had to be given up.</summary>
    public IPage Page { get; private set; }

    /// <summary>What scripts of the page failed with.</summary>
    public IReadOnlyList<string> Errors => errors;

    /// <summary>Opens a page and waits until its circuit answers and it shows what it has.</summary>
    public async Task GoAsync(string path)
    {
        var tabs = 1;
        for (var tries = 1; ; tries++)
        {
            try
            {
                await Page.GotoAsync(path, new() { Timeout = LongestLoadMilliseconds });
                break;
            }
            catch (PlaywrightException displaced) when (tries < MostTries && IsDisplaced(displaced))
            {
                // A page whose server has come back loads itself anew, and that may take the place of this navigation: let it.
                await Task.Delay(TimeSpan.FromSeconds(1));
            }
            catch (TimeoutException stuck) when (tabs < MostTabs)
            {
                // The browser can lose a navigation that begins while the page loads itself anew. A person opens another tab; the log keeps
                // whether the server answered meanwhile, because a server that does not would be a fault of ours.
                tabs++;
                TestContext.Current.TestOutputHelper?.WriteLine($"{Who}: {path} did not load from {Page.Url}; the server itself answers {await AskAsync(path)}. {stuck.Message}");
                var given = Page;
                Page = Watch(await Context.NewPageAsync().WaitAsync(BrowserFixture.Longest));
                await given.CloseAsync().WaitAsync(BrowserFixture.Longest);
            }
        }

        await SettleAsync();
    }

    /// <summary>Waits until the page's circuit answers, its heading is there and nothing in it is still being loaded or waits for its script.</summary>
    public async Task SettleAsync()
    {
        var missing = "";
        await Eventually.TrueAsync($"{Page.Url} is ready", TimeSpan.FromSeconds(20), async () => (missing = await MissingAsync()).Length == 0, () => missing);
    }

    private IPage Watch(IPage page)
    {
        page.PageError += (_, error) => errors.Add(error);

        // A page with something unsaved asks before it is left; a person in a hurry says yes.
        page.Dialog += (_, dialog) => _ = dialog.AcceptAsync();
        return page;
    }

    // The same request with the same cookies, past the tab.
    private async Task<string> AskAsync(string path)
    {
        try
        {
            var answer = await Context.APIRequest.GetAsync(path, new() { Timeout = LongestLoadMilliseconds });
            return answer.Status.ToString(CultureInfo.InvariantCulture);
        }
        catch (Exception exception) when (exception is PlaywrightException or TimeoutException)
        {
            return exception.Message;
        }
    }

    private static bool IsDisplaced(PlaywrightException exception) =>
        exception.Message.Contains("ERR_ABORTED", StringComparison.Ordinal) || exception.Message.Contains("interrupted by another navigation", StringComparison.Ordinal);

    private Task<string> MissingAsync() => Page.EvaluateAsync<string>(
        """
        () => window.Blazor && document.documentElement.dataset.connection !== 'live' ? 'no circuit'
          : document.querySelector('h1') === null ? 'no heading'
          : document.querySelector('main .skeleton, .loading-page, main [inert]')?.outerHTML ?? ''
        """);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (TestContext.Current.TestState?.Result == TestResult.Failed)
        {
            var name = $"{TestContext.Current.Test?.TestDisplayName ?? "test"}-{Who}";
            await Page.ScreenshotAsync(new() { Path = TestFolders.Result($"{name}.png"), FullPage = true });
            await Context.Tracing.StopAsync(new() { Path = TestFolders.Result($"{name}.zip") }).WaitAsync(BrowserFixture.Longest);
        }

        await Context.DisposeAsync().AsTask().WaitAsync(BrowserFixture.Longest);
    }
}
