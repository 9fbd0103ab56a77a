using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Rollouts.Execution;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Data;
using Ops.Data.Approvals;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Approvals;

/// <summary>A person's word, together with what that person was shown.</summary>
internal sealed record DecisionInput
{
    /// <summary>The rollout.</summary>
    public required Guid RolloutId { get; init; }

    /// <summary>Yes or no.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>Why; required with a no.</summary>
    public string Reason { get; init; } = "";

    /// <summary>The plan's hash on the page.</summary>
    public required string PlanHash { get; init; }

    /// <summary>The version's digest on the page.</summary>
    public required string VersionDigest { get; init; }
}

/// <summary>Decides on a rollout that waits. A decision counts only for the plan and the digest that were shown, and a yes only while both are what was sealed.</summary>
internal sealed class DecideRollout(CommandRunner commands, ReconcileQueue queue)
{
    /// <summary>Decides.</summary>
    /// <param name="caller">Needs <see cref="Right.DecideRollouts"/> and the role that the policy asked for; not who asked, made the plan or uploaded the version.</param>
    /// <param name="input">The word and what it is about.</param>
    /// <param name="cancellation">Gives up.</param>
    public Task<Result<RolloutRef>> RunAsync(Caller caller, DecisionInput input, CancellationToken cancellation = default) => commands.RunAsync<RolloutRef>(
        caller,
        input.Verdict == Verdict.Approve ? "rollout.approve" : "rollout.reject",
        Right.DecideRollouts,
        (scope, token) => BodyAsync(scope, input, token),
        cancellation);

    private async Task<Result<RolloutRef>> BodyAsync(CommandScope scope, DecisionInput input, CancellationToken cancellation)
    {
        var db = scope.Db;
        if (RolloutOpening.CheckReason(input.Reason) is { Failure: { } wordy })
        {
            return wordy;
        }

        var rollout = await db.Rollouts.Include(r => r.Decisions).SingleOrDefaultAsync(r => r.Id == input.RolloutId, cancellation);
        if (rollout is null)
        {
            return Failure.NotFound("There is no such rollout.");
        }

        var endpoint = await db.Endpoints.SingleAsync(e => e.Id == rollout.EndpointId, cancellation);
        scope.About("rollout", rollout.Id, RolloutOpening.NameOf(endpoint, rollout));
        if (!scope.Person.Roles.HasFlag(rollout.ApproverRole))
        {
            return Failure.Forbidden($"The policy wants the word of somebody with the role {rollout.ApproverRole}.");
        }

        if (input.Verdict == Verdict.Approve && await DamageAsync(db, rollout, cancellation) is { } damage)
        {
            return Failure.Conflict(damage);
        }

        var before = rollout.State;
        var reason = string.IsNullOrWhiteSpace(input.Reason) ? null : input.Reason.Trim();
        var decided = rollout.Decide(new()
        {
            Id = Guid.CreateVersion7(scope.Now),
            RolloutId = rollout.Id,
            PersonId = scope.Person.Id,
            PersonName = scope.Person.UserName ?? "",
            SignedInHow = scope.Caller.SignedInHow,
            Verdict = input.Verdict,
            Reason = reason,
            PlanHash = input.PlanHash,
            VersionDigest = input.VersionDigest,
            At = scope.Now,
        });
        if (!decided.Succeeded)
        {
            return decided.Failure;
        }

        Tell(scope, rollout, input.Verdict, reason);
        if (rollout.State == RolloutState.Approved && await RolloutOpening.TakeOverAsync(scope, endpoint, rollout, cancellation) is { Failure: { } refused })
        {
            return refused;
        }

        scope.Audit(
            "rollout",
            rollout.Id,
            RolloutOpening.NameOf(endpoint, rollout),
            new { State = before },
            new { rollout.State, input.Verdict, rollout.PlanHash, rollout.VersionDigest },
            reason);
        return RolloutOpening.Finish(scope, queue, endpoint, rollout);
    }

    /// <summary>Why nobody may approve this any more: what was sealed has been altered since.</summary>
    private static async Task<string?> DamageAsync(RegistryDb db, Rollout rollout, CancellationToken cancellation)
    {
        var plan = await db.Plans.SingleAsync(p => p.Id == rollout.PlanId, cancellation);
        if (plan.Hash != rollout.PlanHash)
        {
            return "The plan is no longer the one that was asked for.";
        }

        var version = await db.Versions.Include(v => v.Files).SingleOrDefaultAsync(v => v.Id == plan.VersionId, cancellation);
        return VersionIntegrity.Refuse(plan, version);
    }

    private static void Tell(CommandScope scope, Rollout rollout, Verdict verdict, string? reason)
    {
        var person = scope.Person.UserName;
        if (verdict == Verdict.Reject)
        {
            History.Add(scope.Db, scope.Now, rollout, RolloutEventKinds.Rejected, $"{person} rejected it{RolloutOpening.Because(reason)}", RolloutEventLevel.Warning, person);
            return;
        }

        var yes = rollout.Decisions.Count(d => d.Verdict == Verdict.Approve);
        var kind = rollout.State == RolloutState.Approved ? RolloutEventKinds.Approved : RolloutEventKinds.Decided;
        History.Add(scope.Db, scope.Now, rollout, kind, $"{person} approved ({yes} of {rollout.RequiredApprovals}){RolloutOpening.Because(reason)}", personName: person);
    }
}
