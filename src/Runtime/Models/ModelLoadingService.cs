using Ops.Runtime.Lifecycle;

namespace Ops.Runtime.Models;

/// <summary>Loads all versions once the server listens, and says when the process is ready or why it never will be.</summary>
internal sealed class ModelLoadingService(ModelRegistry registry, ModelLoader loader, RuntimeState state, LoadReport report, IHostApplicationLifetime lifetime, ILogger<ModelLoadingService> log)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);
        try
        {
            await WaitUntilListeningAsync(cancellation.Token);
            state.BeginLoading(registry.All.Sum(m => m.Options.Files.Sum(f => f.Size)));
            var failed = new List<ServedModel>();
            foreach (var model in registry.All)
            {
                if (!await loader.LoadAsync(model, report, cancellation.Token))
                {
                    failed.Add(model);
                }
            }

            if (failed.Count == 0)
            {
                state.MarkReady();
            }
            else
            {
                state.Fail(string.Join(' ', failed.Select(m => m.Error)));
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            log.LoadingStopped();
        }
#pragma warning disable CA1031 // Whatever went wrong, the process stays alive so that the reason can be read.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            log.LoadingCrashed(exception);
            state.Fail("The models could not be loaded because of an unexpected error; the log has the details.");
        }
    }

    private async Task WaitUntilListeningAsync(CancellationToken cancellation)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(cancellation);
    }
}
