using Ops.Runtime.Connections;

namespace Ops.Runtime.Lifecycle;

/// <summary>
/// Keeps process.json up to date and ends the process when its folder is gone: an orphan stops by itself, even when
/// whoever started it was killed.
/// </summary>
internal sealed class RunFolderService(RunFolder folder, RuntimeState state, ListenAddresses addresses, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<RunFolderService> log)
    : IHostedLifecycleService, IDisposable
{
    private static readonly TimeSpan ProgressPeriod = TimeSpan.FromMilliseconds(500);
    private readonly CancellationTokenSource stopped = new();
    private Task loop = Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The server listens by now, so the address is known.</summary>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (folder.IsWatched)
        {
            loop = KeepAsync(stopped.Token);
        }

        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        await stopped.CancelAsync();
        await loop;
    }

    public void Dispose() => stopped.Dispose();

    private async Task KeepAsync(CancellationToken cancellation)
    {
        RuntimeSnapshot? written = null;
        var there = true;
        while (there && !cancellation.IsCancellationRequested)
        {
            var phaseChanged = state.PhaseChanged;
            var snapshot = state.Snapshot;
            there = snapshot == written ? folder.Exists : TryWrite(snapshot, ref written);
            try
            {
                await Task.WhenAny(phaseChanged, Task.Delay(ProgressPeriod, time, cancellation)).WaitAsync(cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
        }

        if (!there)
        {
            log.RunFolderGone();
            lifetime.StopApplication();
        }
    }

    /// <summary>A full disk must not end a process that serves: it is logged and tried again with the next look.</summary>
    private bool TryWrite(RuntimeSnapshot snapshot, ref RuntimeSnapshot? written)
    {
        try
        {
            if (!folder.Write(snapshot, addresses.Http, addresses.Grpc))
            {
                return false;
            }

            written = snapshot;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            log.RunFolderWriteFailed(exception);
        }

        return folder.Exists;
    }
}
