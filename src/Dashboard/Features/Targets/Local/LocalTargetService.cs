namespace Ops.Dashboard.Features.Targets.Local;

/// <summary>Opens the local target with the dashboard and closes it with it.</summary>
internal sealed class LocalTargetService(LocalTargetDriver driver, ILogger<LocalTargetDriver> log) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource stopped = new();
    private readonly Lock gate = new();
    private Task opening = Task.CompletedTask;
    private Task? closing;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        // The pages come up meanwhile: another dashboard may hold the folder for as long as it drains.
        opening = Task.Run(() => OpenAsync(stopped.Token), CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        // A host may be told to stop from two sides, the second time when the first has disposed this already.
        lock (gate)
        {
            return closing ??= CloseAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => stopped.Dispose();

    private async Task CloseAsync(CancellationToken cancellation)
    {
        await stopped.CancelAsync();
        await opening;
        await driver.CloseAsync(cancellation);
    }

    private async Task OpenAsync(CancellationToken cancellation)
    {
        try
        {
            await driver.OpenAsync(cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Stopped before it began.
        }
        catch (Exception e)
        {
            log.LocalTargetNotOpened(e);
            driver.Problem = $"The local target could not be opened: {e.Message}";
        }
    }
}
