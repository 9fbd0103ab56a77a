using Microsoft.EntityFrameworkCore;
using Ops.Data;
using Ops.Data.Registry;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Registry.Commands;

/// <summary>What uses the versions of some plans at the moment.</summary>
internal static class UseOfVersions
{
    private static readonly RolloutState[] Unfinished =
        [RolloutState.Draft, RolloutState.PendingApproval, RolloutState.Approved, RolloutState.Running, RolloutState.Paused];

    /// <summary>The refusal to archive while a rollout of one of the plans waits or runs, or null when none does.</summary>
    public static async Task<Failure?> PendingAsync(RegistryDb db, IQueryable<Plan> plans, string what, CancellationToken cancellation)
    {
        var rollout = await db.Rollouts
            .Where(r => Unfinished.Contains(r.State) && plans.Any(p => p.Id == r.PlanId))
            .OrderBy(r => r.Id)
            .Join(db.Endpoints, r => r.EndpointId, e => e.Id, (r, e) => new { e.Name, r.Number, r.State })
            .FirstOrDefaultAsync(cancellation);
        if (rollout is null)
        {
            return null;
        }

        var doing = rollout.State is RolloutState.Draft or RolloutState.PendingApproval ? "waits for approval" : "is under way";
        return Failure.Conflict($"Rollout {rollout.Number} of {what} on {rollout.Name} {doing}. Finish or abort it first.");
    }

    /// <summary>Why a version cannot be deleted now, or null: it serves, a rollout of it waits or runs, an alias is on it, or it is being moved.</summary>
    public static async Task<Failure?> InWayOfDeletionAsync(RegistryDb db, ModelVersion version, CancellationToken cancellation)
    {
        var plans = db.Plans.Where(p => p.VersionId == version.Id);
        var serving = await ServingAsync(db, plans, cancellation);
        if (serving.Count > 0)
        {
            return Failure.Conflict($"Version {version.Number} serves on {string.Join(", ", serving)}. Roll out another version there, or retire the endpoint, first.");
        }

        if (await PendingAsync(db, plans, $"version {version.Number}", cancellation) is { } pending)
        {
            return pending;
        }

        var aliases = await db.Aliases.Where(a => a.VersionId == version.Id).OrderBy(a => a.Name).Select(a => a.Name).ToListAsync(cancellation);
        if (aliases.Count > 0)
        {
            return Failure.Conflict($"Version {version.Number} carries {string.Join(", ", aliases)}. Move or remove {(aliases.Count == 1 ? "that alias" : "those aliases")} first.");
        }

        return await db.VersionMoves.AnyAsync(m => m.VersionId == version.Id && (m.State == VersionMoveState.Copying || m.State == VersionMoveState.Cleaning), cancellation)
            ? Failure.Conflict($"Version {version.Number} is being moved to another store. Wait for it, or cancel it, first.")
            : null;
    }

    /// <summary>The endpoints that serve by one of the plans, by name.</summary>
    public static async Task<IReadOnlyList<string>> ServingAsync(RegistryDb db, IQueryable<Plan> plans, CancellationToken cancellation) =>
        await db.Endpoints.Where(e => e.RetiredAt == null && plans.Any(p => p.Id == e.StablePlanId)).OrderBy(e => e.Name).Select(e => e.Name).ToListAsync(cancellation);
}
