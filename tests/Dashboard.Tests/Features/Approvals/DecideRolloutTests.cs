using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Features.Approvals;
using Ops.Dashboard.Tests.Features.Rollouts;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Approvals;
using Ops.Data.Audit;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Tests.Features.Approvals;

public sealed class DecideRolloutTests
{
    [Fact]
    public async Task Approve_EnoughPeople_LetsItGoAndSaysWho()
    {
        await using var world = await OpsWorld.CreateAsync();
        await world.ChangePolicyAsync(2);
        var asked = await world.RequestAsync();

        Assert.Equal(RolloutState.PendingApproval, (await world.DecideAsync(asked.Id, Verdict.Approve)).Value.State);
        Assert.Equal(RolloutState.Approved, (await world.DecideAsync(asked.Id, Verdict.Approve, "approver-2")).Value.State);

        Assert.Equal(2, (await world.AuditAsync("rollout.approve")).Count);
        Assert.Equal(["operator", "approver", "approver-2"], (await world.EventsAsync(asked.Id)).Select(e => e.PersonName));
        await using var db = world.Open();
        Assert.Equal(asked.Id, (await db.Endpoints.SingleAsync()).ActiveRolloutId);
    }

    [Theory]
    [InlineData(Database.Sqlite)]
    [InlineData(Database.Postgres)]
    public async Task Decide_ApproveAndRejectAtOnce_ExactlyOneWins(Database database)
    {
        await using var world = await OpsWorld.CreateAsync(database);
        for (var round = 0; round < 4; round++)
        {
            var asked = await world.RequestAsync(round + 1);

            var results = await Task.WhenAll(
                Task.Run(() => world.DecideAsync(asked.Id, Verdict.Approve)),
                Task.Run(() => world.DecideAsync(asked.Id, Verdict.Reject, "approver-2")),
                Task.Run(() => world.DecideAsync(asked.Id, Verdict.Approve)));

            var winner = Assert.Single(results, r => r.Succeeded).Value;
            Assert.All(results.Where(r => !r.Succeeded), r => Assert.Equal(FailureKind.Conflict, r.Failure!.Kind));
            var rollout = await world.RolloutAsync(asked.Id);
            Assert.Equal(winner.State, rollout.State);
            Assert.Single(rollout.Decisions);
            Assert.Equal(round + 1, (await world.AuditAsync("rollout.approve")).Count + (await world.AuditAsync("rollout.reject")).Count);
        }
    }

    [Fact]
    public async Task Decide_Replayed_IsRefusedAndLeavesOneEntry()
    {
        await using var world = await OpsWorld.CreateAsync();
        await world.ChangePolicyAsync(2);
        var asked = await world.RequestAsync();
        await world.DecideAsync(asked.Id, Verdict.Approve);

        var replayed = await world.DecideAsync(asked.Id, Verdict.Approve);

        Assert.Equal(FailureKind.Conflict, replayed.Failure!.Kind);
        Assert.Single(await world.AuditAsync("rollout.approve"));
        Assert.Single((await world.RolloutAsync(asked.Id)).Decisions);
    }

    [Theory]
    [InlineData("operator", "asked for")]
    [InlineData("uploader", "uploaded")]
    public async Task Approve_OwnPlanOrOwnVersion_IsRefusedAndAudited(string person, string words)
    {
        await using var world = await OpsWorld.CreateAsync();
        await using (var db = world.Open())
        {
            var owner = await db.Users.SingleAsync(p => p.UserName == "operator");
            owner.SetRoles(Roles.Operator | Roles.Approver);
            await db.SaveChangesAsync();
        }

        var asked = await world.RequestAsync();

        var result = await world.DecideAsync(asked.Id, Verdict.Approve, person);

        Assert.Equal(FailureKind.Forbidden, result.Failure!.Kind);
        Assert.Contains(words, result.Failure.Message, StringComparison.Ordinal);
        var entry = Assert.Single(await world.AuditAsync("rollout.approve", AuditResult.Refused));
        Assert.Equal(("rollout", asked.Id.ToString(), $"{asked.Endpoint} #{asked.Number}"), (entry.SubjectKind, entry.SubjectId, entry.SubjectName));
        Assert.Equal(RolloutState.PendingApproval, (await world.RolloutAsync(asked.Id)).State);
    }

