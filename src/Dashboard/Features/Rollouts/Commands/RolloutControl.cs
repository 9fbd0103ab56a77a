using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Rollouts.Execution;
using Ops.Dashboard.Features.Rollouts.Gates;
using Ops.Data;
using Ops.Data.Rollouts;
using Endpoint = Ops.Data.Rollouts.Endpoint;

namespace Ops.Dashboard.Features.Rollouts.Commands;

/// <summary>What people do to a rollout that is there: hold it, let it go on, stop it, take it back. All need <see cref="Right.OperateRollouts"/>.</summary>
internal sealed class RolloutControl(CommandRunner commands, ReconcileQueue queue)
{
    /// <summary>Holds a running rollout.</summary>
    public Task<Result<RolloutRef>> PauseAsync(Caller caller, Guid rolloutId, string reason = "", CancellationToken cancellation = default) =>
        ChangeAsync(caller, new("rollout.pause", RolloutEventKinds.Paused, "paused it", (scope, _, rollout) => rollout.Pause(scope.Now)), rolloutId, reason, cancellation);

    /// <summary>Lets a held rollout go on.</summary>
    public Task<Result<RolloutRef>> ResumeAsync(Caller caller, Guid rolloutId, string reason = "", CancellationToken cancellation = default) =>
        ChangeAsync(caller, new("rollout.resume", RolloutEventKinds.Resumed, "let it go on", (scope, _, rollout) => rollout.Resume(scope.Now)), rolloutId, reason, cancellation);

    /// <summary>Lets a running rollout leave the step it is at, whatever is left of its pause. Past a gate that is not known to hold it needs a reason.</summary>
    public Task<Result<RolloutRef>> PromoteAsync(Caller caller, Guid rolloutId, string reason = "", CancellationToken cancellation = default) =>
        ChangeAsync(
            caller,
            new("rollout.promote", RolloutEventKinds.Promoted, "promoted it", (scope, _, rollout) => Promote(scope, rollout, reason)),
            rolloutId,
            reason,
            cancellation);

    /// <summary>Stops an approved or running rollout; the endpoint goes back to its stable plan.</summary>
    public Task<Result<RolloutRef>> AbortAsync(Caller caller, Guid rolloutId, string reason = "", CancellationToken cancellation = default) =>
        ChangeAsync(
            caller,
            new("rollout.abort", RolloutEventKinds.Aborted, "aborted it", (scope, endpoint, rollout) => Abort(scope, endpoint, rollout, reason)),
            rolloutId,
            reason,
            cancellation);

    /// <summary>Takes a request back that waits for decisions; only who asked may.</summary>
    public Task<Result<RolloutRef>> WithdrawAsync(Caller caller, Guid rolloutId, string reason = "", CancellationToken cancellation = default) =>
        ChangeAsync(
            caller,
            new("rollout.withdraw", RolloutEventKinds.Withdrawn, "withdrew the request", (scope, _, rollout) => Withdraw(scope, rollout)),
            rolloutId,
            reason,
            cancellation);

    private static Result Abort(CommandScope scope, Endpoint endpoint, Rollout rollout, string reason)
    {
        if (rollout.State == RolloutState.PendingApproval)
        {
            return Failure.Conflict("It waits for approval: who asked for it can withdraw it, an approver can reject it.");
        }

        var aborted = rollout.Abort($"Aborted by {scope.Person.UserName}{RolloutOpening.Because(reason)}", scope.Now);
        return aborted.Succeeded ? endpoint.Settle(rollout.Id, null) : aborted;
    }

    private static Result Promote(CommandScope scope, Rollout rollout, string reason)
    {
        var strategy = scope.Db.Plans.Single(p => p.Id == rollout.PlanId).Spec.Strategy;
        var promoted = rollout.Promote(strategy.Steps.Count);
        return promoted.Succeeded && string.IsNullOrWhiteSpace(reason) && !GateVerdict.AllHold(strategy.Gates.Count, rollout.GatesJson)
            ? Failure.Invalid("A gate does not hold yet: say why it goes on all the same.", "reason")
            : promoted;
    }

    private static Result Withdraw(CommandScope scope, Rollout rollout)
    {
        if (rollout.RequestedById != scope.Person.Id)
        {
            return Failure.Forbidden("Only the person who asked for it can withdraw it.");
        }

        return rollout.State == RolloutState.PendingApproval
            ? rollout.Abort($"Withdrawn by {scope.Person.UserName}.", scope.Now)
            : Failure.Conflict($"This rollout is {rollout.State}; there is no request to withdraw.");
    }

    private Task<Result<RolloutRef>> ChangeAsync(Caller caller, Change change, Guid rolloutId, string reason, CancellationToken cancellation) => commands.RunAsync<RolloutRef>(
        caller,
        change.Action,
        Right.OperateRollouts,
        async (scope, token) =>
        {
            if (RolloutOpening.CheckReason(reason) is { Failure: { } wordy })
            {
                return wordy;
            }

            var rollout = await scope.Db.Rollouts.SingleOrDefaultAsync(r => r.Id == rolloutId, token);
            if (rollout is null)
            {
                return Failure.NotFound("There is no such rollout.");
            }

            var endpoint = await scope.Db.Endpoints.SingleAsync(e => e.Id == rollout.EndpointId, token);
            scope.About("rollout", rollout.Id, RolloutOpening.NameOf(endpoint, rollout));
            var before = rollout.State;
            if (change.Apply(scope, endpoint, rollout) is { Failure: { } refused })
            {
                return refused;
            }

            var person = scope.Person.UserName;
            History.Add(scope.Db, scope.Now, rollout, change.Kind, $"{person} {change.Verb}{RolloutOpening.Because(reason)}", personName: person);
            var why = string.IsNullOrWhiteSpace(reason) ? null : reason.Trim();
            scope.Audit("rollout", rollout.Id, RolloutOpening.NameOf(endpoint, rollout), new { State = before }, new { rollout.State }, why);
            return RolloutOpening.Finish(scope, queue, endpoint, rollout);
        },
        cancellation);

    private sealed record Change(string Action, string Kind, string Verb, Func<CommandScope, Endpoint, Rollout, Result> Apply);
}
