using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Rollouts;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Rollouts.Execution;
using Ops.Data;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Approvals;

/// <summary>Ends requests on which nobody decided in time. Several processes may try: each request ends once.</summary>
internal sealed class ExpireRequests(
    CommandRunner commands,
    IDbContextFactory<RegistryDb> databases,
    ReconcileQueue queue,
    RolloutsHealth health,
    IOptions<RolloutsOptions> options,
    TimeProvider time,
    ILogger<ExpireRequests> log) : BackgroundService
{
    private const string Loop = "expiry";

    /// <summary>Ends those that are due.</summary>
    /// <returns>How many.</returns>
    public async Task<int> SweepAsync(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        List<Guid> due;
        await using (var db = await databases.CreateDbContextAsync(cancellation))
        {
            due = await db.Rollouts.Where(r => r.State == RolloutState.PendingApproval && r.ExpiresAt <= now).Select(r => r.Id).ToListAsync(cancellation);
        }

        var expired = 0;
        foreach (var id in due)
        {
            expired += (await commands.RunAsSystemAsync("rollout.expire", (scope, token) => ExpireAsync(scope, id, token), cancellation)).Succeeded ? 1 : 0;
        }

        return expired;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var period = TimeSpan.FromSeconds(options.Value.ExpirySweepSeconds);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await SweepAsync(stoppingToken);
                health.Clear(Loop);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                log.LoopFailed(Loop, period, exception);
                health.Report(Loop, exception.Message);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(period, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<Result> ExpireAsync(CommandScope scope, Guid rolloutId, CancellationToken cancellation)
    {
        var rollout = await scope.Db.Rollouts.SingleAsync(r => r.Id == rolloutId, cancellation);
        if (rollout.Expire(scope.Now) is { Failure: { } refused })
        {
            return refused;
        }

        var endpoint = await scope.Db.Endpoints.SingleAsync(e => e.Id == rollout.EndpointId, cancellation);
        History.Add(scope.Db, scope.Now, rollout, RolloutEventKinds.Expired, "Nobody decided in time.", RolloutEventLevel.Warning);
        scope.Audit("rollout", rollout.Id, RolloutOpening.NameOf(endpoint, rollout), new { State = RolloutState.PendingApproval }, new { rollout.State });
        var (endpointId, name, number) = (endpoint.Id, endpoint.Name, rollout.Number);
        scope.AfterCommit(() =>
        {
            queue.Enqueue(endpointId);
            log.RequestExpired(name, number);
        });
        return Result.Done;
    }
}
