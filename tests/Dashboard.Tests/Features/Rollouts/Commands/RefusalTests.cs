using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Approvals;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Data;
using Ops.Data.Approvals;
using Ops.Data.Audit;

namespace Ops.Dashboard.Tests.Features.Rollouts.Commands;

/// <summary>Every command with every role: who lacks the right is refused, nothing changes, and one entry says so.</summary>
public sealed class RefusalTests
{
    private static readonly string[] Everybody = ["viewer", "operator", "approver", "oncall", "administrator"];

    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["rollout.request"] = ["operator"],
        ["rollout.rollback"] = ["operator", "oncall"],
        ["rollout.retry"] = ["operator", "oncall"],
        ["rollout.pause"] = ["operator", "oncall"],
        ["rollout.resume"] = ["operator", "oncall"],
        ["rollout.abort"] = ["operator", "oncall"],
        ["rollout.withdraw"] = ["operator"],
        ["rollout.approve"] = ["approver"],
        ["rollout.reject"] = ["approver"],
        ["endpoint.token.create"] = ["operator", "administrator"],
        ["endpoint.token.revoke"] = ["operator", "administrator"],
        ["endpoint.retire"] = ["operator", "administrator"],
    };

    public static TheoryData<string, string> Cases
    {
        get
        {
            TheoryData<string, string> cases = [];
            foreach (var action in Allowed.Keys)
            {
                foreach (var person in Everybody)
                {
                    cases.Add(action, person);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Command_ByRole_IsRefusedWithoutAnEffectOrGetsPastTheRight(string action, string person)
    {
        await using var world = await OpsWorld.CreateAsync();
        var asked = await world.RequestAsync();
        var before = await CountsAsync(world);

        var failure = await RunAsync(world, action, world.As(person), asked);

        if (Allowed[action].Contains(person))
        {
            Assert.NotEqual(FailureKind.Forbidden, failure?.Kind);
            Assert.Empty(await world.AuditAsync(action, AuditResult.Refused));
            return;
        }

        Assert.Equal(FailureKind.Forbidden, failure?.Kind);
        var entry = Assert.Single(await world.AuditAsync(action, AuditResult.Refused));
        Assert.Equal(person, entry.PersonName);
        Assert.Equal(before, await CountsAsync(world));
    }

    [Theory]
    [InlineData("rollout.request")]
    [InlineData("rollout.abort")]
    [InlineData("rollout.approve")]
    [InlineData("endpoint.retire")]
    public async Task Command_DisabledOrSignedOutOrStranger_IsRefused(string action)
    {
        await using var world = await OpsWorld.CreateAsync();
        var asked = await world.RequestAsync();
        var stale = world.As("operator");
        Caller[] callers =
        [
            stale with { SecurityStamp = "older" },
            stale with { PersonId = null },
            stale with { PersonId = Guid.NewGuid() },
        ];
        foreach (var caller in callers)
        {
            Assert.Equal(FailureKind.Forbidden, (await RunAsync(world, action, caller, asked))?.Kind);
        }

        Assert.Equal(callers.Length, (await world.AuditAsync(action, AuditResult.Refused)).Count);
    }

    private static async Task<(int, int, int, int)> CountsAsync(OpsWorld world)
    {
        await using var db = world.Open();
        return (await db.Rollouts.CountAsync(), await db.Decisions.CountAsync(), await db.EndpointTokens.CountAsync(), await db.RolloutEvents.CountAsync());
    }

    private static async Task<Failure?> RunAsync(OpsWorld world, string action, Caller caller, RolloutRef asked)
    {
        var rollout = await world.RolloutAsync(asked.Id);
        var control = world.Get<RolloutControl>();
        var endpoints = world.Get<EndpointCommands>();
        DecisionInput word = new()
        {
            RolloutId = asked.Id,
            Verdict = action == "rollout.approve" ? Verdict.Approve : Verdict.Reject,
            Reason = "because",
            PlanHash = rollout.PlanHash,
            VersionDigest = rollout.VersionDigest,
        };
        return action switch
        {
            "rollout.request" => (await world.Get<RequestRollout>().RunAsync(caller, world.Draft(2), "because")).Failure,
            "rollout.rollback" => (await world.Get<RequestRollback>().RunAsync(caller, asked.EndpointId, rollout.PlanId)).Failure,
            "rollout.retry" => (await world.Get<RetryRollout>().RunAsync(caller, asked.Id)).Failure,
            "rollout.pause" => (await control.PauseAsync(caller, asked.Id)).Failure,
            "rollout.resume" => (await control.ResumeAsync(caller, asked.Id)).Failure,
            "rollout.abort" => (await control.AbortAsync(caller, asked.Id)).Failure,
            "rollout.withdraw" => (await control.WithdrawAsync(caller, asked.Id)).Failure,
            "rollout.approve" or "rollout.reject" => (await world.Get<DecideRollout>().RunAsync(caller, word)).Failure,
            "endpoint.token.create" => (await endpoints.CreateTokenAsync(caller, asked.EndpointId, "client")).Failure,
            "endpoint.token.revoke" => (await endpoints.RevokeTokenAsync(caller, Guid.NewGuid())).Failure,
            "endpoint.retire" => (await endpoints.RetireAsync(caller, asked.EndpointId)).Failure,
            _ => throw new ArgumentOutOfRangeException(nameof(action)),
        };
    }
}
