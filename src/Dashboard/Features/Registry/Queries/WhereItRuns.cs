using Microsoft.EntityFrameworkCore;
using Ops.Data;

namespace Ops.Dashboard.Features.Registry.Queries;

/// <summary>Finds the endpoints whose stable plan or active rollout uses versions of some models.</summary>
internal static class WhereItRuns
{
    /// <summary>Asks the database, two questions whatever the number of models.</summary>
    /// <returns>One place an endpoint, version and way it is used, by endpoint.</returns>
    public static async Task<IReadOnlyList<RunPlace>> ReadAsync(RegistryDb db, Guid[] modelIds, CancellationToken cancellation)
    {
        var endpoints = db.Endpoints.AsNoTracking().Where(e => e.RetiredAt == null);
        var stable = await (
            from endpoint in endpoints
            join plan in db.Plans on endpoint.StablePlanId equals plan.Id
            join version in db.Versions on plan.VersionId equals version.Id
            join target in db.Targets on endpoint.TargetId equals target.Id
            where modelIds.Contains(version.ModelId)
            select new RunPlace(version.ModelId, endpoint.Name, target.Environment, version.Number, false)).ToListAsync(cancellation);
        var rolling = await (
            from endpoint in endpoints
            join rollout in db.Rollouts on endpoint.ActiveRolloutId equals rollout.Id
            join plan in db.Plans on rollout.PlanId equals plan.Id
            join version in db.Versions on plan.VersionId equals version.Id
            join target in db.Targets on endpoint.TargetId equals target.Id
            where modelIds.Contains(version.ModelId)
            select new RunPlace(version.ModelId, endpoint.Name, target.Environment, version.Number, true)).ToListAsync(cancellation);

        // A rollout that changes only replicas or variables uses the version that is stable already: said once.
        return [.. stable.Concat(rolling.Where(r => !stable.Contains(r with { Rolling = false })))
            .OrderBy(r => r.Endpoint, StringComparer.Ordinal).ThenBy(r => r.Rolling)];
    }
}
