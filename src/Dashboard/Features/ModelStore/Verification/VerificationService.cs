using Microsoft.EntityFrameworkCore;
using Ops.Data;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.Verification;

/// <summary>Verifies uploads in the background, two at a time, and finds again after a restart what was being verified.</summary>
internal sealed class VerificationService(
    VerificationQueue queue,
    UploadVerifier verifier,
    VerificationBoard board,
    IDbContextFactory<RegistryDb> databases,
    TimeProvider time,
    ILogger<VerificationService> log) : BackgroundService
{
    private const int Workers = 2;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll([FindAsync(stoppingToken), .. Enumerable.Range(0, Workers).Select(_ => WorkAsync(stoppingToken))]);

    private async Task FindAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Look, time);
        do
        {
            try
            {
                await using var db = await databases.CreateDbContextAsync(cancellation);
                foreach (var id in await db.Uploads.Where(u => u.State == UploadState.Verifying).Select(u => u.Id).ToListAsync(cancellation))
                {
                    queue.Add(id);
                }
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                log.SearchFailed(exception);
            }
        }
        while (await timer.WaitForNextTickAsync(cancellation));
    }

    private async Task WorkAsync(CancellationToken cancellation)
    {
        var pause = TimeSpan.FromSeconds(1);
        while (true)
        {
            var id = await queue.TakeAsync(cancellation);
            try
            {
                await verifier.VerifyAsync(id, cancellation);
                pause = TimeSpan.FromSeconds(1);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // The upload stays as it is, the person sees why it does not go on, and the search above brings it back.
                log.VerificationFailed(id, pause, exception);
                board.Trouble(id, "The files cannot be read back from the store right now. This is tried again by itself.");
                await Task.Delay(pause, time, cancellation);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
                queue.Add(id);
            }
            finally
            {
                queue.Done(id);
            }
        }
    }
}
