using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Features.Rollouts.Execution;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Tests.Features.Rollouts.Execution;

public sealed class LeaderLeaseTests
{
    [Theory]
    [InlineData(Database.Sqlite)]
    [InlineData(Database.Postgres)]
    public async Task TryHold_ManyAtOnce_OneWins(Database database)
    {
        await using var world = await OpsWorld.CreateAsync(database);
        var leases = Enumerable.Range(0, 5).Select(_ => world.Start().GetRequiredService<LeaderLease>()).ToList();

        var held = await Task.WhenAll(leases.Select(l => Task.Run(() => l.TryHoldAsync(default))));

        Assert.Single(held, h => h);
        Assert.Single(leases, l => l.IsHeld);
    }

    [Fact]
    public async Task IsHeld_ProcessStoppedForTwentySeconds_IsFalseBeforeItAsksAgain()
    {
        await using var world = await OpsWorld.CreateAsync();
        var (first, second) = Two(world);
        Assert.True(await first.TryHoldAsync(default));
        Assert.False(await second.TryHoldAsync(default));
        world.Time.Advance(TimeSpan.FromSeconds(20));

        Assert.False(first.IsHeld);
        Assert.True(await second.TryHoldAsync(default));
        Assert.False(await first.TryHoldAsync(default));
        Assert.True(second.IsHeld);
        Assert.False(first.IsHeld);
    }

    [Fact]
    public async Task TryHold_HolderWasKilled_TakesOverWhenItRanOut()
    {
        await using var world = await OpsWorld.CreateAsync();
        var (first, second) = Two(world);
        await first.TryHoldAsync(default);
        await second.TryHoldAsync(default);
        var waited = 0;
        while (!await second.TryHoldAsync(default))
        {
            world.Time.Advance(TimeSpan.FromSeconds(1));
            waited++;
        }

        Assert.InRange(waited, 14, 16);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task TryHold_WallClockOfOneProcessJumps_LeavesTheHolderAlone(int hours)
    {
        await using var world = await OpsWorld.CreateAsync();
        var (first, second) = Two(world);
        await first.TryHoldAsync(default);
        for (var i = 0; i < 10; i++)
        {
            world.Time.JumpTo(world.Time.GetUtcNow().AddHours(hours));
            Assert.False(await second.TryHoldAsync(default));
            world.Time.JumpTo(world.Time.GetUtcNow().AddHours(-hours));
            world.Time.Advance(TimeSpan.FromSeconds(5));
            Assert.True(await first.TryHoldAsync(default));
        }
    }

    [Fact]
    public async Task Release_Held_LetsAnotherTakeItAtOnce()
    {
        await using var world = await OpsWorld.CreateAsync();
        var (first, second) = Two(world);
        await first.TryHoldAsync(default);
        await first.ReleaseAsync(default);

        Assert.False(first.IsHeld);
        Assert.True(await second.TryHoldAsync(default));
    }

    [Fact]
    public async Task Reconcile_WithoutTheLease_RoutesButActsOnNothing()
    {
        await using var world = await OpsWorld.CreateAsync();
        var leader = await Controller.StartAsync(world);
        var asked = await world.ApprovedAsync(1);
        await leader.SettleAsync(asked.EndpointId);
        var applied = world.Machine.Applied.Count;
        var next = await world.ApprovedAsync(2);
        Controller follower = new(world, world.Start());

        await follower.Reconciler.ReconcileAsync(asked.EndpointId, default);

        Assert.Equal(applied, world.Machine.Applied.Count);
        Assert.Equal(RolloutState.Approved, await leader.StateAsync(next.Id));
        Assert.Contains((await world.RolloutAsync(asked.Id)).PlanId, follower.Process.GetRequiredService<Ops.Dashboard.Features.Serving.RouteTable>().Find("digits")!.ServingPlans);
    }

    [Fact]
    public async Task Reconcile_LeaseRunsOutWhileTheTargetAnswers_AppliesNothing()
    {
        await using var world = await OpsWorld.CreateAsync();
        var leader = await Controller.StartAsync(world);
        var asked = await world.ApprovedAsync(1);
        world.Time.Advance(TimeSpan.FromSeconds(20));

        await leader.Reconciler.ReconcileAsync(asked.EndpointId, default);

        Assert.Empty(world.Machine.Applied);
        await using var db = world.Open();
        Assert.Equal(RolloutState.Approved, (await db.Rollouts.SingleAsync()).State);
    }

    private static (LeaderLease First, LeaderLease Second) Two(OpsWorld world) =>
        (world.Start().GetRequiredService<LeaderLease>(), world.Start().GetRequiredService<LeaderLease>());
}
