using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Hosting;
using Ops.Data;

namespace Ops.Dashboard.Features.Rollouts.Execution;

/// <summary>Whether this process may act on endpoints.</summary>
internal sealed class LeaderLease(IDbContextFactory<RegistryDb> databases, IOptions<RolloutsOptions> options, TimeProvider time, ILogger<LeaderLease> log)
    : ProcessLease(databases, time, new("rollouts", TimeSpan.FromSeconds(options.Value.LeaseSeconds), TimeSpan.FromSeconds(options.Value.LeaseRenewSeconds))), ITurn
{
    /// <inheritdoc/>
    protected override void Gained() => log.LeaseGained(Holder);

    /// <inheritdoc/>
    protected override void Lost(string other) => log.LeaseLost(Holder, other);
}
