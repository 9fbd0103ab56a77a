using FsCheck;
using FsCheck.Fluent;
using Ops.Dashboard.Features.Rollouts.Gates;
using Ops.Dashboard.Features.Rollouts.Strategies;
using Ops.Dashboard.Features.Targets;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Tests.Features.Rollouts.Strategies;

/// <summary>What strategies with steps must never do, whatever happens to replicas, figures and the controller meanwhile.</summary>
public sealed class StepSafetyTests
{
    private static readonly Config Runs = Config.QuickThrowOnFailure.WithMaxTest(150);
    private static readonly PlanCount Old = new(Guid.NewGuid(), "digits 1", 4);
    private static readonly PlanCount New = new(Guid.NewGuid(), "digits 2", 4);
    private static readonly PlanGate Errors = new() { Metric = GateMetrics.ErrorRate, Max = 0.01, MinRequests = 20, WindowSeconds = 60 };

    private static Gen<Course> Courses { get; } =
        from old in Gen.Choose(1, 6)
        from wanted in Gen.Choose(1, 6)
        from surge in Gen.Choose(1, 3)
        from happenings in Gen.Zip(Gen.Choose(0, 1000), Gen.Choose(0, 9)).ListOf(60)
        select new Course(old, wanted, surge, [.. happenings]);

    public static TheoryData<string> Names => ["canary", "blue-green", "shadow"];

    [Theory]
    [MemberData(nameof(Names))]
    public void Next_AnyOrderWithoutDeaths_ReadyNeverDropsBelowTheStartBeforeTheNewIsWhole(string name) => Prop.ForAll(Courses.ToArbitrary(), course =>
    {
        Ride ride = new(name, course);
        foreach (var (which, fate) in course.Happenings)
        {
            ride.Look();
            var isWhole = ride.Input().Ready(ride.To) >= course.Wanted;
            if (!isWhole && ride.Machine.Replicas.Count(r => r.PlanId == ride.Stable.Id && r.Phase == ReplicaPhase.Ready) < course.Old)
            {
                return false;
            }

            ride.Machine.Happen(which, fate, deaths: false);
        }

        return true;
    }).Check(Runs);

    [Theory]
    [MemberData(nameof(Names))]
    public void Next_OnceReplicasStayAlive_ReachesThePlanAndStaysThere(string name) => Prop.ForAll(Courses.ToArbitrary(), course =>
    {
        Ride ride = new(name, course);
        foreach (var (which, fate) in course.Happenings)
        {
            ride.Look();
            ride.Machine.Happen(which, fate, deaths: true);
        }

        for (var round = 0; round < 200; round++)
        {
            if (ride.Look() is { IsDone: true } step)
            {
                return ride.Machine.Replicas.Count == course.Wanted && ride.Machine.Replicas.All(r => r.PlanId == ride.To.Id) && step.Serving.SetEquals([ride.To.Id]);
            }

            ride.Machine.AllGetFurther();
        }

        return false;
    }).Check(Runs);

    [Theory]
    [MemberData(nameof(Names))]
    public void Next_ControllerKilledBetweenAnySteps_AsksForTheSameAgain(string name) => Prop.ForAll(Courses.ToArbitrary(), course =>
    {
        Ride ride = new(name, course);
        foreach (var (which, fate) in course.Happenings)
        {
            ride.Machine.Apply(ride.Strategy.Next(ride.Input()));
            var there = ride.Machine.Replicas.ToList();
            ride.Machine.Apply(ride.Strategy.Next(ride.Input()));
            if (!ride.Machine.Replicas.SequenceEqual(there))
            {
                return false;
            }

            ride.Look();
            ride.Machine.Happen(which, fate, deaths: true);
        }

        return true;
    }).Check(Runs);

