using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Data;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Targets.Kubernetes;

/// <summary>What people decide about changes that somebody made in a cluster past the dashboard. Both need <see cref="Right.OperateRollouts"/>.</summary>
internal sealed class DriftCommands(CommandRunner runner, TargetDrivers drivers)
{
    /// <summary>What is not as it should be and nobody has decided about; none where the endpoint is on no cluster.</summary>
    public IReadOnlyList<DriftItem> Of(Guid endpointId) => Driver?.DriftOf(endpointId) ?? [];

    /// <summary>Has everything put back as it was planned.</summary>
    public Task<Result> PutBackAsync(Caller caller, Guid endpointId, CancellationToken cancellation = default) =>
        DecideAsync(caller, "endpoint.put-back", endpointId, (driver, id) => driver.PutBack(id), cancellation);

    /// <summary>Leaves what was changed as it is, until something else is planned.</summary>
    public Task<Result> AcceptAsync(Caller caller, Guid endpointId, CancellationToken cancellation = default) =>
        DecideAsync(caller, "endpoint.accept-drift", endpointId, (driver, id) => driver.Accept(id), cancellation);

    private KubernetesTargetDriver? Driver => drivers.Find(TargetKinds.Kubernetes) as KubernetesTargetDriver;

    private Task<Result> DecideAsync(Caller caller, string action, Guid endpointId, Action<KubernetesTargetDriver, Guid> decide, CancellationToken cancellation) => runner.RunAsync(
        caller,
        action,
        Right.OperateRollouts,
        async (scope, token) =>
        {
            var endpoint = await scope.Db.Endpoints.AsNoTracking().SingleOrDefaultAsync(e => e.Id == endpointId, token);
            if (endpoint is null || Driver is not { } driver)
            {
                return Failure.NotFound("There is no such endpoint on a cluster.");
            }

            var open = driver.DriftOf(endpointId);
            if (open.Count == 0)
            {
                return Failure.Conflict("Everything is as planned by now.");
            }

            scope.Audit("endpoint", endpoint.Id, endpoint.Name, new { Changed = open.Select(i => i.Sentence) }, null, null);
            scope.AfterCommit(() => decide(driver, endpointId));
            return Result.Done;
        },
        cancellation);
}
