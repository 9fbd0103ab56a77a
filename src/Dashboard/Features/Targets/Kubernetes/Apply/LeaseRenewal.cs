using Microsoft.Extensions.Options;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Apply;

/// <summary>Renews the Leases of all clusters that this process acts on, and gives them back at the end.</summary>
internal sealed class LeaseRenewal(KubernetesTargetDriver driver, ITurn turn, IOptions<KubernetesOptions> options, TimeProvider time, ILogger<LeaseRenewal> log) : BackgroundService
{
    private static readonly TimeSpan ReleaseLimit = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var limit = new CancellationTokenSource(ReleaseLimit, time);
        await Task.WhenAll(driver.Acting.Select(c => TryAsync(c, l => l.ReleaseAsync(limit.Token))));
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Somewhat more often than it is due, so that it is never late.
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.Value.LeaseSeconds) / 6, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            if (turn.IsHeld)
            {
                await Task.WhenAll(driver.Acting.Select(c => TryAsync(c, l => l.HoldAsync(turn.Holder, stoppingToken))));
            }
        }
    }

    // Passes say what is wrong, on the page of each rollout; here it is only for the log.
    private async Task TryAsync(ICluster cluster, Func<IClusterLease, Task> act)
    {
        try
        {
            await act(cluster.Lease);
        }
        catch (Exception exception) when (exception is InvalidOperationException or OperationCanceledException)
        {
            log.LeaseNotRenewed(cluster.Settings.Namespace, exception);
        }
    }
}