    [Fact]
    public void Canary_BesideWhatAnEarlierRolloutLeft_KeepsItsShare()
    {
        PlanCount left = new(Guid.NewGuid(), "digits 0", 2);
        var machine = new SimulatedMachine();
        machine.Add(Old.Id, ReplicaPhase.Ready, 2);
        machine.Add(left.Id, ReplicaPhase.Ready, 1);
        machine.Add(New.Id, ReplicaPhase.Ready, 1);
        PlanStrategy strategy = new() { Name = "canary", Steps = [new() { Weight = 10, PauseSeconds = 60 }] };
        StrategyInput input = new() { To = New, Stable = Old, Leftovers = [left], Strategy = strategy, TimeInStep = TimeSpan.Zero, Replicas = [.. machine.Replicas] };

        var weights = new CanaryStrategy().Next(input).Weights;

        Assert.Equal((60, 30, 10), (weights[Old.Id], weights[left.Id], weights[New.Id]));
    }

    [Fact]
    public void Canary_ItsReplicasBecomeReadyBehindTheLastStep_NoOldReplicaGetsMoreThanBefore()
    {
        // Four replicas answered everything, a quarter each. While they go one by one the rest must not take over their share.
        PlanStrategy strategy = new() { Name = "canary", Steps = [new() { Weight = 10 }] };
        for (var ready = 1; ready <= 4; ready++)
        {
            SimulatedMachine machine = new();
            machine.Add(New.Id, ReplicaPhase.Ready, ready);
            machine.Add(Old.Id, ReplicaPhase.Ready, 4);
            var input = Input(machine, strategy) with { StepIndex = 1 };
            for (var i = 0; i < 5; i++)
            {
                machine.Apply(new CanaryStrategy().Next(input with { Replicas = [.. machine.Replicas] }));
                machine.Apply(new CanaryStrategy().Next(input with { Replicas = [.. machine.Replicas] }));
                var step = new CanaryStrategy().Next(input with { Replicas = [.. machine.Replicas] });
                var olds = machine.Replicas.Count(r => r.PlanId == Old.Id && r.Phase == ReplicaPhase.Ready);
                var share = step.Weights.GetValueOrDefault(Old.Id);
                Assert.True(olds == 0 || share == 0 || share / (double)olds <= 25, $"{olds} old replicas get {share} % with {ready} new ones ready.");
            }
        }
    }

    [Fact]
    public void Next_HeldByAGateThatFailed_TheNewRevisionGetsNothingUntilAPersonDecides()
    {
        PlanStrategy strategy = new() { Name = "canary", Steps = [new() { Weight = 10, PauseSeconds = 60 }], Gates = [Errors] };
        var held = Input(Beside(), strategy) with { TimeInStep = TimeSpan.FromMinutes(10), IsPaused = true, Gates = [new(0, GateAnswer.Fails, "bad", null, null, default)] };

        Assert.Equal((0, 100), (new CanaryStrategy().Next(held).Weights.GetValueOrDefault(New.Id), new CanaryStrategy().Next(held).Weights[Old.Id]));
    }

    [Theory]
    [InlineData(119, 600, false)]
    [InlineData(120, 600, true)]
    [InlineData(600, 5, false)]
    [InlineData(600, 119, false)]
    [InlineData(600, 120, true)]
    public void Next_AGateHasNoFigure_FailsOnlyAfterAWholeWindowOfPatienceInThisProcess(int inStep, int watched, bool fails)
    {
        PlanStrategy strategy = new() { Name = "canary", Steps = [new() { Weight = 10, PauseSeconds = 60 }], Gates = [Errors] };
        var input = Input(Beside(), strategy) with
        {
            TimeInStep = TimeSpan.FromSeconds(inStep),
            TimeWatched = TimeSpan.FromSeconds(watched),
            Gates = [new(0, GateAnswer.Missing, "Measured for 5 of 60 s.", null, null, default)],
        };

        Assert.Equal(fails, new CanaryStrategy().Next(input).Failure is not null);
        Assert.Equal(0, new CanaryStrategy().Next(input).StepIndex);
    }

