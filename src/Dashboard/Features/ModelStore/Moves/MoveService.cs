namespace Ops.Dashboard.Features.ModelStore.Moves;

/// <summary>Carries moves of versions on, also those that a restart interrupted.</summary>
internal sealed class MoveService(VersionMover mover, TimeProvider time, ILogger<MoveService> log) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Look, time);
        do
        {
            try
            {
                await mover.TurnAsync(stoppingToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                log.TurnFailed(exception);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
