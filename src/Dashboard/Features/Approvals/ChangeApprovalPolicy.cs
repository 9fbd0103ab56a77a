using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Approvals;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Approvals;

/// <summary>What an environment asks for before a rollout runs.</summary>
/// <param name="RequiredApprovals">0 to 5 different people.</param>
/// <param name="ApproverRole">The role they must hold.</param>
/// <param name="RollbackNeedsApproval">Whether a rollback waits too.</param>
/// <param name="ExpiresAfterHours">When a request without enough approvals ends.</param>
internal sealed record ApprovalPolicyTerms(int RequiredApprovals, Roles ApproverRole, bool RollbackNeedsApproval, int ExpiresAfterHours)
{
    /// <summary>Reads them off the entity.</summary>
    public static ApprovalPolicyTerms Of(ApprovalPolicy policy) =>
        new(policy.RequiredApprovals, policy.ApproverRole, policy.RollbackNeedsApproval, policy.ExpiresAfterHours);
}

/// <summary>Changes the approval policy of an environment. Requests already waiting keep what they were asked under.</summary>
internal sealed class ChangeApprovalPolicy(CommandRunner commands)
{
    /// <summary>Needs <see cref="Right.ManageTargets"/>.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="environment">The environment.</param>
    /// <param name="terms">The new terms.</param>
    /// <param name="revision">The revision that the person saw; a newer one in the registry is a conflict.</param>
    /// <param name="cancellation">Gives up before the commit.</param>
    public Task<Result> RunAsync(Caller caller, TargetEnvironment environment, ApprovalPolicyTerms terms, int revision, CancellationToken cancellation = default) =>
        commands.RunAsync(
            caller,
            "policy.change-approvals",
            Right.ManageTargets,
            async (scope, token) =>
            {
                if (await scope.Db.ApprovalPolicies.SingleOrDefaultAsync(p => p.Environment == environment, token) is not { } policy)
                {
                    return Failure.NotFound("There is no such environment.");
                }

                if (policy.Revision != revision)
                {
                    return Failure.Conflict("Somebody else changed this policy meanwhile. Look at it again, then repeat your change.");
                }

                var before = ApprovalPolicyTerms.Of(policy);
                var changed = policy.Change(terms.RequiredApprovals, terms.ApproverRole, terms.RollbackNeedsApproval, terms.ExpiresAfterHours);
                scope.Audit("policy", environment, environment.ToString().ToLowerInvariant(), before, ApprovalPolicyTerms.Of(policy));
                return changed;
            },
            cancellation);
}
