using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Dashboard.Tests.Features.Targets.Kubernetes;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Tests.Features.Rollouts.Plans;

public sealed class ReplicaSharesTests
{
    [Theory]
    [InlineData(3, 3, 10, "10 % asked for: 1 of 4 replicas = 25 %")]
    [InlineData(1, 1, 10, "10 % asked for: 1 of 2 replicas = 50 %")]
    [InlineData(20, 20, 5, "5 % asked for: 1 of 21 replicas = 5 %")]
    [InlineData(2, 4, 50, "50 % asked for: 2 of 4 replicas = 50 %")]
    public void Of_Canary_CountsReplicasAsTheStepStartsThem(int before, int after, int weight, string expected) =>
        Assert.Equal(expected, Assert.Single(ReplicaShares.Of(Plan(before), Plan(after, "canary", weight))).Sentence);

    [Fact]
    public void Of_FirstVersionOrAnotherStrategy_HasNone()
    {
        Assert.Empty(ReplicaShares.Of(null, Plan(2, "canary", 10)));
        Assert.Empty(ReplicaShares.Of(Plan(2), Plan(2, "shadow", 10)));
    }

    private static PlanSpec Plan(int replicas, string strategy = "rolling", params int[] weights) =>
        KubernetesSamples.Plan with { Replicas = replicas, Strategy = new() { Name = strategy, Steps = [.. weights.Select(w => new PlanStep { Weight = w })] } };
}
