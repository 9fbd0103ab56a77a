using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Ops.Data;

namespace Ops.Dashboard.Features.ModelStore.Retention;

/// <summary>Applies the rules of retention, and makes deletions final whose time is up.</summary>
internal sealed class RetentionService(
    RetentionQueries queries,
    DeletionCommands deletion,
    IDbContextFactory<RegistryDb> databases,
    TimeProvider time,
    IOptions<RetentionOptions> options,
    ILogger<RetentionService> log) : BackgroundService
{
    /// <summary>Does both once.</summary>
    public async Task TurnAsync(CancellationToken cancellation)
    {
        foreach (var (modelId, limits) in await queries.RuledAsync(cancellation))
        {
            var preview = await queries.PreviewAsync(modelId, limits, cancellation);
            foreach (var verdict in preview.Verdicts.Where(v => v.Goes))
            {
                // Whatever came to depend on it since is found in the transaction.
                await deletion.DeleteByRuleAsync(
                    verdict.Version.Id, $"Retention keeps the newest {limits.KeepLast} and those younger than {limits.KeepDays} days.", cancellation);
            }
        }

        foreach (var due in await DueAsync(cancellation))
        {
            if (await deletion.PurgeAsync(due, cancellation) is { Failure: { } refused })
            {
                log.NotPurged(due, refused.Message);
            }
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.Every, time);
        do
        {
            try
            {
                await TurnAsync(stoppingToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                log.TurnFailed(exception);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task<IReadOnlyList<Guid>> DueAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await deletion.DueAsync(db, cancellation);
    }
}
