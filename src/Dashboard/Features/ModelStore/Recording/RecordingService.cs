namespace Ops.Dashboard.Features.ModelStore.Recording;

/// <summary>Runs the recorder at the start, when a version was made, and now and then; after trouble again with growing pauses.</summary>
internal sealed class RecordingService(VersionRecorder recorder, RecordingQueue queue, ILogger<RecordingService> log) : BackgroundService
{
    private static readonly TimeSpan Calm = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        for (var pause = FirstPause; !stoppingToken.IsCancellationRequested;)
        {
            var isDone = false;
            try
            {
                isDone = await recorder.RecordAsync(stoppingToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                log.RecordingBroke(exception);
            }

            pause = isDone ? FirstPause : TimeSpan.FromTicks(Math.Min(2 * pause.Ticks, LongestPause.Ticks));
            await queue.WaitAsync(isDone ? Calm : pause, stoppingToken);
        }
    }
}
