using FsCheck;
using FsCheck.Fluent;
using Ops.Dashboard.Features.Rollouts.Strategies;
using Ops.Dashboard.Features.Targets;

namespace Ops.Dashboard.Tests.Features.Rollouts.Strategies;

/// <summary>Lets strategies meet replicas that become ready, die and go away in any order.</summary>
public sealed class StrategyPropertyTests
{
    private static readonly Config Runs = Config.QuickThrowOnFailure.WithMaxTest(1500);

    private static Gen<Course> Courses { get; } =
        from old in Gen.Choose(0, 5)
        from oldReady in Gen.Choose(0, 5)
        from leftover in Gen.Choose(0, 5)
        from leftoverReady in Gen.Choose(0, 5)
        from wanted in Gen.Choose(1, 6)
        from surge in Gen.Choose(1, 3)
        from happenings in Gen.Zip(Gen.Choose(0, 1000), Gen.Choose(0, 9)).ListOf(60)
        select new Course(old, Math.Min(old, oldReady), leftover, Math.Min(leftover, leftoverReady), wanted, surge, [.. happenings]);

    [Fact]
    public void Rolling_AnyOrderWithoutDeaths_ReadyNeverDropsBelowTheStart() => Prop.ForAll(Courses.ToArbitrary(), course =>
    {
        var (machine, input) = Begin(course);
        var before = RollingStrategy.Before(input());
        var floor = Math.Min(machine.Ready, before);
        var isComplete = false;
        foreach (var (which, fate) in course.Happenings)
        {
            machine.Apply(new RollingStrategy().Next(input()));
            isComplete |= input().Ready(input().To) >= course.Wanted;
            if (!isComplete && machine.Ready < floor)
            {
                return false;
            }

            machine.Happen(which, fate, deaths: false);
        }

        return true;
    }).Check(Runs);

    [Fact]
    public void Rolling_AnyOrderWithDeaths_NeverTakesReadyCapacityAwayBeforeItsReplacement() => Prop.ForAll(Courses.ToArbitrary(), course =>
    {
        var (machine, input) = Begin(course);
        foreach (var (which, fate) in course.Happenings)
        {
            var held = RollingStrategy.Before(input());
            var isComplete = input().Ready(input().To) >= course.Wanted;
            var ready = machine.Ready;
            machine.Apply(new RollingStrategy().Next(input()));
            if (!isComplete && machine.Ready < ready && machine.Ready < held)
            {
                return false;
            }

            machine.Happen(which, fate, deaths: true);
        }

        return true;
    }).Check(Runs);

    [Fact]
    public void Rolling_AnyOrderWithDeaths_NeverExceedsTheSurge() => Prop.ForAll(Courses.ToArbitrary(), course =>
    {
        var (machine, input) = Begin(course);
        var most = Math.Max(machine.Replicas.Count, Math.Max(RollingStrategy.Before(input()), course.Wanted) + course.Surge);
        foreach (var (which, fate) in course.Happenings)
        {
            machine.Apply(new RollingStrategy().Next(input()));
            if (machine.Replicas.Count > most)
            {
                return false;
            }

            machine.Happen(which, fate, deaths: true);
        }

        return true;
    }).Check(Runs);

    [Theory]
    [InlineData("rolling")]
    [InlineData("recreate")]
    public void Strategy_OnceReplicasStayAlive_ReachesThePlanAndStaysThere(string name)
    {
        IStrategy strategy = name == "rolling" ? new RollingStrategy() : new RecreateStrategy();
        Prop.ForAll(Courses.ToArbitrary(), course =>
        {
            var (machine, input) = Begin(course);
            foreach (var (which, fate) in course.Happenings)
            {
                machine.Apply(strategy.Next(input()));
                machine.Happen(which, fate, deaths: true);
            }

            for (var round = 0; round < 100; round++)
            {
                var step = strategy.Next(input());
                machine.Apply(step);
                if (step.IsDone)
                {
                    return machine.Replicas.All(r => r.PlanId == input().To.Id && r.Phase == ReplicaPhase.Ready)
                        && machine.Replicas.Count == course.Wanted
                        && step.Serving.SetEquals([input().To.Id]);
                }

                machine.AllGetFurther();
            }

            return false;
        }).Check(Runs);
    }

