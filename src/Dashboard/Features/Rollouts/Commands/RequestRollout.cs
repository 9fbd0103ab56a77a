using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Rollouts.Execution;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Data;
using Ops.Data.Rollouts;
using Endpoint = Ops.Data.Rollouts.Endpoint;

namespace Ops.Dashboard.Features.Rollouts.Commands;

/// <summary>Seals a plan and asks for it to be carried out.</summary>
internal sealed class RequestRollout(CommandRunner commands, PlanBuilder plans, ReconcileQueue queue)
{
    /// <summary>Asks. An endpoint of that name is made when there is none; the policy of the target's environment says how many must agree.</summary>
    /// <param name="caller">Needs <see cref="Right.PlanRollouts"/>.</param>
    /// <param name="draft">Checked anew; the first mistake is returned with the name of its field.</param>
    /// <param name="reason">Why, for approvers and history; required.</param>
    /// <param name="cancellation">Gives up.</param>
    public Task<Result<RolloutRef>> RunAsync(Caller caller, DraftPlan draft, string reason, CancellationToken cancellation = default) =>
        commands.RunAsync<RolloutRef>(caller, "rollout.request", Right.PlanRollouts, (scope, token) => BodyAsync(scope, draft, reason, token), cancellation);

    private async Task<Result<RolloutRef>> BodyAsync(CommandScope scope, DraftPlan draft, string reason, CancellationToken cancellation)
    {
        if (RolloutOpening.CheckReason(reason, isRequired: true) is { Failure: { } wordless })
        {
            return wordless;
        }

        var check = await plans.CheckAsync(scope.Db, draft, cancellation);
        if (check.Spec is null)
        {
            return check.Failures[0];
        }

        var endpoint = check.Endpoint;
        if (endpoint is null)
        {
            var made = Endpoint.Create(draft.Endpoint, check.Target!.Id, scope.Person.Id, scope.Person.UserName ?? "", scope.Now);
            if (!made.Succeeded)
            {
                return made.Failure;
            }

            endpoint = made.Value;
            scope.Db.Endpoints.Add(endpoint);
        }

        var plan = Plan.Seal(check.Spec with { EndpointId = endpoint.Id }, scope.Person.Id, scope.Person.UserName ?? "", scope.Now);
        if (await RolloutOpening.RefuseTwinAsync(scope.Db, endpoint.Id, plan.Hash, cancellation) is { Failure: { } twin })
        {
            return twin;
        }

        if (check.Stable?.Hash == plan.Hash && endpoint.ActiveRolloutId is null)
        {
            return Failure.Conflict($"{endpoint.Name} runs exactly this already.");
        }

        scope.Db.Plans.Add(plan);
        var policy = await RolloutOpening.PolicyAsync(scope.Db, check.Target!.Environment, cancellation);
        var opened = await RolloutOpening.OpenAsync(scope, endpoint, plan, check.Version!, RolloutOpening.Demand(policy), reason, null, cancellation);
        if (!opened.Succeeded)
        {
            return opened.Failure;
        }

        scope.Audit(
            "rollout",
            opened.Value.Id,
            RolloutOpening.NameOf(endpoint, opened.Value),
            check.Stable is { } stable ? new { stable.Spec } : null,
            new { plan.Spec, Rollout = RolloutOpening.Facts(opened.Value), EndpointIsNew = check.Endpoint is null },
            opened.Value.Reason);
        return RolloutOpening.Finish(scope, queue, endpoint, opened.Value);
    }
}
