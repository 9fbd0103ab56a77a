using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Dashboard.Features.Serving;
using Ops.Dashboard.Features.Targets;
using Ops.Data;
using Ops.Data.Audit;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Tests.Features.Rollouts.Execution;

/// <summary>A rollout by steps as the controller carries it out.</summary>
public sealed class StepsReconcilerTests
{
    private static readonly PlanGate Errors = new() { Metric = GateMetrics.ErrorRate, Max = 0.01, MinRequests = 1, WindowSeconds = 10 };

    [Fact]
    public async Task Reconcile_Canary_TakesItsStepsAndSucceedsWithFewLinesOfHistory()
    {
        await using var world = await OpsWorld.CreateAsync();
        var (controller, stable) = await RunningAsync(world);
        var canary = await world.ApprovedAsync(2, d => Canary(d, new PlanStep { Weight = 10, PauseSeconds = 8 }, new PlanStep { Weight = 50, PauseSeconds = 8 }));
        var plan = (await world.RolloutAsync(canary.Id)).PlanId;
        List<int> shares = [];
        for (var i = 0; i < 60 && await controller.StateAsync(canary.Id) != RolloutState.Succeeded; i++)
        {
            await StepAsync(world, controller, canary.EndpointId);
            if (world.Get<RouteTable>().Find("digits")!.Weights is { Count: > 0 } weights)
            {
                shares.Add(weights.GetValueOrDefault(plan));

                // What a gateway or a Service in a cluster is told is what the router does.
                Assert.Equal(weights.GetValueOrDefault(plan), world.Machine.Applied.Last().Revisions.SingleOrDefault(r => r.PlanId == plan)?.Weight ?? 0);
                Assert.Equal(weights.GetValueOrDefault(stable), world.Machine.Applied.Last().Revisions.Single(r => r.PlanId == stable).Weight);
                Assert.Equal(2, world.Machine.Of(canary.EndpointId).Count(r => r.PlanId == stable && r.Phase == ReplicaPhase.Ready));
            }
        }

        Assert.Equal(RolloutState.Succeeded, await controller.StateAsync(canary.Id));
        Assert.Equal([0, 10, 50], shares.Distinct());
        Assert.Equal([null], world.Machine.Applied.Last().Revisions.Select(r => r.Weight));
        Assert.InRange((await world.EventsAsync(canary.Id)).Count(e => e.Kind == RolloutEventKinds.Step), 1, 10);
    }

