using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.Rollouts;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Serving;
using Ops.Dashboard.Features.Targets;
using Ops.Data.Approvals;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.Tests.Features.Rollouts.Execution;

public sealed class EndpointReconcilerTests
{
    [Theory]
    [InlineData(Database.Sqlite)]
    [InlineData(Database.Postgres)]
    public async Task Reconcile_ApprovedRollout_SucceedsAndServesOnlyTheNewPlan(Database database)
    {
        await using var world = await OpsWorld.CreateAsync(database);
        var controller = await Controller.StartAsync(world);
        var first = await world.ApprovedAsync(1);
        await controller.SettleAsync(first.EndpointId);
        var second = await world.ApprovedAsync(2);
        await controller.SettleAsync(first.EndpointId);

        Assert.Equal(RolloutState.Succeeded, await controller.StateAsync(second.Id));
        var plan = (await world.RolloutAsync(second.Id)).PlanId;
        var replicas = world.Machine.Of(first.EndpointId);
        Assert.Equal(2, replicas.Count);
        Assert.All(replicas, r => Assert.Equal((plan, ReplicaPhase.Ready), (r.PlanId, r.Phase)));
        Assert.Equal([plan], world.Get<RouteTable>().Find("digits")!.ServingPlans);
        await using var db = world.Open();
        var endpoint = await db.Endpoints.SingleAsync();
        Assert.Equal((plan, null), (endpoint.StablePlanId, endpoint.ActiveRolloutId));
        var kinds = (await world.EventsAsync(second.Id)).Select(e => e.Kind).ToList();
        Assert.Equal([RolloutEventKinds.Requested, RolloutEventKinds.Approved, RolloutEventKinds.Started], kinds.Take(3));
        Assert.Equal(RolloutEventKinds.Succeeded, kinds[^1]);
    }

    [Fact]
    public async Task Reconcile_PendingRollout_StartsNothing()
    {
        await using var world = await OpsWorld.CreateAsync();
        var controller = await Controller.StartAsync(world);
        var asked = await world.RequestAsync();

        await controller.SettleAsync(asked.EndpointId);

        Assert.Empty(world.Machine.Applied);
        Assert.Equal(1, world.Get<RolloutFeed>().Snapshot().Single().Waiting);
    }

