using Ops.Dashboard.Features.Monitoring;
using Ops.Dashboard.Features.Monitoring.Fleet;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Tests.Features.Monitoring.Fleet;

public sealed class EndpointStatusTests
{
    private static readonly EndpointFacts Facts = Tiles.Facts("digits");
    private static readonly RolloutFacts Rollout = new(Guid.NewGuid(), 4, RolloutState.Running, "", null);

    [Fact]
    public void Judge_PlanButNothingSeen_IsNotHealthy() => Assert.Equal(Health.Degraded, EndpointStatus.Judge(Facts, null).Health);

    [Fact]
    public void Judge_PlanButNoReplica_Burns()
    {
        // The measuring alone calls this idle, for it knows of no plan.
        var pulse = Tiles.Pulse(Facts, 0, 0, Health.Idle, "Nothing is rolled out.");
        Assert.Equal((Health.Burning, "No replica runs."), EndpointStatus.Judge(Facts, pulse));
        Assert.Equal((Health.Burning, "No replica runs while rollout 4 is under way."), EndpointStatus.Judge(Facts with { Rollout = Rollout }, pulse));
    }

    [Fact]
    public void Judge_FewerThanPlannedAllReady_DegradedExceptDuringARollout()
    {
        var pulse = Tiles.Pulse(Facts, 1, 1);
        Assert.Equal((Health.Degraded, "1 of 2 replicas are ready."), EndpointStatus.Judge(Facts, pulse));
        Assert.Equal(Health.Healthy, EndpointStatus.Judge(Facts with { Rollout = Rollout }, pulse).Health);
    }

    [Theory]
    [InlineData(3, 2, 0, Health.Healthy)]
    [InlineData(3, 2, 10, Health.Burning)]
    [InlineData(3, 1, 0, Health.Degraded)]
    public void Judge_RolloutHasStartedOneMore_HealthyWhileAsManyServeAsBefore(int wanted, int ready, int failures, Health expected)
    {
        var judged = new HealthFacts { Wanted = wanted, Ready = ready, Requests = 100, Failures = failures };
        var (health, why) = EndpointHealth.Judge(judged);
        var pulse = Tiles.Pulse(Facts, wanted, ready, health, why) with { JudgedBy = judged };
        Assert.Equal(expected, EndpointStatus.Judge(Facts with { Rollout = Rollout }, pulse).Health);
    }

    [Fact]
    public void Judge_NothingRolledOut_IsIdleAndSaysWhatItWaitsFor()
    {
        var empty = Facts with { Stable = null };
        Assert.Equal((Health.Idle, "Nothing is rolled out."), EndpointStatus.Judge(empty, null));
        Assert.Equal((Health.Idle, "Its first rollout waits for approval."), EndpointStatus.Judge(empty with { Waiting = 1 }, null));
        Assert.Equal((Health.Idle, "Rollout 4 is on its way."), EndpointStatus.Judge(empty with { Rollout = Rollout }, null));
    }

    [Fact]
    public void Judge_AsPlanned_SaysWhatIsMeasured()
    {
        Assert.Equal((Health.Healthy, null), EndpointStatus.Judge(Facts, Tiles.Pulse(Facts, 2, 2)));
        Assert.Equal((Health.Burning, "9 % failed."), EndpointStatus.Judge(Facts, Tiles.Pulse(Facts, 2, 2, Health.Burning, "9 % failed.")));
    }
}
