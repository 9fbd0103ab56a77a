using Ops.Data.Access;
using Ops.Data.Targets;

namespace Ops.Data.Approvals;

/// <summary>How many people must agree before a rollout to an environment may run.</summary>
public sealed class ApprovalPolicy
{
    /// <summary>The environment; the key.</summary>
    public TargetEnvironment Environment { get; init; }

    /// <summary>0 to 5 different people.</summary>
    public int RequiredApprovals { get; private set; }

    /// <summary>The role those people must hold.</summary>
    public Roles ApproverRole { get; private set; } = Roles.Approver;

    /// <summary>Whether a rollback to a plan that ran on this endpoint before may go without approvals.</summary>
    public bool RollbackNeedsApproval { get; private set; }

    /// <summary>After how many hours without enough approvals a request expires.</summary>
    public int ExpiresAfterHours { get; private set; } = 72;

    /// <summary>Optimistic concurrency token.</summary>
    public int Revision { get; private set; }

    /// <summary>What a new installation starts with: none in dev, one elsewhere; rollbacks need none.</summary>
    public static ApprovalPolicy Default(TargetEnvironment environment) => new()
    {
        Environment = environment,
        RequiredApprovals = environment == TargetEnvironment.Dev ? 0 : 1,
    };

    /// <summary>Changes it; requests already waiting keep what they were asked under.</summary>
    public Result Change(int requiredApprovals, Roles approverRole, bool rollbackNeedsApproval, int expiresAfterHours)
    {
        if (requiredApprovals is < 0 or > 5)
        {
            return Failure.Invalid("Ask for 0 to 5 approvals.", "requiredApprovals");
        }

        if (approverRole is not (Roles.Approver or Roles.Administrator or Roles.Operator or Roles.OnCall))
        {
            return Failure.Invalid("Choose one role that approves.", "approverRole");
        }

        if (expiresAfterHours is < 1 or > 24 * 30)
        {
            return Failure.Invalid("Requests expire after 1 hour to 30 days.", "expiresAfterHours");
        }

        (RequiredApprovals, ApproverRole, RollbackNeedsApproval, ExpiresAfterHours) = (requiredApprovals, approverRole, rollbackNeedsApproval, expiresAfterHours);
        Revision++;
        return Result.Done;
    }
}
