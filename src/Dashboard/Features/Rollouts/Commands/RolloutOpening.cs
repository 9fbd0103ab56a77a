using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Rollouts.Execution;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Approvals;
using Ops.Data.Registry;
using Ops.Data.Rollouts;
using Ops.Data.Targets;
using Endpoint = Ops.Data.Rollouts.Endpoint;

namespace Ops.Dashboard.Features.Rollouts.Commands;

/// <summary>A rollout that a command made or changed.</summary>
internal sealed record RolloutRef(Guid Id, Guid EndpointId, string Endpoint, int Number, RolloutState State);

/// <summary>How many must agree, and why so many.</summary>
internal sealed record ApprovalDemand(int Required, Roles Role, TimeSpan Lifetime, string Why);

/// <summary>What all commands that ask for a rollout do alike: number it, ask the policy, and let an approved one take the endpoint over.</summary>
internal static class RolloutOpening
{
    /// <summary>The longest reason in characters.</summary>
    public const int LongestReason = 1000;

    private static readonly RolloutState[] Unfinished = [RolloutState.PendingApproval, RolloutState.Approved, RolloutState.Running, RolloutState.Paused];

    /// <summary>Checks the words of a person.</summary>
    public static Result CheckReason(string? reason, bool isRequired = false)
    {
        if (string.IsNullOrWhiteSpace(reason))
        {
            return isRequired ? Failure.Invalid("Say why.", PlanFields.Reason) : Result.Done;
        }

        return reason.Length > LongestReason || reason.Any(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t'))
            ? Failure.Invalid($"A reason has at most {LongestReason} characters and no control characters.", PlanFields.Reason)
            : Result.Done;
    }

    /// <summary>The end of a sentence that may have a reason: <c>.</c> or <c>: because</c>.</summary>
    public static string Because(string? reason) => string.IsNullOrWhiteSpace(reason) ? "." : $": {reason.Trim()}";

    /// <summary>The policy of an environment.</summary>
    public static async Task<ApprovalPolicy> PolicyAsync(RegistryDb db, TargetEnvironment environment, CancellationToken cancellation) =>
        await db.ApprovalPolicies.SingleOrDefaultAsync(p => p.Environment == environment, cancellation) ?? ApprovalPolicy.Default(environment);

    /// <summary>What the policy asks for.</summary>
    public static ApprovalDemand Demand(ApprovalPolicy policy) => new(
        policy.RequiredApprovals,
        policy.ApproverRole,
        TimeSpan.FromHours(policy.ExpiresAfterHours),
        policy.RequiredApprovals == 0 ? $"The policy of {policy.Environment.ToString().ToLowerInvariant()} asks for no approval." : "");

    /// <summary>Refuses to ask for the same plan twice: a second click, a replayed request.</summary>
    public static async Task<Result> RefuseTwinAsync(RegistryDb db, Guid endpointId, string planHash, CancellationToken cancellation)
    {
        var twin = await db.Rollouts
            .Where(r => r.EndpointId == endpointId && r.PlanHash == planHash && Unfinished.Contains(r.State))
            .Select(r => (int?)r.Number)
            .FirstOrDefaultAsync(cancellation);
        return twin is null ? Result.Done : Failure.Conflict($"Rollout {twin} of exactly this plan is under way already.");
    }

    /// <summary>Makes the rollout. One that needs no approval takes the endpoint over at once.</summary>
    public static async Task<Result<Rollout>> OpenAsync(
        CommandScope scope, Endpoint endpoint, Plan plan, ModelVersion version, ApprovalDemand demand, string reason, Guid? undoes, CancellationToken cancellation)
    {
        var last = await scope.Db.Rollouts.Where(r => r.EndpointId == endpoint.Id).MaxAsync(r => (int?)r.Number, cancellation) ?? 0;
        var rollout = Rollout.Request(plan, new()
        {
            Number = last + 1,
            PreviousPlanId = endpoint.StablePlanId,
            UndoesRolloutId = undoes,
            RequestedById = scope.Person.Id,
            RequestedByName = scope.Person.UserName ?? "",
            VersionUploadedById = version.UploadedById,
            Reason = reason.Trim(),
            RequiredApprovals = demand.Required,
            ApproverRole = demand.Role,
            Lifetime = demand.Lifetime,
            Now = scope.Now,
        });
        scope.Db.Rollouts.Add(rollout);

        // Somebody may be deleting the version in the same moment: one of the two then sees the other.
        version.Hold();
        var verb = undoes is null ? "asked for" : "asked to go back to";
        History.Add(
            scope.Db,
            scope.Now,
            rollout,
            RolloutEventKinds.Requested,
            $"{rollout.RequestedByName} {verb} {plan.Spec.Model} {plan.Spec.Version}{Because(rollout.Reason)}",
            personName: rollout.RequestedByName);
        if (rollout.State != RolloutState.Approved)
        {
            return rollout;
        }

        History.Add(scope.Db, scope.Now, rollout, RolloutEventKinds.Approved, $"Goes ahead. {demand.Why}");
        return await TakeOverAsync(scope, endpoint, rollout, cancellation) is { Failure: { } refused } ? refused : rollout;
    }

    /// <summary>Gives the endpoint to an approved rollout. Earlier ones that wait or run give way.</summary>
    public static async Task<Result> TakeOverAsync(CommandScope scope, Endpoint endpoint, Rollout winner, CancellationToken cancellation)
    {
        var earlier = await scope.Db.Rollouts
            .Where(r => r.EndpointId == endpoint.Id && r.Number < winner.Number && Unfinished.Contains(r.State))
            .ToListAsync(cancellation);
        foreach (var rollout in earlier)
        {
            if (rollout.Supersede(winner.Number, scope.Now) is { Failure: { } refused })
            {
                return refused;
            }

            History.Add(scope.Db, scope.Now, rollout, RolloutEventKinds.Superseded, $"Rollout {winner.Number} took its place.");
            if (endpoint.ActiveRolloutId == rollout.Id && endpoint.Settle(rollout.Id, null) is { Failure: { } unsettled })
            {
                return unsettled;
            }
        }

        return endpoint.Activate(winner.Id);
    }

    /// <summary>Wakes the controller once the change is committed, and names the rollout to the caller.</summary>
    public static RolloutRef Finish(CommandScope scope, ReconcileQueue queue, Endpoint endpoint, Rollout rollout)
    {
        var endpointId = endpoint.Id;
        scope.AfterCommit(() => queue.Enqueue(endpointId));
        return new(rollout.Id, endpoint.Id, endpoint.Name, rollout.Number, rollout.State);
    }

    /// <summary>What the audit keeps of a rollout.</summary>
    public static object Facts(Rollout rollout) => new
    {
        rollout.State,
        rollout.Kind,
        rollout.PlanId,
        rollout.PlanHash,
        rollout.VersionDigest,
        rollout.RequiredApprovals,
        rollout.ApproverRole,
    };

    /// <summary>What the audit calls a rollout.</summary>
    public static string NameOf(Endpoint endpoint, Rollout rollout) => $"{endpoint.Name} #{rollout.Number}";
}