    [Fact]
    public async Task Reconcile_NoProgressWithinTheDeadline_FailsWithTheReplicasReasonAndGoesBack()
    {
        await using var world = await OpsWorld.CreateAsync();
        var controller = await Controller.StartAsync(world);
        var good = await world.ApprovedAsync(1);
        await controller.SettleAsync(good.EndpointId);
        world.Machine.Broken[2] = "the model file has another SHA-256";
        var bad = await world.ApprovedAsync(2, d => d with { ProgressDeadlineSeconds = 30 });

        await controller.SettleAsync(good.EndpointId);

        var rollout = await world.RolloutAsync(bad.Id);
        Assert.Equal(RolloutState.Failed, rollout.State);
        Assert.Contains("No progress for 31 s", rollout.Status, StringComparison.Ordinal);
        Assert.Contains("the model file has another SHA-256", rollout.Status, StringComparison.Ordinal);

        // True of the replica while it lasted, not of what has failed.
        Assert.DoesNotContain("started again", rollout.Status, StringComparison.Ordinal);
        var stable = (await world.RolloutAsync(good.Id)).PlanId;
        Assert.Equal([stable, stable], world.Machine.Of(good.EndpointId).Select(r => r.PlanId));
        Assert.Equal([stable], world.Get<RouteTable>().Find("digits")!.ServingPlans);
        var told = Assert.Single(await world.AuditAsync("rollout.roll-back-automatically"));
        Assert.Equal(("system", bad.Id.ToString(), true), (told.PersonName, told.SubjectId, told.Reason!.StartsWith("No progress", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Reconcile_FirstRolloutEverFails_NothingRuns()
    {
        await using var world = await OpsWorld.CreateAsync();
        var controller = await Controller.StartAsync(world);
        world.Machine.Broken[1] = "no";
        var bad = await world.ApprovedAsync(1, d => d with { ProgressDeadlineSeconds = 10 });

        await controller.SettleAsync(bad.EndpointId);

        Assert.Equal(RolloutState.Failed, await controller.StateAsync(bad.Id));
        Assert.Empty(world.Machine.Of(bad.EndpointId));
        Assert.Empty(world.Get<RouteTable>().Find("digits")!.ServingPlans);
        Assert.Equal(bad.Id.ToString(), Assert.Single(await world.AuditAsync("rollout.stop-automatically")).SubjectId);
    }

    [Fact]
    public async Task Reconcile_TargetDownLongerThanTheDeadline_GoesOnOnceItIsBack()
    {
        await using var world = await OpsWorld.CreateAsync();
        var controller = await Controller.StartAsync(world);
        var asked = await world.ApprovedAsync(1, d => d with { ProgressDeadlineSeconds = 30 });
        await controller.LookAsync(asked.EndpointId);
        world.Machine.Down = new InvalidOperationException("connection refused");
        for (var i = 0; i < 60; i++)
        {
            world.Time.Advance(TimeSpan.FromSeconds(5));
            await controller.Lease.TryHoldAsync(default);
            var trouble = await Assert.ThrowsAsync<InvalidOperationException>(() => controller.Reconciler.ReconcileAsync(asked.EndpointId, default));
            await controller.Reconciler.NoteTroubleAsync(asked.EndpointId, trouble, default);
        }

        Assert.Contains("connection refused", (await world.RolloutAsync(asked.Id)).Status, StringComparison.Ordinal);
        var shown = Assert.Single(world.Get<RolloutFeed>().Snapshot());
        Assert.Equal((asked.Id, RolloutState.Running), (shown.RolloutId, shown.State));
        Assert.Contains("connection refused", shown.Status, StringComparison.Ordinal);
        Assert.Single(await world.EventsAsync(asked.Id), e => e.Kind == RolloutEventKinds.Trouble);
        world.Machine.Down = null;
        await controller.SettleAsync(asked.EndpointId);

        Assert.Equal(RolloutState.Succeeded, await controller.StateAsync(asked.Id));
    }

    [Fact]
    public async Task Reconcile_ClockJumpsAnHour_FailsNothing()
    {
        await using var world = await OpsWorld.CreateAsync();
        var controller = await Controller.StartAsync(world);
        var asked = await world.ApprovedAsync(1);
        await controller.LookAsync(asked.EndpointId);
        world.Time.JumpTo(world.Time.GetUtcNow().AddHours(1));
        await controller.LookAsync(asked.EndpointId);
        world.Time.JumpTo(world.Time.GetUtcNow().AddHours(-2));

        await controller.SettleAsync(asked.EndpointId);

        Assert.Equal(RolloutState.Succeeded, await controller.StateAsync(asked.Id));
    }

    [Fact]
    public async Task Reconcile_ReplicasRemovedBehindOurBack_AreStartedAgain()
    {
        await using var world = await OpsWorld.CreateAsync();
        var controller = await Controller.StartAsync(world);
        var asked = await world.ApprovedAsync(1);
        await controller.SettleAsync(asked.EndpointId);
        world.Machine.Lose((await world.RolloutAsync(asked.Id)).PlanId);

        await controller.SettleAsync(asked.EndpointId);

        Assert.Equal(2, world.Machine.Of(asked.EndpointId).Count(r => r.Phase == ReplicaPhase.Ready));
    }

    [Fact]
    public async Task Reconcile_PausedThenResumed_HoldsAndGoesOn()
    {
        await using var world = await OpsWorld.CreateAsync();
        var controller = await Controller.StartAsync(world);
        var first = await world.ApprovedAsync(1);
        await controller.SettleAsync(first.EndpointId);
        var second = await world.ApprovedAsync(2, d => d with { ProgressDeadlineSeconds = 10 });
        await controller.LookAsync(first.EndpointId);
        Assert.True((await world.Get<RolloutControl>().PauseAsync(world.As("oncall"), second.Id)).Succeeded);
        var held = world.Machine.Of(first.EndpointId).Count;
        for (var i = 0; i < 30; i++)
        {
            world.Machine.AllGetFurther();
            world.Time.Advance(TimeSpan.FromSeconds(1));
            await controller.LookAsync(first.EndpointId);
        }

        Assert.Equal(held, world.Machine.Of(first.EndpointId).Count);
        Assert.Equal(RolloutState.Paused, await controller.StateAsync(second.Id));
        Assert.True((await world.Get<RolloutControl>().ResumeAsync(world.As("oncall"), second.Id)).Succeeded);
        await controller.SettleAsync(first.EndpointId);
        Assert.Equal(RolloutState.Succeeded, await controller.StateAsync(second.Id));
    }

    [Fact]
    public async Task Reconcile_AbortedHalfway_GoesBackAndNeverServesLessThanBefore()
    {
        await using var world = await OpsWorld.CreateAsync();
        var controller = await Controller.StartAsync(world);
        var first = await world.ApprovedAsync(1);
        await controller.SettleAsync(first.EndpointId);
        var second = await world.ApprovedAsync(2);
        for (var i = 0; i < 3; i++)
        {
            await controller.LookAsync(first.EndpointId);
            world.Machine.AllGetFurther();
        }

        Assert.True((await world.Get<RolloutControl>().AbortAsync(world.As("oncall"), second.Id, "errors")).Succeeded);
        for (var i = 0; i < 20; i++)
        {
            await controller.LookAsync(first.EndpointId);
            Assert.True(world.Machine.Of(first.EndpointId).Count(r => r.Phase == ReplicaPhase.Ready) >= 2);
            world.Machine.AllGetFurther();
        }

        var stable = (await world.RolloutAsync(first.Id)).PlanId;
        Assert.Equal([stable, stable], world.Machine.Of(first.EndpointId).Select(r => r.PlanId));
        Assert.Equal("Aborted by oncall: errors", (await world.RolloutAsync(second.Id)).Status);
    }

    [Fact]
    public async Task Reconcile_SupersededHalfway_ReachesTheLaterPlan()
    {
        await using var world = await OpsWorld.CreateAsync();
        var controller = await Controller.StartAsync(world);
        var first = await world.ApprovedAsync(1);
        await controller.SettleAsync(first.EndpointId);
        var second = await world.ApprovedAsync(2);
        await controller.LookAsync(first.EndpointId);
        world.Machine.AllGetFurther();
        await controller.LookAsync(first.EndpointId);
        var third = await world.ApprovedAsync(3);

        await controller.SettleAsync(first.EndpointId);

        Assert.Equal(RolloutState.Superseded, await controller.StateAsync(second.Id));
        Assert.Equal(RolloutState.Succeeded, await controller.StateAsync(third.Id));
        var plan = (await world.RolloutAsync(third.Id)).PlanId;
        Assert.Equal([plan, plan], world.Machine.Of(first.EndpointId).Select(r => r.PlanId));
    }

    [Fact]
    public async Task Reconcile_Retired_TakesEverythingDownAndForgetsTheRoute()
    {
        await using var world = await OpsWorld.CreateAsync();
        var controller = await Controller.StartAsync(world);
        var asked = await world.ApprovedAsync(1);
        await controller.SettleAsync(asked.EndpointId);
        var token = (await world.Get<EndpointCommands>().CreateTokenAsync(world.As("operator"), asked.EndpointId, "client")).Value;
        Assert.True((await world.Get<EndpointCommands>().RetireAsync(world.As("operator"), asked.EndpointId, "old")).Succeeded);

        await controller.SettleAsync(asked.EndpointId);

        Assert.Empty(world.Machine.Of(asked.EndpointId));
        Assert.Null(world.Get<RouteTable>().Find("digits"));
        await using var db = world.Open();
        var kept = await db.EndpointTokens.SingleAsync();
        Assert.NotNull(kept.RevokedAt);
        Assert.Equal(EndpointTokens.HashOf(token.Secret), kept.Hash);
        Assert.Matches("^ops_[A-Za-z0-9_-]{43}$", token.Secret);
        Assert.DoesNotContain(await db.AuditEntries.ToListAsync(), e => $"{e.BeforeJson}{e.AfterJson}".Contains(token.Secret, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Rollback_Succeeds_MarksWhatItUndidAndNeedsNobody()
    {
        await using var world = await OpsWorld.CreateAsync();
        var controller = await Controller.StartAsync(world);
        var first = await world.ApprovedAsync(1);
        await controller.SettleAsync(first.EndpointId);
        var second = await world.ApprovedAsync(2);
        await controller.SettleAsync(first.EndpointId);
        var old = (await world.RolloutAsync(first.Id)).PlanId;

        var back = await world.Get<RequestRollback>().RunAsync(world.As("oncall"), first.EndpointId, old, "wrong answers");
        Assert.Equal(RolloutState.Approved, back.Value.State);
        await controller.SettleAsync(first.EndpointId);

        Assert.Equal(RolloutState.Succeeded, await controller.StateAsync(back.Value.Id));
        Assert.Equal(RolloutState.RolledBack, await controller.StateAsync(second.Id));
        Assert.Equal([old, old], world.Machine.Of(first.EndpointId).Select(r => r.PlanId));
        Assert.Equal(Ops.Data.FailureKind.Conflict, (await world.Get<RequestRollback>().RunAsync(world.As("oncall"), first.EndpointId, old)).Failure!.Kind);
    }
}
