using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Ops.Data;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Monitoring.Fleet;

/// <summary>How far this installation is on the way to its first endpoint.</summary>
public sealed record FirstSteps(bool Uploaded, bool Requested, bool Approved)
{
    /// <summary>Whether the whole way lies behind.</summary>
    public bool AllDone => Uploaded && Requested && Approved;
}

/// <summary>
/// Reads what the registry says about all endpoints at once, once a second for everybody who watches: two small queries, and each
/// sealed plan only once. Lists that are read now and then come from the rollouts' queries instead.
/// </summary>
internal sealed class FleetQuery(IDbContextFactory<RegistryDb> databases, ILogger<FleetQuery> log)
{
    private const int MostPlansKept = 10_000;
    private static readonly RolloutState[] Unfinished = [RolloutState.PendingApproval, RolloutState.Approved, RolloutState.Running, RolloutState.Paused];

    // Plans are sealed: what was read once never changes.
    private readonly ConcurrentDictionary<Guid, PlanFacts?> plans = new();

    /// <summary>All endpoints, retired ones included, by name.</summary>
    public async Task<IReadOnlyList<EndpointFacts>> ReadAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var endpoints = await db.Endpoints.AsNoTracking()
            .Join(db.Targets, e => e.TargetId, t => t.Id, (e, t) => new { Endpoint = e, Target = t.Name, t.Kind, t.Environment })
            .ToListAsync(cancellation);
        var rollouts = await db.Rollouts.AsNoTracking()
            .Where(r => Unfinished.Contains(r.State))
            .Select(r => new { r.Id, r.EndpointId, r.Number, r.State, r.Status, r.PlanId })
            .ToListAsync(cancellation);
        await LoadPlansAsync(db, endpoints.Select(e => e.Endpoint.StablePlanId).Concat(rollouts.Select(r => (Guid?)r.PlanId)), cancellation);

        var active = rollouts.ToDictionary(r => r.Id);
        var waiting = rollouts.Where(r => r.State == RolloutState.PendingApproval).CountBy(r => r.EndpointId).ToDictionary();
        return
        [
            .. endpoints.OrderBy(e => e.Endpoint.Name, StringComparer.Ordinal).Select(e => new EndpointFacts
            {
                Id = e.Endpoint.Id,
                Name = e.Endpoint.Name,
                TargetId = e.Endpoint.TargetId,
                Target = e.Target,
                TargetKind = e.Kind,
                Environment = e.Environment,
                OwnerName = e.Endpoint.OwnerName,
                CreatedAt = e.Endpoint.CreatedAt,
                RetiredAt = e.Endpoint.RetiredAt,
                Stable = Plan(e.Endpoint.StablePlanId),
                Rollout = e.Endpoint.ActiveRolloutId is { } id && active.TryGetValue(id, out var r) ? new(r.Id, r.Number, r.State, r.Status, Plan(r.PlanId)) : null,
                AcceptedJson = e.Endpoint.AcceptedJson,
                Waiting = waiting.GetValueOrDefault(e.Endpoint.Id),
            }),
        ];
    }

    /// <summary>What of the way to the first endpoint is done.</summary>
    public async Task<FirstSteps> ReadFirstStepsAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var approved = await db.Rollouts.AnyAsync(r => r.StartedAt != null || r.State == RolloutState.Approved, cancellation);
        var requested = approved || await db.Rollouts.AnyAsync(cancellation);
        return new(requested || await db.Versions.AnyAsync(cancellation), requested, approved);
    }

    private PlanFacts? Plan(Guid? id) => id is { } key ? plans.GetValueOrDefault(key) : null;

    private async Task LoadPlansAsync(RegistryDb db, IEnumerable<Guid?> wanted, CancellationToken cancellation)
    {
        if (plans.Count > MostPlansKept)
        {
            plans.Clear();
        }

        var missing = wanted.OfType<Guid>().Where(id => !plans.ContainsKey(id)).Distinct().ToList();
        if (missing.Count == 0)
        {
            return;
        }

        foreach (var plan in await db.Plans.AsNoTracking().Where(p => missing.Contains(p.Id)).ToListAsync(cancellation))
        {
            try
            {
                plans[plan.Id] = PlanFacts.Of(plan.Id, plan.Spec);
            }
            catch (JsonException exception)
            {
                // One plan that this program cannot read must not take the whole overview with it.
                log.PlanUnreadable(plan.Id, exception);
                plans[plan.Id] = null;
            }
        }
    }
}
