using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Rollouts.Execution;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Dashboard.Features.Targets;
using Ops.Data;
using Ops.Data.Rollouts;
using Endpoint = Ops.Data.Rollouts.Endpoint;

namespace Ops.Dashboard.Features.Rollouts.Commands;

/// <summary>Asks to go back to a plan that ran on the endpoint before: the same sealed plan, in a new rollout.</summary>
internal sealed class RequestRollback(CommandRunner commands, TargetDrivers drivers, ReconcileQueue queue)
{
    /// <summary>Said when the policy lets rollbacks go without approvals.</summary>
    public const string WhyNone = "The policy asks for no approval of rollbacks to a plan that ran here before.";

    /// <summary>Asks. Whether people must agree is up to the policy; a plan made for another environment always needs what the policy asks for.</summary>
    /// <param name="caller">Needs <see cref="Right.OperateRollouts"/>.</param>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="planId">A plan of which a rollout succeeded there.</param>
    /// <param name="reason">Why; may be empty, because minutes count.</param>
    /// <param name="cancellation">Gives up.</param>
    public Task<Result<RolloutRef>> RunAsync(Caller caller, Guid endpointId, Guid planId, string reason = "", CancellationToken cancellation = default) =>
        commands.RunAsync<RolloutRef>(caller, "rollout.rollback", Right.OperateRollouts, (scope, token) => BodyAsync(scope, endpointId, planId, reason, token), cancellation);

    private async Task<Result<RolloutRef>> BodyAsync(CommandScope scope, Guid endpointId, Guid planId, string reason, CancellationToken cancellation)
    {
        var db = scope.Db;
        if (RolloutOpening.CheckReason(reason) is { Failure: { } wordy })
        {
            return wordy;
        }

        var endpoint = await db.Endpoints.SingleOrDefaultAsync(e => e.Id == endpointId, cancellation);
        var plan = await db.Plans.SingleOrDefaultAsync(p => p.Id == planId && p.EndpointId == endpointId, cancellation);
        if (endpoint is null || plan is null)
        {
            return Failure.NotFound("There is no such plan on that endpoint.");
        }

        if (endpoint.RetiredAt is not null)
        {
            return Failure.Conflict($"{endpoint.Name} is retired.");
        }

        var found = await FindUndoneAsync(scope, endpoint, plan, cancellation);
        if (!found.Succeeded)
        {
            return found.Failure;
        }

        var version = await db.Versions.Include(v => v.Files).SingleOrDefaultAsync(v => v.Id == plan.VersionId, cancellation);
        if (VersionIntegrity.Refuse(plan, version) is { } damaged)
        {
            return Failure.Conflict(damaged);
        }

        var target = await db.Targets.SingleAsync(t => t.Id == endpoint.TargetId, cancellation);
        if (await drivers.CheckSealedAsync(target, plan, cancellation) is { Failure: { } outdated })
        {
            return Failure.Conflict(outdated.Message);
        }

        var policy = await RolloutOpening.PolicyAsync(db, target.Environment, cancellation);
        var demand = RolloutOpening.Demand(policy);
        if (!policy.RollbackNeedsApproval && plan.Spec.Environment == target.Environment)
        {
            demand = demand with { Required = 0, Why = WhyNone };
        }

        var opened = await RolloutOpening.OpenAsync(scope, endpoint, plan, version!, demand, reason, found.Value.Id, cancellation);
        if (!opened.Succeeded)
        {
            return opened.Failure;
        }

        scope.Audit(
            "rollout",
            opened.Value.Id,
            RolloutOpening.NameOf(endpoint, opened.Value),
            new { endpoint.StablePlanId },
            new { Rollout = RolloutOpening.Facts(opened.Value), Undoes = found.Value.Number },
            opened.Value.Reason);
        return RolloutOpening.Finish(scope, queue, endpoint, opened.Value);
    }

    /// <summary>What is undone: the rollout that became stable last, or, when the stable plan itself is wanted back, the one that is replacing it.</summary>
    private static async Task<Result<Rollout>> FindUndoneAsync(CommandScope scope, Endpoint endpoint, Plan plan, CancellationToken cancellation)
    {
        var history = await scope.Db.Rollouts.Where(r => r.EndpointId == endpoint.Id).OrderByDescending(r => r.Number).ToListAsync(cancellation);
        if (!history.Exists(r => r.PlanId == plan.Id && r.PlanHash == plan.Hash && r.State is RolloutState.Succeeded or RolloutState.RolledBack))
        {
            return Failure.Conflict("That plan never ran well on this endpoint, so there is nothing to go back to.");
        }

        var active = history.Find(r => r.Id == endpoint.ActiveRolloutId);
        if (active is null && endpoint.StablePlanId == plan.Id)
        {
            return Failure.Conflict($"{endpoint.Name} runs exactly this already.");
        }

        if (await RolloutOpening.RefuseTwinAsync(scope.Db, endpoint.Id, plan.Hash, cancellation) is { Failure: { } twin })
        {
            return twin;
        }

        var undone = endpoint.StablePlanId == plan.Id ? active : history.Find(r => r.State == RolloutState.Succeeded && r.PlanId == endpoint.StablePlanId) ?? active;
        return undone is null ? Failure.Conflict("There is nothing to undo on this endpoint.") : undone;
    }
}
