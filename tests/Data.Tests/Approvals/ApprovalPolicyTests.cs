using Ops.Data.Access;
using Ops.Data.Approvals;
using Ops.Data.Targets;

namespace Ops.Data.Tests.Approvals;

public sealed class ApprovalPolicyTests
{
    [Theory]
    [InlineData(TargetEnvironment.Dev, 0)]
    [InlineData(TargetEnvironment.Staging, 1)]
    [InlineData(TargetEnvironment.Production, 1)]
    public void Default_AsksForOneOutsideDev(TargetEnvironment environment, int approvals)
    {
        var policy = ApprovalPolicy.Default(environment);
        Assert.Equal((approvals, Roles.Approver, false, 72), (policy.RequiredApprovals, policy.ApproverRole, policy.RollbackNeedsApproval, policy.ExpiresAfterHours));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(5, 720)]
    public void Change_AtTheLimits_Allowed(int approvals, int hours)
    {
        var policy = ApprovalPolicy.Default(TargetEnvironment.Staging);
        Assert.True(policy.Change(approvals, Roles.Administrator, true, hours).Succeeded);
        Assert.Equal(
            (approvals, Roles.Administrator, true, hours, 1),
            (policy.RequiredApprovals, policy.ApproverRole, policy.RollbackNeedsApproval, policy.ExpiresAfterHours, policy.Revision));
    }

    [Theory]
    [InlineData(-1, Roles.Approver, 72, "requiredApprovals")]
    [InlineData(6, Roles.Approver, 72, "requiredApprovals")]
    [InlineData(1, Roles.None, 72, "approverRole")]
    [InlineData(1, Roles.Viewer, 72, "approverRole")]
    [InlineData(1, Roles.Approver | Roles.Operator, 72, "approverRole")]
    [InlineData(1, (Roles)1024, 72, "approverRole")]
    [InlineData(1, Roles.Approver, 0, "expiresAfterHours")]
    [InlineData(1, Roles.Approver, 721, "expiresAfterHours")]
    public void Change_BeyondTheLimits_RefusedAndNothingChanged(int approvals, Roles role, int hours, string field)
    {
        var policy = ApprovalPolicy.Default(TargetEnvironment.Staging);
        Assert.Equal(field, policy.Change(approvals, role, true, hours).Failure?.Field);
        Assert.Equal((1, 72, 0, false), (policy.RequiredApprovals, policy.ExpiresAfterHours, policy.Revision, policy.RollbackNeedsApproval));
    }
}
