using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Tests.Features.Rollouts.Execution;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Approvals;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Tests.Features.Rollouts.Commands;

public sealed class RetryAndControlTests
{
    [Fact]
    public async Task Retry_WithinADayOfTheApproval_NeedsNobodyAgainAndSaysWhy()
    {
        await using var world = await OpsWorld.CreateAsync();
        var aborted = await AbortedAsync(world);

        var again = await world.Get<RetryRollout>().RunAsync(world.As("oncall"), aborted.Id);

        Assert.Equal((RolloutState.Approved, 2), (again.Value.State, again.Value.Number));
        Assert.Contains("approver approved of exactly this plan", Assert.Single(await world.AuditAsync("rollout.retry")).AfterJson, StringComparison.Ordinal);
        Assert.Equal((await world.RolloutAsync(aborted.Id)).PlanId, (await world.RolloutAsync(again.Value.Id)).PlanId);
    }

    [Theory]
    [InlineData("later")]
    [InlineData("by the approver")]
    [InlineData("demoted")]
    [InlineData("disabled")]
    [InlineData("more wanted")]
    [InlineData("another role")]
    [InlineData("something else became stable")]
    public async Task Retry_ApprovalsDoNotCount_AsksAgain(string why)
    {
        await using var world = await OpsWorld.CreateAsync();
        var aborted = await AbortedAsync(world);
        var by = "operator";
        switch (why)
        {
            case "later":
                world.Time.Advance(TimeSpan.FromHours(25));
                break;
            case "by the approver":
                await ChangeAsync(world, "approver", p => p.SetRoles(Roles.Approver | Roles.OnCall));
                by = "approver";
                break;
            case "demoted":
                await ChangeAsync(world, "approver", p => p.SetRoles(Roles.Viewer));
                break;
            case "disabled":
                await ChangeAsync(world, "approver", p => p.Disable(world.Time.GetUtcNow()));
                break;
            case "more wanted":
                await world.ChangePolicyAsync(2);
                break;
            case "another role":
                await world.ChangePolicyAsync(1, Roles.Administrator);
                break;
            default:
                var other = await world.ApprovedAsync(2);
                await (await Controller.StartAsync(world)).SettleAsync(other.EndpointId);
                break;
        }

        var again = await world.Get<RetryRollout>().RunAsync(world.As(by), aborted.Id);

        Assert.Equal(RolloutState.PendingApproval, again.Value.State);
    }

