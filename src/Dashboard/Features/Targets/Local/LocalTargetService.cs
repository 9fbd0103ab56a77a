namespace Ops.Dashboard.Features.Targets.Local;

/// <summary>Opens the local target with the dashboard and closes it with it.</summary>
internal sealed class LocalTargetService(LocalTargetDriver driver, ILogger<LocalTargetDriver> log) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource stopped = new();
    private Task opening = Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        // The pages come up meanwhile: another dashboard may hold the folder for as long as it drains.
        opening = Task.Run(() => OpenAsync(stopped.Token), CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopped.CancelAsync();
        await opening;
        await driver.CloseAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => stopped.Dispose();

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
