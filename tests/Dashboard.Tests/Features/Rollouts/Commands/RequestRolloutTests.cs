using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Data;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.Tests.Features.Rollouts.Commands;

public sealed class RequestRolloutTests
{
    [Fact]
    public async Task Request_NewEndpoint_SealsThePlanAndWaitsForApproval()
    {
        await using var world = await OpsWorld.CreateAsync();

        var asked = await world.RequestAsync();

        Assert.Equal((1, RolloutState.PendingApproval), (asked.Number, asked.State));
        await using var db = world.Open();
        var plan = await db.Plans.SingleAsync();
        Assert.True(plan.IsIntact);
        Assert.Equal((asked.EndpointId, world.Versions[0].Digest, "production"), (plan.Spec.EndpointId, plan.Spec.VersionDigest, plan.Spec.Environment.ToString().ToLowerInvariant()));
        Assert.Null((await db.Endpoints.SingleAsync()).ActiveRolloutId);
        Assert.Single(await world.AuditAsync("rollout.request"));
        Assert.Equal([RolloutEventKinds.Requested], (await world.EventsAsync(asked.Id)).Select(e => e.Kind));
    }

    [Fact]
    public async Task Request_PolicyAsksForNobody_TakesTheEndpointOverAtOnce()
    {
        await using var world = await OpsWorld.CreateAsync(environment: TargetEnvironment.Dev);

        var asked = await world.RequestAsync();

        Assert.Equal(RolloutState.Approved, asked.State);
        await using var db = world.Open();
        Assert.Equal(asked.Id, (await db.Endpoints.SingleAsync()).ActiveRolloutId);
    }

    [Theory]
    [InlineData(Database.Sqlite)]
    [InlineData(Database.Postgres)]
    public async Task Request_SubmittedTwiceAtOnce_MakesOneRollout(Database database)
    {
        await using var world = await OpsWorld.CreateAsync(database);
        var request = world.Get<RequestRollout>();

        var results = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => request.RunAsync(world.As("operator"), world.Draft(), "because"))));

        Assert.Single(results, r => r.Succeeded);
        Assert.All(results.Where(r => !r.Succeeded), r => Assert.Equal(FailureKind.Conflict, r.Failure!.Kind));
        Assert.Single(await world.AuditAsync("rollout.request"));
        await using var db = world.Open();
        Assert.Equal((1, 1, 1), (await db.Rollouts.CountAsync(), await db.Plans.CountAsync(), await db.Endpoints.CountAsync()));
    }

    [Fact]
    public async Task Request_ApprovedLater_SupersedesWhatWaitsAndRunsBefore()
    {
        await using var world = await OpsWorld.CreateAsync();
        var first = await world.ApprovedAsync(1);
        var second = await world.RequestAsync(2);
        var third = await world.RequestAsync(3);
        var fourth = await world.RequestAsync(4);

        await world.DecideAsync(third.Id, Ops.Data.Approvals.Verdict.Approve);

        Assert.Equal(RolloutState.Superseded, (await world.RolloutAsync(first.Id)).State);
        Assert.Equal(RolloutState.Superseded, (await world.RolloutAsync(second.Id)).State);
        Assert.Equal(RolloutState.Approved, (await world.RolloutAsync(third.Id)).State);
        Assert.Equal(RolloutState.PendingApproval, (await world.RolloutAsync(fourth.Id)).State);
        await using var db = world.Open();
        Assert.Equal(third.Id, (await db.Endpoints.SingleAsync()).ActiveRolloutId);
    }

    [Fact]
    public async Task Request_WithoutAReason_IsRefusedAtTheField()
    {
        await using var world = await OpsWorld.CreateAsync();

        var result = await world.Get<RequestRollout>().RunAsync(world.As("operator"), world.Draft(), "  ");

        Assert.Equal((FailureKind.Invalid, PlanFields.Reason), (result.Failure!.Kind, result.Failure.Field));
        await using var db = world.Open();
        Assert.Empty(await db.Endpoints.ToListAsync());
    }

    [Fact]
    public async Task Request_MachinesCannotBeSeen_IsRefusedWithoutAnyTrace()
    {
        await using var world = await OpsWorld.CreateAsync();
        world.Machine.Down = new InvalidOperationException("unplugged");

        var result = await world.Get<RequestRollout>().RunAsync(world.As("operator"), world.Draft(), "because");

        Assert.Equal(FailureKind.Unavailable, result.Failure!.Kind);
        await using var db = world.Open();
        Assert.Empty(await db.Endpoints.ToListAsync());
        Assert.Empty(await db.Plans.ToListAsync());
    }
}