    [Fact]
    public void Next_PromotedWhileAGateFailsWithinItsWindow_GoesNoFurther()
    {
        PlanStrategy strategy = new() { Name = "canary", Steps = [new() { Weight = 10, PauseSeconds = 60 }, new() { Weight = 50 }], Gates = [Errors] };
        var input = Input(Beside(), strategy) with
        {
            TimeInStep = TimeSpan.FromSeconds(30),
            IsPromoted = true,
            Gates = [new(0, GateAnswer.Fails, "Error rate is 50 %, more than 1 %.", 0.5, null, default)],
        };

        Assert.Equal(0, new CanaryStrategy().Next(input).StepIndex);
    }

    [Theory]
    [InlineData("canary")]
    [InlineData("shadow")]
    [InlineData("blue-green")]
    public void Next_OnlyTimePasses_SaysTheSame(string name)
    {
        // Each new sentence is a line of history: one a second would bury what happened.
        PlanStrategy strategy = new() { Name = name, Steps = [new() { Weight = 10, PauseSeconds = 60 }], KeepOldSeconds = 60 };
        var input = Input(Beside(4), strategy) with { TimeInStep = TimeSpan.FromSeconds(10) };
        var later = input with { TimeInStep = TimeSpan.FromSeconds(11) };

        Assert.Equal(Of(name).Next(input).Status, Of(name).Next(later).Status);
        Assert.Equal(Of(name).Next(input with { StepIndex = 1 }).Status, Of(name).Next(later with { StepIndex = 1 }).Status);
    }

    private static SimulatedMachine Beside(int ready = 1)
    {
        SimulatedMachine machine = new();
        machine.Add(Old.Id, ReplicaPhase.Ready, 4);
        machine.Add(New.Id, ReplicaPhase.Ready, ready);
        return machine;
    }

    private static StrategyInput Input(SimulatedMachine machine, PlanStrategy strategy) =>
        new() { To = New, Stable = Old, Replicas = [.. machine.Replicas], Strategy = strategy };

    private static IStrategy Of(string name) => name switch
    {
        "canary" => new CanaryStrategy(),
        "shadow" => new ShadowStrategy(),
        _ => new BlueGreenStrategy(),
    };

    /// <summary>How it begins, and what happens to replicas afterwards.</summary>
    internal sealed record Course(int Old, int Wanted, int Surge, IReadOnlyList<(int Which, int Fate)> Happenings);

    /// <summary>A rollout by steps without a registry: keeps what the controller would write down.</summary>
    private sealed class Ride
    {
        private readonly PlanStrategy plan;
        private readonly int surge;
        private int index;
        private bool isReached;

        public Ride(string name, Course course)
        {
            Strategy = Of(name);
            plan = new() { Name = name, Steps = name == "canary" ? [new() { Weight = 10 }, new() { Weight = 50 }] : [new() { Weight = name == "shadow" ? 20 : 0 }] };
            surge = course.Surge;
            Stable = Old with { Replicas = course.Old };
            To = New with { Replicas = course.Wanted };
            Machine.Add(Stable.Id, ReplicaPhase.Ready, course.Old);
        }

        public SimulatedMachine Machine { get; } = new();

        public IStrategy Strategy { get; }

        public PlanCount Stable { get; }

        public PlanCount To { get; }

        public StrategyInput Input() => new()
        {
            To = To,
            Stable = Stable,
            Replicas = [.. Machine.Replicas],
            MaxSurge = surge,
            Strategy = plan,
            StepIndex = index,
            TimeInStep = isReached ? TimeSpan.FromHours(1) : null,
        };

        public Step Look()
        {
            var step = Strategy.Next(Input());
            Machine.Apply(step);
            (index, isReached) = step.StepIndex > index ? (step.StepIndex, false) : (index, isReached || step.IsReached);
            return step;
        }
    }
}
