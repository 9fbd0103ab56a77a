using Microsoft.Extensions.Options;

namespace Ops.Dashboard.Features.ModelStore.Collection;

/// <summary>Runs the collector now and then.</summary>
internal sealed class CollectorService(StoreCollector collector, TimeProvider time, IOptions<ModelStoreOptions> options, ILogger<CollectorService> log) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.CollectEvery, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await collector.CollectAsync(stoppingToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // Nothing is lost by collecting later.
                log.CollectionFailed(exception);
            }
        }
    }
}