    [Theory]
    [InlineData(Database.Sqlite)]
    [InlineData(Database.Postgres)]
    public async Task Retry_ClickedTwiceAtOnce_MakesOneRollout(Database database)
    {
        await using var world = await OpsWorld.CreateAsync(database);
        var aborted = await AbortedAsync(world);

        var results = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Task.Run(() => world.Get<RetryRollout>().RunAsync(world.As("operator"), aborted.Id))));

        Assert.Single(results, r => r.Succeeded);
        Assert.Single(await world.AuditAsync("rollout.retry"));
    }

    [Fact]
    public async Task Retry_WithdrawnBeforeAnyApproval_AsksForIt()
    {
        await using var world = await OpsWorld.CreateAsync();
        var asked = await world.RequestAsync();
        Assert.True((await world.Get<RolloutControl>().WithdrawAsync(world.As("operator"), asked.Id)).Succeeded);

        Assert.Equal(RolloutState.PendingApproval, (await world.Get<RetryRollout>().RunAsync(world.As("operator"), asked.Id)).Value.State);
    }

    [Fact]
    public async Task Rollback_PolicyWantsApproval_Waits()
    {
        await using var world = await OpsWorld.CreateAsync();
        await world.ChangePolicyAsync(1, rollbackNeedsApproval: true);
        var controller = await Controller.StartAsync(world);
        var first = await world.ApprovedAsync(1);
        await controller.SettleAsync(first.EndpointId);
        var second = await world.ApprovedAsync(2);
        await controller.SettleAsync(first.EndpointId);

        var back = await world.Get<RequestRollback>().RunAsync(world.As("oncall"), first.EndpointId, (await world.RolloutAsync(first.Id)).PlanId);

        Assert.Equal(RolloutState.PendingApproval, back.Value.State);
        Assert.Equal(RolloutState.Succeeded, await controller.StateAsync(second.Id));
    }

    [Fact]
    public async Task Rollback_WhileTheNextOneRuns_StopsItAndGoesBack()
    {
        await using var world = await OpsWorld.CreateAsync();
        var controller = await Controller.StartAsync(world);
        var first = await world.ApprovedAsync(1);
        await controller.SettleAsync(first.EndpointId);
        var second = await world.ApprovedAsync(2);
        await controller.LookAsync(first.EndpointId);
        var old = (await world.RolloutAsync(first.Id)).PlanId;

        var back = await world.Get<RequestRollback>().RunAsync(world.As("oncall"), first.EndpointId, old);
        await controller.SettleAsync(first.EndpointId);

        Assert.Equal(RolloutState.Succeeded, await controller.StateAsync(back.Value.Id));
        Assert.Equal(RolloutState.Superseded, await controller.StateAsync(second.Id));
        Assert.Equal([old, old], world.Machine.Of(first.EndpointId).Select(r => r.PlanId));
    }

    [Fact]
    public async Task Rollback_ToAPlanThatNeverRanWell_IsRefused()
    {
        await using var world = await OpsWorld.CreateAsync();
        var aborted = await AbortedAsync(world);

        var back = await world.Get<RequestRollback>().RunAsync(world.As("oncall"), aborted.EndpointId, (await world.RolloutAsync(aborted.Id)).PlanId);

        Assert.Equal(FailureKind.Conflict, back.Failure!.Kind);
    }

    [Fact]
    public async Task Withdraw_ByAnotherOperator_IsRefused()
    {
        await using var world = await OpsWorld.CreateAsync();
        var asked = await world.RequestAsync();

        Assert.Equal(FailureKind.Forbidden, (await world.Get<RolloutControl>().WithdrawAsync(world.As("oncall"), asked.Id)).Failure!.Kind);
        Assert.Equal(FailureKind.Conflict, (await world.Get<RolloutControl>().AbortAsync(world.As("oncall"), asked.Id)).Failure!.Kind);
    }

    [Fact]
    public async Task Retire_WithWaitingRequest_EndsItAndRefusesTheDecision()
    {
        await using var world = await OpsWorld.CreateAsync();
        var asked = await world.RequestAsync();

        Assert.True((await world.Get<EndpointCommands>().RetireAsync(world.As("administrator"), asked.EndpointId)).Succeeded);

        Assert.Equal(RolloutState.Aborted, (await world.RolloutAsync(asked.Id)).State);
        Assert.Equal(FailureKind.Conflict, (await world.DecideAsync(asked.Id, Verdict.Approve)).Failure!.Kind);
    }

    [Fact]
    public async Task Retire_WhileARolloutRuns_IsRefused()
    {
        await using var world = await OpsWorld.CreateAsync();
        var asked = await world.ApprovedAsync(1);

        Assert.Equal(FailureKind.Conflict, (await world.Get<EndpointCommands>().RetireAsync(world.As("operator"), asked.EndpointId)).Failure!.Kind);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\u0000b")]
    [InlineData("1234567890123456789012345678901234567890123456789012345678901234")]
    public async Task CreateToken_BadName_IsRefusedAtTheField(string name)
    {
        await using var world = await OpsWorld.CreateAsync();
        var asked = await world.RequestAsync();

        Assert.Equal("name", (await world.Get<EndpointCommands>().CreateTokenAsync(world.As("operator"), asked.EndpointId, name)).Failure!.Field);
    }

    [Fact]
    public async Task Token_SameNameTwiceThenRevoked_IsFreeAgain()
    {
        await using var world = await OpsWorld.CreateAsync();
        var asked = await world.RequestAsync();
        var tokens = world.Get<EndpointCommands>();
        var made = (await tokens.CreateTokenAsync(world.As("operator"), asked.EndpointId, "client")).Value;

        Assert.Equal(FailureKind.Conflict, (await tokens.CreateTokenAsync(world.As("operator"), asked.EndpointId, "Client")).Failure!.Kind);
        Assert.True((await tokens.RevokeTokenAsync(world.As("operator"), made.Id)).Succeeded);
        Assert.Equal(FailureKind.Conflict, (await tokens.RevokeTokenAsync(world.As("operator"), made.Id)).Failure!.Kind);
        Assert.True((await tokens.CreateTokenAsync(world.As("operator"), asked.EndpointId, "client")).Succeeded);
    }

    private static async Task<RolloutRef> AbortedAsync(OpsWorld world)
    {
        var approved = await world.ApprovedAsync(1);
        var aborted = await world.Get<RolloutControl>().AbortAsync(world.As("oncall"), approved.Id, "wait");
        Assert.True(aborted.Succeeded, aborted.Failure?.Message);
        return aborted.Value;
    }

    private static async Task ChangeAsync(OpsWorld world, string name, Action<Person> change)
    {
        await using var db = world.Open();
        change(await db.Users.SingleAsync(p => p.UserName == name));
        await db.SaveChangesAsync();
    }
}