    [Fact]
    public void Recreate_AnyOrder_NeverRunsOldAndNewSideBySide() => Prop.ForAll(Courses.ToArbitrary(), course =>
    {
        var (machine, input) = Begin(course);
        foreach (var (which, fate) in course.Happenings)
        {
            machine.Apply(new RecreateStrategy().Next(input()));
            if (machine.Replicas.Any(r => r.PlanId == input().To.Id) && machine.Replicas.Any(r => r.PlanId != input().To.Id))
            {
                return false;
            }

            machine.Happen(which, fate, deaths: true);
        }

        return true;
    }).Check(Runs);

    [Theory]
    [InlineData("rolling")]
    [InlineData("recreate")]
    public void Strategy_Paused_StopsNothingThatServesAndStartsNoNewReplica(string name)
    {
        IStrategy strategy = name == "rolling" ? new RollingStrategy() : new RecreateStrategy();
        Prop.ForAll(Courses.ToArbitrary(), course =>
        {
            var (machine, input) = Begin(course);
            foreach (var (which, fate) in course.Happenings.Take(course.Happenings.Count / 2))
            {
                machine.Apply(strategy.Next(input()));
                machine.Happen(which, fate, deaths: false);
            }

            var paused = input() with { IsPaused = true };
            var step = strategy.Next(paused);
            var ready = machine.Ready;
            machine.Apply(step);
            return !step.IsDone
                && machine.Ready == ready
                && (machine.Replicas.Count(r => r.PlanId == paused.To.Id) <= paused.Present(paused.To) || paused.PresentOthers == 0);
        }).Check(Runs);
    }

    [Theory]
    [InlineData("rolling")]
    [InlineData("recreate")]
    public void Strategy_ControllerKilledBetweenAnySteps_AsksForTheSameAgain(string name)
    {
        IStrategy strategy = name == "rolling" ? new RollingStrategy() : new RecreateStrategy();
        Prop.ForAll(Courses.ToArbitrary(), course =>
        {
            var (machine, input) = Begin(course);
            foreach (var (which, fate) in course.Happenings)
            {
                var step = strategy.Next(input());
                machine.Apply(step);
                var phases = machine.Replicas.ToList();

                // Nothing happened since; a second controller that finds the replicas so leaves them so.
                machine.Apply(strategy.Next(input()));
                if (!machine.Replicas.SequenceEqual(phases))
                {
                    return false;
                }

                machine.Happen(which, fate, deaths: true);
            }

            return true;
        }).Check(Runs);
    }

    private static (SimulatedMachine Machine, Func<StrategyInput> Input) Begin(Course course)
    {
        var machine = new SimulatedMachine();
        PlanCount to = new(Guid.NewGuid(), "digits 3", course.Wanted);
        var stable = course.Old == 0 ? null : new PlanCount(Guid.NewGuid(), "digits 2", course.Old);
        PlanCount leftover = new(Guid.NewGuid(), "digits 1", Math.Max(1, course.Leftover));
        if (stable is not null)
        {
            machine.Add(stable.Id, ReplicaPhase.Ready, course.OldReady);
            machine.Add(stable.Id, ReplicaPhase.Failed, course.Old - course.OldReady);
        }

        machine.Add(leftover.Id, ReplicaPhase.Ready, course.LeftoverReady);
        machine.Add(leftover.Id, ReplicaPhase.Unready, course.Leftover - course.LeftoverReady);
        return (machine, () => new()
        {
            To = to,
            Stable = stable,
            Leftovers = machine.Replicas.Any(r => r.PlanId == leftover.Id) ? [leftover] : [],
            Replicas = [.. machine.Replicas],
            MaxSurge = course.Surge,
        });
    }

    /// <summary>How it begins, and what happens to replicas afterwards.</summary>
    internal sealed record Course(int Old, int OldReady, int Leftover, int LeftoverReady, int Wanted, int Surge, IReadOnlyList<(int Which, int Fate)> Happenings);
}
