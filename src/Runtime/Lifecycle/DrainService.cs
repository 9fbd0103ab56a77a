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

        state.BeginRefusing();
        var start = time.GetTimestamp();
        while (inFlight.Count > 0)
        {
            if (time.GetElapsedTime(start).TotalSeconds >= timeout)
            {
                log.DrainTimedOut(inFlight.Count, timeout);
                return;
            }

            await Task.Delay(Look, time, cancellationToken);
        }

        log.Drained();
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
