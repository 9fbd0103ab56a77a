using Microsoft.Extensions.Options;
using Ops.Runtime.Configuration;

namespace Ops.Runtime.Lifecycle;

/// <summary>
/// Stops the process without failing a request. It runs before the server stops: readiness goes false at once, requests
/// are still answered for a grace (each answer closing its connection) so that routers can notice, then new ones are
/// turned away and the ones in flight finish.
/// </summary>
internal sealed class DrainService(IOptions<RuntimeOptions> options, RuntimeState state, RequestsInFlight inFlight, TimeProvider time, ILogger<DrainService> log)
    : IHostedLifecycleService
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        var (grace, timeout) = (options.Value.DrainGraceSeconds, options.Value.DrainTimeoutSeconds);
        var wasReady = state.IsReady;
        state.BeginDrain();
        log.DrainStarted(grace, inFlight.Count);
        if (wasReady)
        {
            await Task.Delay(TimeSpan.FromSeconds(grace), time, cancellationToken);
        }

        await state.BeginRefusingAsync();
        if (!await IsEmptyWithinAsync(timeout, cancellationToken))
        {
            // Ended in order, not left to the end of the process, which must not find the engine at work.
            log.DrainTimedOut(inFlight.Count, timeout);
            await inFlight.CutOffAsync();
            if (!await IsEmptyWithinAsync(LifecycleFeature.CutOffSeconds, cancellationToken))
            {
                return;
            }
        }

        log.Drained();
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<bool> IsEmptyWithinAsync(double seconds, CancellationToken cancellation)
    {
        var start = time.GetTimestamp();
        while (inFlight.Count > 0)
        {
            if (time.GetElapsedTime(start).TotalSeconds >= seconds)
            {
                return false;
            }

            await Task.Delay(Look, time, cancellation);
        }

        return true;
    }
}