    [Fact]
    public async Task Reconcile_GateWithoutFigures_IsHeldAndEverythingGoesToWhatRanBefore()
    {
        await using var world = await OpsWorld.CreateAsync();
        var (controller, _) = await RunningAsync(world);
        var canary = await world.ApprovedAsync(2, d => Canary(d, new PlanStep { Weight = 10 }) with { Gates = [Errors] });
        var plan = (await world.RolloutAsync(canary.Id)).PlanId;

        await UntilAsync(world, controller, canary, RolloutState.Paused, seconds: 5);
        await StepAsync(world, controller, canary.EndpointId);
        await StepAsync(world, controller, canary.EndpointId);

        Assert.Equal(0, world.Get<RouteTable>().Find("digits")!.Weights.GetValueOrDefault(plan));
        Assert.StartsWith("A gate has no figure", (await world.RolloutAsync(canary.Id)).Status, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reconcile_GateWithoutFiguresAndBackByItself_FailsAndTheAuditSaysWhoDidIt()
    {
        await using var world = await OpsWorld.CreateAsync();
        var (controller, stable) = await RunningAsync(world);
        var canary = await world.ApprovedAsync(2, d => Canary(d, new PlanStep { Weight = 10 }) with { Gates = [Errors], RollBackOnFailure = true });

        await UntilAsync(world, controller, canary, RolloutState.Failed, seconds: 5);
        await controller.SettleAsync(canary.EndpointId);

        Assert.All(world.Machine.Of(canary.EndpointId), r => Assert.Equal(stable, r.PlanId));
        Assert.Equal([stable], world.Get<RouteTable>().Find("digits")!.ServingPlans);
        var entry = Assert.Single(await world.AuditAsync("rollout.roll-back-automatically"));
        Assert.Equal(("system", null, canary.Id.ToString()), (entry.PersonName, entry.PersonId, entry.SubjectId));
    }

    [Theory]
    [InlineData("canary", true)]
    [InlineData("blue-green", true)]
    [InlineData("shadow", true)]
    [InlineData("canary", false)]
    [InlineData("blue-green", false)]
    [InlineData("shadow", false)]
    public async Task Reconcile_NoProgressInAStrategyWithSteps_GoesBackOnlyWhenThePlanSaysSo(string strategy, bool goesBack)
    {
        await using var world = await OpsWorld.CreateAsync();
        var (controller, stable) = await RunningAsync(world);
        world.Machine.Broken[2] = "Exit code 65.";
        var rollout = await world.ApprovedAsync(2, d => d with
        {
            Strategy = strategy,
            Steps = [new PlanStep { Weight = strategy == "blue-green" ? 0 : 10, PauseSeconds = 1 }],
            ProgressDeadlineSeconds = 30,
            RollBackOnFailure = goesBack,
        });
        var plan = (await world.RolloutAsync(rollout.Id)).PlanId;

        await UntilAsync(world, controller, rollout, goesBack ? RolloutState.Failed : RolloutState.Paused);
        for (var i = 0; i < 40; i++)
        {
            await StepAsync(world, controller, rollout.EndpointId);
        }

        var stuck = await world.RolloutAsync(rollout.Id);
        Assert.Contains("No progress for 31 s", stuck.Status, StringComparison.Ordinal);
        Assert.Contains("Exit code 65", stuck.Status, StringComparison.Ordinal);
        Assert.Equal(2, world.Machine.Of(rollout.EndpointId).Count(r => r.PlanId == stable && r.Phase == ReplicaPhase.Ready));
        Assert.Contains(stable, world.Get<RouteTable>().Find("digits")!.ServingPlans);
        if (goesBack)
        {
            Assert.DoesNotContain(world.Machine.Of(rollout.EndpointId), r => r.PlanId == plan);
            return;
        }

        // What runs goes on, the replicas that do not get up included: their logs say why.
        Assert.Equal((RolloutState.Paused, stuck.Status), (stuck.State, stuck.HeldBecause));
        Assert.Contains(world.Machine.Of(rollout.EndpointId), r => r.PlanId == plan);
        Assert.Empty(await world.AuditAsync("rollout.roll-back-automatically"));
        Assert.Single(await world.EventsAsync(rollout.Id), e => e.Kind == RolloutEventKinds.Paused);

        // The person has put right what was in the way.
        world.Machine.Broken.Clear();
        foreach (var replica in world.Machine.Of(rollout.EndpointId).Where(r => r.PlanId == plan))
        {
            world.Machine.Set(replica with { Reason = null });
        }

        Assert.True((await world.Get<RolloutControl>().ResumeAsync(world.As("operator"), rollout.Id)).Succeeded);
        Assert.Null((await world.RolloutAsync(rollout.Id)).HeldBecause);
        await UntilAsync(world, controller, rollout, RolloutState.Succeeded);
    }

    [Fact]
    public async Task Reconcile_BlueGreenIsSwitched_TheOldOnesStayForTheSetTimeAndNoLonger()
    {
        await using var world = await OpsWorld.CreateAsync();
        var (controller, stable) = await RunningAsync(world);
        var (blue, plan) = await SwitchedAsync(world, controller, keepSeconds: 60);
        var switchedAt = (await world.RolloutAsync(blue.Id)).StepReachedAt!.Value;

        while (world.Time.GetUtcNow() - switchedAt < TimeSpan.FromSeconds(60))
        {
            await controller.LookAsync(blue.EndpointId);
            Assert.Equal(2, world.Machine.Of(blue.EndpointId).Count(r => r.PlanId == stable && r.Phase == ReplicaPhase.Ready));
            Assert.Equal([plan], world.Get<RouteTable>().Find("digits")!.ServingPlans);
            world.Machine.AllGetFurther();
            world.Time.Advance(TimeSpan.FromSeconds(1));
        }

        await controller.LookAsync(blue.EndpointId);
        Assert.All(world.Machine.Of(blue.EndpointId).Where(r => r.PlanId == stable), r => Assert.Equal(ReplicaPhase.Stopping, r.Phase));
        await UntilAsync(world, controller, blue, RolloutState.Succeeded);
        Assert.All(world.Machine.Of(blue.EndpointId), r => Assert.Equal(plan, r.PlanId));
    }

    [Fact]
    public async Task Reconcile_BlueGreenIsAbortedWhileTheOldOnesAreKept_TheNextLookSwitchesBack()
    {
        await using var world = await OpsWorld.CreateAsync();
        var (controller, stable) = await RunningAsync(world);
        var (blue, plan) = await SwitchedAsync(world, controller, keepSeconds: 600);
        for (var i = 0; i < 30; i++)
        {
            await StepAsync(world, controller, blue.EndpointId);
        }

        Assert.Equal([plan], world.Get<RouteTable>().Find("digits")!.ServingPlans);
        Assert.True((await world.Get<RolloutControl>().AbortAsync(world.As("operator"), blue.Id, "wrong answers")).Succeeded);
        await controller.LookAsync(blue.EndpointId);

        Assert.Equal([stable], world.Get<RouteTable>().Find("digits")!.ServingPlans);
        Assert.Equal(2, world.Machine.Of(blue.EndpointId).Count(r => r.PlanId == stable && r.Phase == ReplicaPhase.Ready));
        await controller.SettleAsync(blue.EndpointId);
        Assert.All(world.Machine.Of(blue.EndpointId), r => Assert.Equal(stable, r.PlanId));
    }

    [Fact]
    public async Task Reconcile_HeldAndTheTargetIsAwayForAMoment_SaysAgainWhyItIsHeld()
    {
        await using var world = await OpsWorld.CreateAsync();
        var (controller, _) = await RunningAsync(world);
        var canary = await world.ApprovedAsync(2, d => Canary(d, new PlanStep { Weight = 10 }) with { Gates = [Errors] });
        await UntilAsync(world, controller, canary, RolloutState.Paused, seconds: 5);
        var held = (await world.RolloutAsync(canary.Id)).Status;

        await controller.Reconciler.NoteTroubleAsync(canary.EndpointId, new InvalidOperationException("It is down."), default);
        Assert.NotEqual(held, (await world.RolloutAsync(canary.Id)).Status);
        await StepAsync(world, controller, canary.EndpointId);

        Assert.Equal(held, (await world.RolloutAsync(canary.Id)).Status);
        Assert.Equal(held, (await world.RolloutAsync(canary.Id)).HeldBecause);
    }

    [Fact]
    public async Task Reconcile_ControllerGoneForLongInAStep_TheNextOneMeasuresBeforeItJudges()
    {
        await using var world = await OpsWorld.CreateAsync();
        var (controller, _) = await RunningAsync(world);
        var canary = await world.ApprovedAsync(2, d => Canary(d, new PlanStep { Weight = 10 }) with { Gates = [Errors], RollBackOnFailure = true });
        for (var i = 0; i < 5; i++)
        {
            await StepAsync(world, controller, canary.EndpointId);
        }

        Assert.NotNull((await world.RolloutAsync(canary.Id)).StepReachedAt);
        world.Time.Advance(TimeSpan.FromMinutes(10));
        var next = await Controller.StartAsync(world, world.Start());
        await next.LookAsync(canary.EndpointId, 3);

        Assert.Equal(RolloutState.Running, await next.StateAsync(canary.Id));
    }

    [Fact]
    public async Task Reconcile_RollbackToAPlanWithSteps_TakesNoSteps()
    {
        await using var world = await OpsWorld.CreateAsync();
        var (controller, _) = await RunningAsync(world);
        var canary = await world.ApprovedAsync(2, d => Canary(d, new PlanStep { Weight = 10, PauseSeconds = 5 }));
        await UntilAsync(world, controller, canary, RolloutState.Succeeded);
        var plan = (await world.RolloutAsync(canary.Id)).PlanId;
        await UntilAsync(world, controller, await world.ApprovedAsync(3), RolloutState.Succeeded);

        var back = await world.Get<RequestRollback>().RunAsync(world.As("operator"), canary.EndpointId, plan);
        Assert.True(back.Succeeded, back.Failure?.Message);
        await StepAsync(world, controller, canary.EndpointId);

        Assert.Empty(world.Get<RouteTable>().Find("digits")!.Weights);
        Assert.Equal(1, (await world.RolloutAsync(back.Value.Id)).StepIndex);
        await UntilAsync(world, controller, back.Value, RolloutState.Succeeded);
    }

    [Fact]
    public async Task Promote_StepThatWaitsForAPerson_GoesOnOnlyThenAndOnlyWithTheRight()
    {
        await using var world = await OpsWorld.CreateAsync();
        var (controller, _) = await RunningAsync(world);
        var canary = await world.ApprovedAsync(2, d => Canary(d, new PlanStep { Weight = 10, WaitsForPerson = true }));
        for (var i = 0; i < 15; i++)
        {
            await StepAsync(world, controller, canary.EndpointId, seconds: 20);
        }

        Assert.Equal((RolloutState.Running, 0), ((await world.RolloutAsync(canary.Id)).State, (await world.RolloutAsync(canary.Id)).StepIndex));
        Assert.False((await world.Get<RolloutControl>().PromoteAsync(world.As("viewer"), canary.Id)).Succeeded);
        Assert.True((await world.Get<RolloutControl>().PromoteAsync(world.As("operator"), canary.Id)).Succeeded);
        await UntilAsync(world, controller, canary, RolloutState.Succeeded);
        Assert.Single(await world.AuditAsync("rollout.promote"));
    }

    [Fact]
    public async Task Promote_PastAGateWithoutAFigure_NeedsAReasonThatIsAudited()
    {
        await using var world = await OpsWorld.CreateAsync();
        var (controller, _) = await RunningAsync(world);
        var canary = await world.ApprovedAsync(2, d => Canary(d, new PlanStep { Weight = 10 }) with { Gates = [Errors] });
        for (var i = 0; i < 5; i++)
        {
            await StepAsync(world, controller, canary.EndpointId);
        }

        Assert.NotNull((await world.RolloutAsync(canary.Id)).StepReachedAt);
        foreach (var nothing in new[] { "", "  " })
        {
            var refused = await world.Get<RolloutControl>().PromoteAsync(world.As("operator"), canary.Id, nothing);
            Assert.Equal((FailureKind.Invalid, "reason"), (refused.Failure?.Kind, refused.Failure?.Field));
        }

        Assert.False((await world.RolloutAsync(canary.Id)).IsPromoted);
        Assert.True((await world.Get<RolloutControl>().PromoteAsync(world.As("operator"), canary.Id, "no traffic at night")).Succeeded);
        Assert.Equal("no traffic at night", Assert.Single(await world.AuditAsync("rollout.promote"), e => e.Result == AuditResult.Done).Reason);
        await UntilAsync(world, controller, canary, RolloutState.Succeeded);
    }

    [Fact]
    public async Task Reconcile_CanaryWithoutAReadyReplicaLeft_HasNoShareInACluster()
    {
        await using var world = await OpsWorld.CreateAsync();
        var (controller, stable) = await RunningAsync(world);
        var canary = await world.ApprovedAsync(2, d => Canary(d, new PlanStep { Weight = 10, PauseSeconds = 600 }));
        var plan = (await world.RolloutAsync(canary.Id)).PlanId;
        int? Share(Guid of) => world.Machine.Applied.Last().Revisions.Single(r => r.PlanId == of).Weight;
        for (var i = 0; i < 5; i++)
        {
            await StepAsync(world, controller, canary.EndpointId);
        }

        Assert.Equal((90, 10), (Share(stable), Share(plan)));
        foreach (var replica in world.Machine.Of(canary.EndpointId).Where(r => r.PlanId == plan))
        {
            world.Machine.Set(replica with { Phase = ReplicaPhase.Unready });
        }

        await controller.LookAsync(canary.EndpointId);
        Assert.Equal((90, 0), (Share(stable), Share(plan)));
    }

    private static async Task<(RolloutRef Blue, Guid Plan)> SwitchedAsync(OpsWorld world, Controller controller, int keepSeconds)
    {
        var blue = await world.ApprovedAsync(2, d => d with { Strategy = "blue-green", Steps = [new PlanStep { Weight = 0, PauseSeconds = 5 }], KeepOldSeconds = keepSeconds });
        for (var i = 0; i < 60 && await world.RolloutAsync(blue.Id) is not { StepIndex: 1, StepReachedAt: not null }; i++)
        {
            await StepAsync(world, controller, blue.EndpointId);
        }

        Assert.NotNull((await world.RolloutAsync(blue.Id)).StepReachedAt);
        return (blue, (await world.RolloutAsync(blue.Id)).PlanId);
    }

    private static DraftPlan Canary(DraftPlan draft, params PlanStep[] steps) => draft with { Strategy = "canary", Steps = steps };

    private static async Task<(Controller Controller, Guid Stable)> RunningAsync(OpsWorld world)
    {
        var controller = await Controller.StartAsync(world);
        var first = await world.ApprovedAsync(1);
        await controller.SettleAsync(first.EndpointId);
        return (controller, (await world.RolloutAsync(first.Id)).PlanId);
    }

    private static async Task StepAsync(OpsWorld world, Controller controller, Guid endpointId, int seconds = 1)
    {
        await controller.LookAsync(endpointId);
        world.Machine.AllGetFurther();
        world.Time.Advance(TimeSpan.FromSeconds(seconds));
    }

    private static async Task UntilAsync(OpsWorld world, Controller controller, RolloutRef rollout, RolloutState state, int seconds = 1)
    {
        for (var i = 0; i < 200 && await controller.StateAsync(rollout.Id) != state; i++)
        {
            await StepAsync(world, controller, rollout.EndpointId, seconds);
        }

        Assert.Equal(state, await controller.StateAsync(rollout.Id));
    }
}
