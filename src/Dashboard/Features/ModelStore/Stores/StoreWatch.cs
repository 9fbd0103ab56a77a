using Microsoft.Extensions.Options;

namespace Ops.Dashboard.Features.ModelStore.Stores;

/// <summary>Takes over what another dashboard changed, and asks every store now and then whether it answers.</summary>
internal sealed class StoreWatch(ModelStores stores, StoreStates states, TimeProvider time, IOptions<StoresOptions> options, ILogger<StoreWatch> log) : BackgroundService
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);
    private readonly Dictionary<Guid, (int Revision, DateTimeOffset At)> probed = [];

    /// <summary>Asks one store whether it answers, and keeps what it says.</summary>
    public async Task ProbeAsync(StoreEntry entry, CancellationToken cancellation)
    {
        var problem = entry.Problem ?? await ProblemAsync(entry.Store!, cancellation);
        if (states.Report(entry.Row.Id, problem))
        {
            if (problem is null)
            {
                log.StoreRecovered(entry.Row.Name);
            }
            else
            {
                log.StoreFailing(entry.Row.Name, problem);
            }
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Not in the way of the start, whatever a store or the registry does.
        await Task.Yield();
        var pause = options.Value.RefreshEvery;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await stores.RefreshAsync(stoppingToken);
                await ProbeDueAsync(stoppingToken);
                pause = options.Value.RefreshEvery;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, Math.Max(LongestPause.Ticks, options.Value.RefreshEvery.Ticks)));
                log.StoresNotRefreshed(pause, exception);
            }

            await Task.Delay(pause, time, stoppingToken);
        }
    }

    private async Task ProbeDueAsync(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var due = stores.Entries.Where(e => e.Row.RetiredAt is null
            && (e.Problem is not null || !probed.TryGetValue(e.Row.Id, out var last) || last.Revision != e.Row.Revision || now - last.At >= options.Value.ProbeEvery)).ToList();
        foreach (var retired in stores.Entries.Where(e => e.Row.RetiredAt is not null))
        {
            states.Forget(retired.Row.Id);
        }

        await Task.WhenAll(due.Select(entry => ProbeAsync(entry, cancellation)));
        foreach (var entry in due)
        {
            probed[entry.Row.Id] = (entry.Row.Revision, now);
        }
    }

    private async Task<string?> ProblemAsync(IModelStore store, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(options.Value.ProbeTimeout);
        try
        {
            // The first page of a list goes the whole way: name, connection, certificate, key and bucket.
            await using var objects = store.ListAsync(limit.Token).GetAsyncEnumerator(limit.Token);
            await objects.MoveNextAsync();
            return null;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return $"No answer within {options.Value.ProbeTimeout.TotalSeconds:0} seconds.";
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return exception.Message;
        }
    }
}
