using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Serving;
using Ops.Data.Approvals;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.Tests.Features.Rollouts.Execution;

/// <summary>Only what was decided about runs, and nobody is let in whom no plan lets in.</summary>
public sealed class EndpointReconcilerTrustTests
{
    [Fact]
    public async Task Reconcile_PlanAlteredAfterTheApproval_FailsAndStartsNothing()
    {
        await using var world = await OpsWorld.CreateAsync();
        var controller = await Controller.StartAsync(world);
        var asked = await world.ApprovedAsync(1);
        await using (var db = world.Open())
        {
            // Whoever alters the text and its hash alike is found out by the hash that was decided about.
            var plan = await db.Plans.AsNoTracking().SingleAsync();
            var altered = plan.SpecJson.Replace("\"replicas\":2", "\"replicas\":9", StringComparison.Ordinal);
            var hash = PlanSpec.HashOf(altered);
            await db.Plans.ExecuteUpdateAsync(p => p.SetProperty(x => x.SpecJson, altered).SetProperty(x => x.Hash, hash));
        }

        await controller.SettleAsync(asked.EndpointId);

        Assert.Equal(RolloutState.Failed, await controller.StateAsync(asked.Id));
        Assert.DoesNotContain(world.Machine.Applied, a => a.Revisions.Count > 0);
    }

    [Fact]
    public async Task Reconcile_DigestSwappedAfterTheApproval_FailsAndStartsNothing()
    {
        await using var world = await OpsWorld.CreateAsync();
        var controller = await Controller.StartAsync(world);
        var asked = await world.ApprovedAsync(1);
        await using (var db = world.Open())
        {
            await db.VersionFiles.Where(f => f.VersionId == world.Versions[0].Id).ExecuteUpdateAsync(f => f.SetProperty(x => x.Sha256, new string('f', 64)));
        }

        await controller.SettleAsync(asked.EndpointId);

        Assert.Equal(RolloutState.Failed, await controller.StateAsync(asked.Id));
        Assert.DoesNotContain(world.Machine.Applied, a => a.Revisions.Count > 0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reconcile_ObjectFoundAlteredOrDeletedAfterTheApproval_FailsAndStartsNothing(bool deleted)
    {
        await using var world = await OpsWorld.CreateAsync();
        var controller = await Controller.StartAsync(world);
        var asked = await world.ApprovedAsync(1);
        await using (var db = world.Open())
        {
            var version = await db.Versions.SingleAsync(v => v.Id == world.Versions[0].Id);
            if (deleted)
            {
                // The command refuses this; whatever else may do it must not get it served either.
                Assert.True(version.Delete("olga", world.Time.GetUtcNow()).Succeeded);
            }
            else
            {
                version.MarkDamaged("model.onnx was changed in the store.");
            }

            await db.SaveChangesAsync();
        }

        await controller.SettleAsync(asked.EndpointId);

        Assert.Equal(RolloutState.Failed, await controller.StateAsync(asked.Id));
        Assert.DoesNotContain(world.Machine.Applied, a => a.Revisions.Count > 0);
    }

    [Fact]
    public async Task Decide_VersionFoundDamagedWhileWaiting_CannotBeApproved()
    {
        await using var world = await OpsWorld.CreateAsync();
        var asked = await world.RequestAsync();
        await using (var db = world.Open())
        {
            (await db.Versions.SingleAsync(v => v.Id == world.Versions[0].Id)).MarkDamaged("model.onnx is missing from the store.");
            await db.SaveChangesAsync();
        }

        var decided = await world.DecideAsync(asked.Id, Verdict.Approve);

        Assert.False(decided.Succeeded);
        Assert.Equal(RolloutState.PendingApproval, (await world.RolloutAsync(asked.Id)).State);
    }

    [Fact]
    public async Task Reconcile_StablePlanAltered_LeavesWhatRunsAloneAndSaysSoOnce()
    {
        await using var world = await OpsWorld.CreateAsync();
        var controller = await Controller.StartAsync(world);
        var asked = await world.ApprovedAsync(1);
        await controller.SettleAsync(asked.EndpointId);
        var applied = world.Machine.Applied.Count;
        await using (var db = world.Open())
        {
            await db.Plans.ExecuteUpdateAsync(p => p.SetProperty(x => x.SpecJson, x => x.SpecJson + " "));
        }

        await controller.LookAsync(asked.EndpointId, 3);

        Assert.Equal(applied, world.Machine.Applied.Count);
        Assert.Single(world.Get<RouteTable>().Find("digits")!.ServingPlans);
        await using var fresh = world.Open();
        Assert.Equal(1, await fresh.RolloutEvents.CountAsync(e => e.Kind == RolloutEventKinds.PlanDamaged));
    }

    [Fact]
    public async Task Reconcile_TargetMovedToAnotherEnvironment_FailsInsteadOfRunningUnderTheOldPolicy()
    {
        await using var world = await OpsWorld.CreateAsync(environment: TargetEnvironment.Dev);
        var controller = await Controller.StartAsync(world);
        var asked = await world.RequestAsync();
        await using (var db = world.Open())
        {
            (await db.Targets.SingleAsync()).SetEnvironment(TargetEnvironment.Production);
            await db.SaveChangesAsync();
        }

        await controller.SettleAsync(asked.EndpointId);

        Assert.Equal(RolloutState.Failed, await controller.StateAsync(asked.Id));
        Assert.DoesNotContain(world.Machine.Applied, a => a.Revisions.Count > 0);
    }

    [Fact]
    public async Task Decide_LaterReject_DoesNotTouchTheRunningRollout()
    {
        await using var world = await OpsWorld.CreateAsync();
        var controller = await Controller.StartAsync(world);
        var first = await world.ApprovedAsync(1);
        await controller.LookAsync(first.EndpointId);
        var second = await world.RequestAsync(2);

        Assert.True((await world.DecideAsync(second.Id, Verdict.Reject)).Succeeded);
        await controller.SettleAsync(first.EndpointId);

        Assert.Equal(RolloutState.Succeeded, await controller.StateAsync(first.Id));
    }

    [Fact]
    public async Task Reconcile_TokenBecomesRequired_IsAskedForFromTheFirstMoment()
    {
        await using var world = await OpsWorld.CreateAsync();
        var controller = await Controller.StartAsync(world);
        var first = await world.ApprovedAsync(1);
        await controller.SettleAsync(first.EndpointId);
        Assert.False(world.Get<RouteTable>().Find("digits")!.RequiresToken);
        var second = await world.ApprovedAsync(1, d => d with { RequiresToken = true });
        await controller.LookAsync(first.EndpointId);

        Assert.True(world.Get<RouteTable>().Find("digits")!.RequiresToken);
        await controller.SettleAsync(first.EndpointId);
        await world.ApprovedAsync(1, d => d with { RequiresToken = false, Replicas = 3 });
        await controller.LookAsync(first.EndpointId);
        Assert.True(world.Get<RouteTable>().Find("digits")!.RequiresToken);
        await controller.SettleAsync(first.EndpointId);
        Assert.False(world.Get<RouteTable>().Find("digits")!.RequiresToken);
        Assert.Equal(RolloutState.Succeeded, await controller.StateAsync(second.Id));
    }
}
