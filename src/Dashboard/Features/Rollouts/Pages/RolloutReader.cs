using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Dashboard.Features.Targets;
using Ops.Data;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Pages;

/// <summary>Reads one rollout with all that belongs to it.</summary>
internal sealed class RolloutReader(IDbContextFactory<RegistryDb> databases)
{
    /// <summary>The most events that are read; older ones stay in the audit and on the endpoint's page.</summary>
    public const int MostEvents = 300;

    private const int MostPeople = 200;

    /// <summary>A rollout, or null when there is none of this key.</summary>
    /// <param name="id">The key.</param>
    /// <param name="withEvents">Whether its history is wanted too.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<RolloutDetail?> FindAsync(Guid id, bool withEvents, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var rollout = await db.Rollouts.AsNoTracking().Include(r => r.Decisions).SingleOrDefaultAsync(r => r.Id == id, cancellation);
        if (rollout is null)
        {
            return null;
        }

        var endpoint = await db.Endpoints.AsNoTracking().SingleAsync(e => e.Id == rollout.EndpointId, cancellation);
        var target = await db.Targets.AsNoTracking().SingleAsync(t => t.Id == endpoint.TargetId, cancellation);

        // What a decision would change is what runs now, not what ran when it was asked for.
        var beforeId = rollout.State == RolloutState.PendingApproval ? endpoint.StablePlanId : rollout.PreviousPlanId;
        var planIds = new[] { rollout.PlanId, beforeId ?? Guid.Empty, endpoint.StablePlanId ?? Guid.Empty };
        var plans = await db.Plans.AsNoTracking().Where(p => planIds.Contains(p.Id)).ToDictionaryAsync(p => p.Id, cancellation);
        var plan = plans[rollout.PlanId];
        var version = await db.Versions.AsNoTracking().Include(v => v.Files).SingleOrDefaultAsync(v => v.Id == plan.VersionId, cancellation);
        return new()
        {
            Rollout = rollout,
            Endpoint = endpoint.Name,
            Target = target,
            Plan = plan.Spec,
            Previous = beforeId is { } before ? plans.GetValueOrDefault(before)?.Spec : null,
            Stable = endpoint.StablePlanId is { } stable ? plans.GetValueOrDefault(stable)?.Spec : null,
            StablePlanId = endpoint.StablePlanId,
            IsRetired = endpoint.RetiredAt is not null,
            EndpointIsBusy = endpoint.ActiveRolloutId is not null,
            UploadedBy = version?.UploadedByName ?? "",
            Format = version?.Format ?? "",
            Damage = plan.Hash == rollout.PlanHash ? VersionIntegrity.Refuse(plan, version) : "The plan is no longer the one that was asked for.",
            Undoes = rollout.UndoesRolloutId is { } undone ? await LinkAsync(db.Rollouts.Where(r => r.Id == undone), cancellation) : null,
            Newer = await LinkAsync(db.Rollouts.Where(r => r.EndpointId == endpoint.Id && r.Number > rollout.Number).OrderByDescending(r => r.Number), cancellation),
            Events = withEvents ? await EventsAsync(db, id, cancellation) : [],
        };
    }

    /// <summary>Everybody who ever asked for a rollout, by name.</summary>
    public async Task<IReadOnlyList<KeyValuePair<string, Guid>>> PeopleAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var people = await db.Rollouts.AsNoTracking().Select(r => new { r.RequestedByName, r.RequestedById }).Distinct().OrderBy(p => p.RequestedByName).Take(MostPeople).ToListAsync(cancellation);
        return [.. people.DistinctBy(p => p.RequestedByName).Select(p => KeyValuePair.Create(p.RequestedByName, p.RequestedById))];
    }

    private static async Task<IReadOnlyList<RolloutEvent>> EventsAsync(RegistryDb db, Guid id, CancellationToken cancellation) =>
        await db.RolloutEvents.AsNoTracking().Where(e => e.RolloutId == id).OrderByDescending(e => e.Id).Take(MostEvents).ToListAsync(cancellation);

    private static Task<RolloutLink?> LinkAsync(IQueryable<Rollout> rollouts, CancellationToken cancellation) =>
        rollouts.Select(r => new RolloutLink(r.Id, r.Number)).FirstOrDefaultAsync(cancellation);
}