    [Fact]
    public async Task Approve_PolicyWantsAnotherRole_IsRefused()
    {
        await using var world = await OpsWorld.CreateAsync();
        await world.ChangePolicyAsync(1, Roles.Administrator);
        var asked = await world.RequestAsync();

        Assert.Equal(FailureKind.Forbidden, (await world.DecideAsync(asked.Id, Verdict.Approve)).Failure!.Kind);
        Assert.True((await world.DecideAsync(asked.Id, Verdict.Approve, "administrator")).Succeeded);
    }

    [Fact]
    public async Task Approve_DemotedWhileThePageIsOpen_IsRefused()
    {
        await using var world = await OpsWorld.CreateAsync();
        var asked = await world.RequestAsync();
        await using (var db = world.Open())
        {
            (await db.Users.SingleAsync(p => p.UserName == "approver")).SetRoles(Roles.Viewer);
            await db.SaveChangesAsync();
        }

        Assert.Equal(FailureKind.Forbidden, (await world.DecideAsync(asked.Id, Verdict.Approve)).Failure!.Kind);
        Assert.Single(await world.AuditAsync("rollout.approve", AuditResult.Refused));
    }

    [Fact]
    public async Task Approve_AnotherPlanOrDigestThanShown_IsRefused()
    {
        await using var world = await OpsWorld.CreateAsync();
        var asked = await world.RequestAsync();
        var rollout = await world.RolloutAsync(asked.Id);
        DecisionInput input = new() { RolloutId = asked.Id, Verdict = Verdict.Approve, PlanHash = rollout.PlanHash, VersionDigest = rollout.VersionDigest };

        foreach (var swapped in new[] { input with { PlanHash = new string('0', 64) }, input with { VersionDigest = world.Versions[1].Digest } })
        {
            var result = await world.Get<DecideRollout>().RunAsync(world.As("approver"), swapped);
            Assert.Equal(FailureKind.Conflict, result.Failure!.Kind);
        }

        Assert.Empty((await world.RolloutAsync(asked.Id)).Decisions);
    }

    [Fact]
    public async Task Approve_PlanAlteredInTheDatabase_IsRefusedAndMayStillBeRejected()
    {
        await using var world = await OpsWorld.CreateAsync();
        var asked = await world.RequestAsync();
        await using (var db = world.Open())
        {
            var plan = await db.Plans.AsNoTracking().SingleAsync();
            var altered = plan.SpecJson.Replace("\"replicas\":2", "\"replicas\":9", StringComparison.Ordinal);
            await db.Plans.ExecuteUpdateAsync(p => p.SetProperty(x => x.SpecJson, altered));
        }

        Assert.Equal(FailureKind.Conflict, (await world.DecideAsync(asked.Id, Verdict.Approve)).Failure!.Kind);
        Assert.True((await world.DecideAsync(asked.Id, Verdict.Reject)).Succeeded);
    }

    [Fact]
    public async Task Approve_FilesAlteredInTheDatabase_IsRefused()
    {
        await using var world = await OpsWorld.CreateAsync();
        var asked = await world.RequestAsync();
        await using (var db = world.Open())
        {
            await db.VersionFiles.Where(f => f.VersionId == world.Versions[0].Id).ExecuteUpdateAsync(f => f.SetProperty(x => x.Sha256, new string('f', 64)));
        }

        Assert.Equal(FailureKind.Conflict, (await world.DecideAsync(asked.Id, Verdict.Approve)).Failure!.Kind);
    }

    [Fact]
    public async Task Reject_WithoutAReason_IsRefusedAtTheField()
    {
        await using var world = await OpsWorld.CreateAsync();
        var asked = await world.RequestAsync();

        Assert.Equal("reason", (await world.DecideAsync(asked.Id, Verdict.Reject, reason: " ")).Failure!.Field);
    }

    [Fact]
    public async Task Sweep_NobodyDecidedInTime_ExpiresOnceThoughTwoProcessesSweep()
    {
        await using var world = await OpsWorld.CreateAsync();
        var asked = await world.RequestAsync();
        world.Time.Advance(TimeSpan.FromHours(71));
        Assert.Equal(0, await world.Get<ExpireRequests>().SweepAsync(default));
        world.Time.Advance(TimeSpan.FromHours(1));

        var other = world.Start().GetRequiredService<ExpireRequests>();
        await Task.WhenAll(Task.Run(() => world.Get<ExpireRequests>().SweepAsync(default)), Task.Run(() => other.SweepAsync(default)));

        Assert.Equal(RolloutState.Expired, (await world.RolloutAsync(asked.Id)).State);
        Assert.Single(await world.AuditAsync("rollout.expire"));
        Assert.Equal(FailureKind.Conflict, (await world.DecideAsync(asked.Id, Verdict.Approve)).Failure!.Kind);
    }
}
