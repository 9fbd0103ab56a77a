using Microsoft.Playwright;

namespace Ops.EndToEnd.Tests.Support;

/// <summary>A person's window. When the test has failed, it leaves a screenshot and a trace in the results (<c>playwright show-trace</c> opens it).</summary>
public sealed class SignedIn : IAsyncDisposable
{
    private const int MostTries = 15;
    private readonly List<string> errors = [];

    internal SignedIn(string who, IBrowserContext context, IPage page)
    {
        (Who, Context, Page) = (who, context, page);
        page.PageError += (_, error) => errors.Add(error);

        // A page with something unsaved asks before it is left; a person in a hurry says yes.
        page.Dialog += (_, dialog) => _ = dialog.AcceptAsync();
    }

    /// <summary>Whose it is.</summary>
    public string Who { get; }

    /// <summary>Cookies and storage of the person.</summary>
    public IBrowserContext Context { get; }

    /// <summary>The first page.</summary>
    public IPage Page { get; }

    /// <summary>What scripts of the page failed with.</summary>
    public IReadOnlyList<string> Errors => errors;

    /// <summary>Opens a page and waits until its circuit answers and it shows what it has.</summary>
    public async Task GoAsync(string path)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await Page.GotoAsync(path);
                break;
            }
            catch (PlaywrightException displaced) when (tries < MostTries && IsDisplaced(displaced))
            {
                // A page whose server has come back loads itself anew, and that may take the place of this navigation: let it.
                await Task.Delay(TimeSpan.FromSeconds(1));
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
            await Context.Tracing.StopAsync(new() { Path = TestFolders.Result($"{name}.zip") });
        }

        await Context.DisposeAsync();
    }
}
