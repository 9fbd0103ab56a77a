using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Live;

namespace Ops.Dashboard.Components;

/// <summary>
/// A component that shows something alive: call <see cref="Watch{T}"/> in OnInitialized; each batch is applied and rendered on the
/// circuit's dispatcher, and disposing the component ends the subscription and waits until nothing of it runs any more.
/// </summary>
public abstract class LiveComponent : ComponentBase, IAsyncDisposable
{
    private readonly CancellationTokenSource ended = new();
    private readonly List<Task> watches = [];
    private bool disposed;

    /// <summary>Watches nothing yet.</summary>
    protected LiveComponent() => Ended = ended.Token;

    /// <summary>Cancelled when the component goes away; work that is still under way then may go on asking for it.</summary>
    protected CancellationToken Ended { get; }

    /// <summary>Ends all watches and waits for them. An override disposes its own things after calling this one.</summary>
    public virtual async ValueTask DisposeAsync()
    {
        if (disposed)
        {
            return;
        }

        disposed = true;
        await ended.CancelAsync();
        await Task.WhenAll(watches);
        ended.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Subscribes to a feed; <paramref name="apply"/> changes the component's state, rendering follows by itself.</summary>
    protected void Watch<T>(SnapshotFeed<T> feed, Action<FeedBatch<T>> apply) =>
        Watch(feed, batch =>
        {
            apply(batch);
            StateHasChanged();
            return Task.CompletedTask;
        });

    /// <summary>Subscribes to a feed for something that draws by itself, such as a chart: no rendering follows.</summary>
    protected void Watch<T>(SnapshotFeed<T> feed, Func<FeedBatch<T>, Task> apply)
    {
        ArgumentNullException.ThrowIfNull(feed);
        ObjectDisposedException.ThrowIf(disposed, this);
        watches.Add(ReadAsync(feed.Subscribe(), apply));
    }

    private async Task ReadAsync<T>(FeedSubscription<T> subscription, Func<FeedBatch<T>, Task> apply)
    {
        using (subscription)
        {
            try
            {
                await foreach (var batch in subscription.ReadAsync(ended.Token).ConfigureAwait(false))
                {
                    await InvokeAsync(() => disposed ? Task.CompletedTask : apply(batch)).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException) when (ended.IsCancellationRequested)
            {
                // The component has gone.
            }
            catch (Exception failure)
            {
                // Shown by the page's error boundary; a live view that silently stopped would look healthy for ever.
                await DispatchExceptionAsync(failure).ConfigureAwait(false);
            }
        }
    }
}
