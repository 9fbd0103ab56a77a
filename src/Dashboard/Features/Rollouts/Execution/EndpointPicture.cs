using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.Rollouts.Gates;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Dashboard.Features.Rollouts.Strategies;
using Ops.Dashboard.Features.Targets;
using Ops.Data;
using Ops.Data.Registry;
using Ops.Data.Rollouts;
using Ops.Data.Targets;
using Endpoint = Ops.Data.Rollouts.Endpoint;

namespace Ops.Dashboard.Features.Rollouts.Execution;

/// <summary>Everything one look at an endpoint is about: what the registry says, read in one context, and what the target shows.</summary>
internal sealed class EndpointPicture
{
    private readonly Dictionary<Guid, Plan> plans;

    private EndpointPicture(RegistryDb db, Endpoint endpoint, Target target, Rollout? rollout, Dictionary<Guid, Plan> plans, EndpointObservation observation)
    {
        this.plans = plans;
        (Db, Endpoint, Target, Rollout, Observation) = (db, endpoint, target, rollout, observation);
    }

    /// <summary>The context that the entities belong to.</summary>
    public RegistryDb Db { get; }

    /// <summary>The endpoint.</summary>
    public Endpoint Endpoint { get; }

    /// <summary>Its target.</summary>
    public Target Target { get; }

    /// <summary>The active rollout, or null.</summary>
    public Rollout? Rollout { get; }

    /// <summary>What the target shows.</summary>
    public EndpointObservation Observation { get; }

    /// <summary>The plan to reach: the active rollout's, else the stable one; null when nothing is meant to run.</summary>
    public Plan? Wanted => Rollout is not null ? plans.GetValueOrDefault(Rollout.PlanId) : Stable;

    /// <summary>The plan that ran well last, or null.</summary>
    public Plan? Stable => Endpoint.StablePlanId is { } id ? plans.GetValueOrDefault(id) : null;

    /// <summary>Reads the rest of the picture.</summary>
    public static async Task<EndpointPicture> ReadAsync(
        RegistryDb db, Endpoint endpoint, Target target, Rollout? rollout, EndpointObservation observation, CancellationToken cancellation)
    {
        var ids = observation.Replicas.Select(r => r.PlanId).Append(rollout?.PlanId ?? Guid.Empty).Append(endpoint.StablePlanId ?? Guid.Empty).Distinct().ToList();
        var plans = await db.Plans.Where(p => p.EndpointId == endpoint.Id && ids.Contains(p.Id)).ToDictionaryAsync(p => p.Id, cancellation);
        return new(db, endpoint, target, rollout, plans, observation);
    }

    /// <summary>
    /// How many replicas a plan is to have. Where an autoscaler of the target says so, what ran well has as many as that made of it, and whatever
    /// is to take its place needs as many, within its own bounds: the plan's number would not carry the load.
    /// </summary>
    public int ReplicasOf(Plan plan)
    {
        if (plan.Spec.Kubernetes?.Autoscaling is not { } bounds)
        {
            return plan.Spec.Replicas;
        }

        var replicas = plan.Id != Endpoint.StablePlanId ? Math.Max(plan.Spec.Replicas, Endpoint.ScaledTo ?? 0)
            : Endpoint.ScaledTo ?? (Observation.Scale.GetValueOrDefault(plan.Id) is > 0 and var scale ? scale : plan.Spec.Replicas);
        return Math.Clamp(replicas, bounds.MinReplicas, bounds.MaxReplicas);
    }

    /// <summary>Whether what was held for a rollout is there again, so that the autoscaler of the target may go on by itself.</summary>
    public bool MayReleaseScale => Rollout is null && Endpoint.ScaledTo is not null && Stable is { } stable
        && Observation.Replicas.All(r => r.PlanId == stable.Id) && Observation.Scale.GetValueOrDefault(stable.Id) >= ReplicasOf(stable);

    /// <summary>A plan by its key, or null when it is not one of this endpoint's.</summary>
    public Plan? FindPlan(Guid id) => plans.GetValueOrDefault(id);

    /// <summary>Why the wanted plan must not be carried out, or null. Asked at each look, so that a plan or version altered after the approval starts nothing.</summary>
    public async Task<string?> RefuseWantedAsync(CancellationToken cancellation)
    {
        if (Wanted is not { } plan)
        {
            return "Its plan does not exist.";
        }

        if (Rollout is not null && plan.Hash != Rollout.PlanHash)
        {
            return "The plan is no longer the one that was asked for.";
        }

        if (!IsTrusted(plan))
        {
            return "The plan is no longer the one that was sealed: its text does not have its hash.";
        }

        var versionId = plan.Spec.VersionId;
        var version = await Db.Versions.AsNoTracking().Include(v => v.Files).SingleOrDefaultAsync(v => v.Id == versionId, cancellation);

        // What runs well goes on when its version was found damaged afterwards; the runtime refuses to load other bytes anyway.
        return Rollout is null && version?.State == VersionState.Damaged ? null : VersionIntegrity.Refuse(plan, version);
    }

    /// <summary>What the strategy is asked.</summary>
    /// <param name="to">The plan to reach.</param>
    /// <param name="gates">Measures gates; null without a rollout.</param>
    public StrategyInput Input(Plan to, GateWatch? gates = null)
    {
        var stable = Stable is { } plan && plan.Id != to.Id && IsTrusted(plan) ? plan : null;
        return new()
        {
            To = Count(to),
            Stable = stable is null ? null : Count(stable) with { Name = NameOf(stable) == NameOf(to) ? "the plan before" : NameOf(stable) },
            Leftovers = [.. Leftovers(to, stable).Select(Count)],
            Replicas = Observation.Replicas,
            MaxSurge = Math.Max(1, to.Spec.Strategy.MaxSurge),
            IsPaused = Rollout?.State == RolloutState.Paused,
            Strategy = to.Spec.Strategy,
            StepIndex = Rollout?.StepIndex ?? 0,
            IsPromoted = Rollout?.IsPromoted == true,
            TimeInStep = Rollout is null ? null : gates?.TimeInStep(Rollout),
            TimeWatched = Rollout is null ? null : gates?.TimeWatched(Rollout),
            Gates = Rollout is null || gates is null ? [] : gates.Judge(this, Rollout, to),
        };
    }

    /// <summary>The strategy's name. The way back to what ran well takes no steps: minutes count. Without a rollout the endpoint goes back to its stable plan, and what must not run twice must not do so on the way back either.</summary>
    public string StrategyName(Plan to) => Rollout is { Kind: RolloutKind.Rollback } && to.Spec.Strategy.Steps.Count > 0
        ? "rolling"
        : Rollout is not null
        ? to.Spec.Strategy.Name
        : Leftovers(to, null).Append(to).Any(p => p.Spec.Strategy.Name == "recreate") ? "recreate" : "rolling";

    /// <summary>Such as <c>digits 2</c>.</summary>
    public static string NameOf(Plan plan) => $"{plan.Spec.Model} {plan.Spec.Version}";

    private IEnumerable<Plan> Leftovers(Plan to, Plan? stable) => plans.Values
        .Where(p => p.Id != to.Id && p.Id != stable?.Id && IsTrusted(p) && Observation.Replicas.Any(r => r.PlanId == p.Id))
        .OrderByDescending(p => p.CreatedAt);

    private bool IsTrusted(Plan plan) => plan.IsIntact && plan.Spec.EndpointId == Endpoint.Id;

    private PlanCount Count(Plan plan) => new(plan.Id, NameOf(plan), ReplicasOf(plan));
}
