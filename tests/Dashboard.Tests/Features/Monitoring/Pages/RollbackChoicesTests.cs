using Ops.Dashboard.Features.Monitoring.Pages;
using Ops.Dashboard.Features.Rollouts.Queries;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.Tests.Features.Monitoring.Pages;

public sealed class RollbackChoicesTests
{
    private static readonly Guid First = Guid.NewGuid();
    private static readonly Guid Second = Guid.NewGuid();

    [Fact]
    public void Of_History_LatestThatCanBeGoneBackToEachPlanOnce() =>
        Assert.Equal([4, 2], RollbackChoices.Of([Item(5, Guid.NewGuid(), false), Item(4, First), Item(3, First), Item(2, Second)], null).Select(r => r.Number));

    [Fact]
    public void Of_WhileARolloutReplacesTheStablePlan_ThatOneFirst() =>
        Assert.Equal([2, 4], RollbackChoices.Of([Item(4, First), Item(2, Second)], Second).Select(r => r.Number));

    [Fact]
    public void Of_NothingBefore_Nothing() => Assert.Empty(RollbackChoices.Of([Item(1, First, false)], First));

    private static EndpointHistoryItem Item(int number, Guid plan, bool canReturn = true) => new(
        new()
        {
            Id = Guid.NewGuid(), Number = number, EndpointId = Guid.Empty, Endpoint = "e", Environment = TargetEnvironment.Dev, Target = "t", Kind = RolloutKind.Deploy,
            State = RolloutState.Succeeded, Status = "", PlanId = plan, Model = "m", Version = number, RequestedByName = "anna", Reason = "", RequestedAt = default,
            StartedAt = null, FinishedAt = null, ExpiresAt = null, Approvals = 0, RequiredApprovals = 0,
        },
        canReturn);
}
