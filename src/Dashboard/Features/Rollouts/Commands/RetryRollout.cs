using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Rollouts.Execution;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Dashboard.Features.Targets;
using Ops.Data;
using Ops.Data.Approvals;
using Ops.Data.Rollouts;
using Ops.Data.Targets;
using Endpoint = Ops.Data.Rollouts.Endpoint;

namespace Ops.Dashboard.Features.Rollouts.Commands;

/// <summary>Asks for a plan again whose rollout failed or was aborted: the same sealed plan, in a new rollout.</summary>
internal sealed class RetryRollout(CommandRunner commands, TargetDrivers drivers, ReconcileQueue queue)
{
    private static readonly TimeSpan ApprovalsCountFor = TimeSpan.FromHours(24);

    /// <summary>
    /// Asks. People need not agree again when, within the last day, as many as the policy asks for now approved of this very plan, still
    /// hold the role and are others than the caller; nobody rejected it; and nothing else became stable on the endpoint meanwhile.
    /// </summary>
    /// <param name="caller">Needs <see cref="Right.OperateRollouts"/>.</param>
    /// <param name="rolloutId">The rollout that ended badly.</param>
    /// <param name="reason">Why; may be empty.</param>
    /// <param name="cancellation">Gives up.</param>
    public Task<Result<RolloutRef>> RunAsync(Caller caller, Guid rolloutId, string reason = "", CancellationToken cancellation = default) =>
        commands.RunAsync<RolloutRef>(caller, "rollout.retry", Right.OperateRollouts, (scope, token) => BodyAsync(scope, rolloutId, reason, token), cancellation);

    private async Task<Result<RolloutRef>> BodyAsync(CommandScope scope, Guid rolloutId, string reason, CancellationToken cancellation)
    {
        var db = scope.Db;
        if (RolloutOpening.CheckReason(reason) is { Failure: { } wordy })
        {
            return wordy;
        }

        var failed = await db.Rollouts.SingleOrDefaultAsync(r => r.Id == rolloutId, cancellation);
        if (failed is null)
        {
            return Failure.NotFound("There is no such rollout.");
        }

        if (failed.State is not (RolloutState.Failed or RolloutState.Aborted))
        {
            return Failure.Conflict($"This rollout is {failed.State}. Only one that failed or was aborted can be tried again.");
        }

        var endpoint = await db.Endpoints.SingleAsync(e => e.Id == failed.EndpointId, cancellation);
        var plan = await db.Plans.SingleAsync(p => p.Id == failed.PlanId, cancellation);
        var version = await db.Versions.Include(v => v.Files).SingleOrDefaultAsync(v => v.Id == plan.VersionId, cancellation);
        var target = await db.Targets.SingleAsync(t => t.Id == endpoint.TargetId, cancellation);
        if (Refuse(endpoint, failed, plan, target) is { } refused)
        {
            return refused;
        }

        if (VersionIntegrity.Refuse(plan, version) is { } damaged)
        {
            return Failure.Conflict(damaged);
        }

        if (await drivers.CheckSealedAsync(target, plan, cancellation) is { Failure: { } outdated })
        {
            return Failure.Conflict(outdated.Message);
        }

        if (await RolloutOpening.RefuseTwinAsync(db, endpoint.Id, plan.Hash, cancellation) is { Failure: { } twin })
        {
            return twin;
        }

        var demand = await DemandAsync(scope, endpoint, failed, plan, target, cancellation);
        var opened = await RolloutOpening.OpenAsync(scope, endpoint, plan, version!, demand, reason, failed.UndoesRolloutId, cancellation);
        if (!opened.Succeeded)
        {
            return opened.Failure;
        }

        scope.Audit(
            "rollout",
            opened.Value.Id,
            RolloutOpening.NameOf(endpoint, opened.Value),
            new { Retries = failed.Number, failed.State },
            new { Rollout = RolloutOpening.Facts(opened.Value), Approvals = demand.Required == 0 ? demand.Why : "Asked for anew." },
            opened.Value.Reason);
        return RolloutOpening.Finish(scope, queue, endpoint, opened.Value);
    }

    private static Failure? Refuse(Endpoint endpoint, Rollout failed, Plan plan, Target target)
    {
        if (endpoint.RetiredAt is not null)
        {
            return Failure.Conflict($"{endpoint.Name} is retired.");
        }

        if (plan.Hash != failed.PlanHash)
        {
            return Failure.Conflict("The plan is no longer the one that was asked for.");
        }

        if (endpoint.StablePlanId == plan.Id && endpoint.ActiveRolloutId is null)
        {
            return Failure.Conflict($"{endpoint.Name} runs exactly this already.");
        }

        return plan.Spec.Environment == target.Environment
            ? null
            : Failure.Conflict($"{target.Name} belongs to {target.Environment} now; the plan was made for {plan.Spec.Environment}. Plan it anew.");
    }

    private static async Task<ApprovalDemand> DemandAsync(
        CommandScope scope, Endpoint endpoint, Rollout failed, Plan plan, Target target, CancellationToken cancellation)
    {
        var db = scope.Db;
        var policy = await RolloutOpening.PolicyAsync(db, target.Environment, cancellation);
        var demand = RolloutOpening.Demand(policy);
        if (failed.Kind == RolloutKind.Rollback && !policy.RollbackNeedsApproval)
        {
            return demand with { Required = 0, Why = RequestRollback.WhyNone };
        }

        if (demand.Required == 0 || endpoint.StablePlanId != failed.PreviousPlanId)
        {
            return demand;
        }

        var decisions = await db.Decisions
            .Where(d => d.PlanHash == plan.Hash && db.Rollouts.Any(r => r.Id == d.RolloutId && r.EndpointId == endpoint.Id && r.PlanHash == plan.Hash))
            .ToListAsync(cancellation);
        if (decisions.Exists(d => d.Verdict == Verdict.Reject))
        {
            return demand;
        }

        var fresh = decisions.Where(d => d.At > scope.Now - ApprovalsCountFor && d.PersonId != scope.Person.Id).Select(d => d.PersonId).Distinct().ToList();
        var people = await db.Users.Where(p => fresh.Contains(p.Id)).ToListAsync(cancellation);
        var agreed = people.Where(p => p.IsEnabled && p.Roles.HasFlag(policy.ApproverRole)).Select(p => p.UserName).Order(StringComparer.Ordinal).ToList();
        return agreed.Count >= demand.Required
            ? demand with { Required = 0, Why = $"Within the last day {string.Join(", ", agreed)} approved of exactly this plan." }
            : demand;
    }
}
