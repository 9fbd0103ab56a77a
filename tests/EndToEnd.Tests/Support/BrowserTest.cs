using System.Runtime.ExceptionServices;

namespace Ops.EndToEnd.Tests.Support;

/// <summary>
/// A test with browsers and dashboards. What it owns is disposed after the test has ended, in reverse order, because only then it is known
/// whether it failed and windows and dashboards should leave screenshots, traces and logs.
/// </summary>
public abstract class BrowserTest(BrowserFixture browser) : IAsyncLifetime
{
    private readonly Stack<IAsyncDisposable> owned = new();

    /// <summary>The browser.</summary>
    protected BrowserFixture Browser => browser;

    /// <inheritdoc/>
    public virtual ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public virtual async ValueTask DisposeAsync()
    {
        ExceptionDispatchInfo? first = null;
        while (owned.TryPop(out var thing))
        {
            try
            {
                await thing.DisposeAsync();
            }
            catch (Exception exception)
            {
                first ??= ExceptionDispatchInfo.Capture(exception);
            }
        }

        GC.SuppressFinalize(this);
        first?.Throw();
    }

    /// <summary>Hands something over to be disposed after the test.</summary>
    protected T Own<T>(T thing)
        where T : IAsyncDisposable
    {
        owned.Push(thing);
        return thing;
    }
}
