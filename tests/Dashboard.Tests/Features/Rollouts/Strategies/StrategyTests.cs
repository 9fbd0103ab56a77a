using Ops.Dashboard.Features.Rollouts.Strategies;
using Ops.Dashboard.Features.Targets;

namespace Ops.Dashboard.Tests.Features.Rollouts.Strategies;

public sealed class StrategyTests
{
    private static readonly PlanCount Old = new(Guid.NewGuid(), "digits 1", 2);
    private static readonly PlanCount New = new(Guid.NewGuid(), "digits 2", 2);

    [Fact]
    public void Rolling_NewEndpoint_StartsAllAtOnce()
    {
        var step = new RollingStrategy().Next(new() { To = New, Replicas = [] });

        Assert.Equal(2, step.Of(New.Id));
        Assert.False(step.IsDone);
        Assert.Equal("0 of 2 replicas of digits 2 ready.", step.Status);
    }

    [Fact]
    public void Rolling_Surge1_ReplacesOneByOne()
    {
        var machine = new SimulatedMachine();
        machine.Add(Old.Id, ReplicaPhase.Ready, 2);
        List<(int Old, int New)> course = [];
        for (var i = 0; i < 20; i++)
        {
            var step = new RollingStrategy().Next(Input(machine));
            if (step.IsDone)
            {
                break;
            }

            course.Add((step.Of(Old.Id), step.Of(New.Id)));
            machine.Apply(step);
            machine.AllGetFurther();
        }

        Assert.Equal([(2, 1), (1, 1), (1, 2), (0, 2)], course.Distinct());
    }

    [Fact]
    public void Rolling_NewReplicaThatWasReadyDies_OldCapacityComesBack()
    {
        var machine = new SimulatedMachine();
        machine.Add(Old.Id, ReplicaPhase.Ready, 1);
        machine.Add(New.Id, ReplicaPhase.Failed, 1);

        var step = new RollingStrategy().Next(Input(machine));

        Assert.Equal(2, step.Of(Old.Id));
    }

    [Fact]
    public void Rolling_EverythingUnreadyAfterARestartOfTheDashboard_TakesNothingDown()
    {
        var machine = new SimulatedMachine();
        machine.Add(Old.Id, ReplicaPhase.Loading, 1);
        machine.Add(New.Id, ReplicaPhase.Loading, 2);

        var step = new RollingStrategy().Next(Input(machine));

        Assert.Equal((1, 2), (step.Of(Old.Id), step.Of(New.Id)));
    }

    [Fact]
    public void Rolling_AllNewReadyButOldStillStopping_IsNotDone()
    {
        var machine = new SimulatedMachine();
        machine.Add(New.Id, ReplicaPhase.Ready, 2);
        machine.Add(Old.Id, ReplicaPhase.Stopping, 1);

        var step = new RollingStrategy().Next(Input(machine));

        Assert.False(step.IsDone);
        Assert.Equal("2 of 2 replicas of digits 2 ready; waits for 1 of digits 1 to stop.", step.Status);
    }

    [Fact]
    public void Rolling_ReplicasOfAPlanNobodyKnows_AreTakenDownAndGetNoRequests()
    {
        var machine = new SimulatedMachine();
        var unknown = Guid.NewGuid();
        machine.Add(unknown, ReplicaPhase.Ready, 2);

        var step = new RollingStrategy().Next(new() { To = New, Replicas = machine.Replicas });

        Assert.Equal(0, step.Of(unknown));
        Assert.DoesNotContain(unknown, step.Serving);
    }

    [Fact]
    public void Rolling_AbortedHalfway_GoesBackWithoutGivingCapacityAway()
    {
        var machine = new SimulatedMachine();
        machine.Add(Old.Id, ReplicaPhase.Ready, 1);
        machine.Add(New.Id, ReplicaPhase.Ready, 1);
        StrategyInput Back() => new() { To = Old, Leftovers = [New], Replicas = [.. machine.Replicas] };

        var step = new RollingStrategy().Next(Back());

        Assert.Equal((2, 1), (step.Of(Old.Id), step.Of(New.Id)));
        Assert.Contains(New.Id, step.Serving);
        for (var i = 0; i < 10 && !step.IsDone; i++)
        {
            machine.Apply(step);
            machine.AllGetFurther();
            step = new RollingStrategy().Next(Back());
        }

        Assert.True(step.IsDone);
    }

    [Fact]
    public void Rolling_FailedPlanThatNeverBecameReady_IsClearedAtOnce()
    {
        var machine = new SimulatedMachine();
        machine.Add(Old.Id, ReplicaPhase.Ready, 2);
        machine.Add(New.Id, ReplicaPhase.Failed, 1);

        var step = new RollingStrategy().Next(new() { To = Old, Leftovers = [New], Replicas = machine.Replicas });

        Assert.Equal((2, 0), (step.Of(Old.Id), step.Of(New.Id)));
    }

    [Fact]
    public void Recreate_OldStillStopping_WaitsUntilItIsGone()
    {
        var machine = new SimulatedMachine();
        machine.Add(Old.Id, ReplicaPhase.Stopping, 1);

        Assert.Empty(new RecreateStrategy().Next(Input(machine)).Replicas);
        machine.AllGetFurther();
        Assert.Equal(2, new RecreateStrategy().Next(Input(machine)).Of(New.Id));
    }

    [Fact]
    public void Recreate_PausedWithNothingLeft_StartsTheNewRatherThanNothing()
    {
        var step = new RecreateStrategy().Next(new() { To = New, Stable = Old, Replicas = [], IsPaused = true });

        Assert.Equal(2, step.Of(New.Id));
        Assert.False(step.IsDone);
    }

    [Fact]
    public void Registry_SameNameTwice_Throws()
    {
        var exception = Assert.Throws<InvalidOperationException>(() => new StrategyRegistry([new RollingStrategy(), new RollingStrategy()]));

        Assert.Contains("rolling", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Registry_Find_KnowsByExactName()
    {
        var registry = new StrategyRegistry([new RollingStrategy(), new RecreateStrategy()]);

        Assert.IsType<RecreateStrategy>(registry.Find("recreate"));
        Assert.Null(registry.Find("Rolling"));
        Assert.Equal(["recreate", "rolling"], registry.All.Select(s => s.Name));
    }

    private static StrategyInput Input(SimulatedMachine machine) => new() { To = New, Stable = Old, Replicas = [.. machine.Replicas] };
}
