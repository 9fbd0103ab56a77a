using Ops.Data.Approvals;
using Ops.Data.Rollouts;
using static Ops.Data.Rollouts.RolloutState;

namespace Ops.Data.Tests.Rollouts;

public sealed class RolloutTests
{
    private static readonly DateTimeOffset Later = Examples.Noon.AddHours(100);

    /// <summary>Every method that moves a rollout, with the states it may move from and the one it moves to.</summary>
    private static readonly Dictionary<string, (Func<Rollout, Result> Call, RolloutState To, RolloutState[] From)> Moves = new()
    {
        ["approve"] = (r => r.Decide(Examples.Decision(r)), Approved, [PendingApproval]),
        ["reject"] = (r => r.Decide(Examples.Decision(r, Verdict.Reject)), Rejected, [PendingApproval]),
        ["start"] = (r => r.Start(Later), Running, [Approved]),
        ["pause"] = (r => r.Pause(Later), Paused, [Running]),
        ["resume"] = (r => r.Resume(Later), Running, [Paused]),
        ["abort"] = (r => r.Abort("Stopped by rita.", Later), Aborted, [PendingApproval, Approved, Running, Paused]),
        ["fail"] = (r => r.Fail("No replica became ready.", Later), Failed, [Approved, Running, Paused]),
        ["succeed"] = (r => r.Succeed(Later), Succeeded, [Running]),
        ["expire"] = (r => r.Expire(Later), Expired, [PendingApproval]),
        ["supersede"] = (r => r.Supersede(2, Later), Superseded, [PendingApproval, Approved, Running, Paused]),
        ["mark rolled back"] = (r => r.MarkRolledBack(2, Later), RolledBack, [Succeeded]),
    };

    public static TheoryData<RolloutState, string> EveryStateAndMove()
    {
        var all = new TheoryData<RolloutState, string>();
        foreach (var state in Enum.GetValues<RolloutState>())
        {
            foreach (var move in Moves.Keys)
            {
                all.Add(state, move);
            }
        }

        return all;
    }

    [Theory]
    [MemberData(nameof(EveryStateAndMove))]
    public void Move_EveryStateAndMethod_OnlyTheLegalOnesChangeAnything(RolloutState state, string move)
    {
        var (call, to, from) = Moves[move];
        var rollout = In(state);
        var (revision, status, finished) = (rollout.Revision, rollout.Status, rollout.FinishedAt);

        var result = call(rollout);

        if (from.Contains(state))
        {
            Assert.True(result.Succeeded, result.Failure?.Message);
            Assert.Equal(to, rollout.State);
            Assert.Equal(revision + 1, rollout.Revision);
            Assert.NotEmpty(rollout.Status);
            Assert.Equal(rollout.IsFinal, rollout.FinishedAt is not null);
        }
        else
        {
            Assert.Equal(FailureKind.Conflict, result.Failure?.Kind);
            Assert.Equal((state, revision, status, finished), (rollout.State, rollout.Revision, rollout.Status, rollout.FinishedAt));
            Assert.Empty(rollout.Decisions);
        }
    }

    [Theory]
    [InlineData(0, Approved)]
    [InlineData(1, PendingApproval)]
    [InlineData(5, PendingApproval)]
    public void Request_AsManyApprovalsAsThePolicySays_WaitsOrGoesOn(int approvals, RolloutState expected)
    {
        var plan = Examples.Plan();
        var wish = Examples.Wish(approvals);

        var rollout = Rollout.Request(plan, wish);

        Assert.Equal(expected, rollout.State);
        Assert.Equal((plan.Id, plan.Hash, plan.EndpointId, plan.CreatedById), (rollout.PlanId, rollout.PlanHash, rollout.EndpointId, rollout.PlanCreatedById));
        Assert.Equal(plan.Spec.VersionDigest, rollout.VersionDigest);
        Assert.Equal(RolloutKind.Deploy, rollout.Kind);
        Assert.Equal(approvals > 0 ? wish.Now + wish.Lifetime : null, rollout.ExpiresAt);
        Assert.False(rollout.IsFinal);
    }

    [Fact]
    public void Request_ThatUndoesAnother_IsARollback()
    {
        var undone = Guid.NewGuid();
        var rollout = Rollout.Request(Examples.Plan(), Examples.Wish() with { UndoesRolloutId = undone });

        Assert.Equal((RolloutKind.Rollback, undone), (rollout.Kind, rollout.UndoesRolloutId));
    }

    [Theory]
    [InlineData(Draft, false, false)]
    [InlineData(PendingApproval, false, false)]
    [InlineData(Approved, false, true)]
    [InlineData(Running, false, true)]
    [InlineData(Paused, false, true)]
    [InlineData(Succeeded, true, false)]
    [InlineData(Failed, true, false)]
    [InlineData(RolledBack, true, false)]
    [InlineData(Aborted, true, false)]
    [InlineData(Rejected, true, false)]
    [InlineData(Expired, true, false)]
    [InlineData(Superseded, true, false)]
    public void IsFinalAndIsActive_EveryState_NeverBoth(RolloutState state, bool final, bool active)
    {
        var rollout = In(state);
        Assert.Equal((final, active), (rollout.IsFinal, rollout.IsActive));
    }

    [Fact]
    public void Start_BeginsTheProgressDeadline()
    {
        var rollout = In(Approved);
        rollout.Start(Later);
        Assert.Equal((Later, Later), (rollout.StartedAt, rollout.ProgressedAt));
    }

    [Fact]
    public void Resume_TheProgressDeadlineStartsAfresh_StartedAtStays()
    {
        var rollout = In(Paused);
        rollout.Resume(Later);
        Assert.Equal(Later, rollout.ProgressedAt);
        Assert.NotEqual(Later, rollout.StartedAt);
    }

    [Fact]
    public void Expire_BeforeItsTime_Refused()
    {
        var rollout = In(PendingApproval);
        Assert.Equal(FailureKind.Conflict, rollout.Expire(rollout.ExpiresAt!.Value.AddTicks(-1)).Failure?.Kind);
        Assert.Equal(PendingApproval, rollout.State);
        Assert.True(rollout.Expire(rollout.ExpiresAt.Value).Succeeded);
    }

    [Fact]
    public void MarkRolledBack_KeepsTheMomentItSucceeded()
    {
        var rollout = In(Succeeded);
        var finished = rollout.FinishedAt;
        rollout.MarkRolledBack(9, Later);
        Assert.Equal(finished, rollout.FinishedAt);
        Assert.Contains("9", rollout.Status, StringComparison.Ordinal);
    }

    [Fact]
    public void Report_SameWordsWithoutProgress_ChangesNothing()
    {
        var rollout = In(Running);
        rollout.Report("1 of 2 ready.", progressed: true, Later);
        var revision = rollout.Revision;

        rollout.Report("1 of 2 ready.", progressed: false, Later.AddSeconds(5));

        Assert.Equal((revision, Later), (rollout.Revision, rollout.ProgressedAt));
    }

    [Fact]
    public void Report_OtherWordsWithoutProgress_KeepsTheDeadline()
    {
        var rollout = In(Running);
        rollout.Report("1 of 2 ready.", progressed: true, Later);
        var revision = rollout.Revision;

        rollout.Report("Waits for replica 2.", progressed: false, Later.AddSeconds(5));

        Assert.Equal((revision + 1, Later, "Waits for replica 2."), (rollout.Revision, rollout.ProgressedAt, rollout.Status));
    }

    [Fact]
    public void Report_AfterTheEnd_ChangesNothing()
    {
        foreach (var state in Enum.GetValues<RolloutState>().Where(s => In(s).IsFinal))
        {
            var rollout = In(state);
            var (status, revision) = (rollout.Status, rollout.Revision);
            rollout.Report("A late word.", progressed: true, Later);
            Assert.Equal((status, revision), (rollout.Status, rollout.Revision));
        }
    }

    /// <summary>A rollout that came to a state by legal moves only, but for drafts, which nothing makes yet.</summary>
    internal static Rollout In(RolloutState state)
    {
        var rollout = Examples.Rollout(state is PendingApproval or Rejected or Expired ? 1 : 0);
        var now = Examples.Noon.AddMinutes(1);
        Result[] path = state switch
        {
            Running => [rollout.Start(now)],
            Paused => [rollout.Start(now), rollout.Pause(now)],
            Succeeded => [rollout.Start(now), rollout.Succeed(now)],
            RolledBack => [rollout.Start(now), rollout.Succeed(now), rollout.MarkRolledBack(7, now)],
            Failed => [rollout.Start(now), rollout.Fail("It could not be done.", now)],
            Aborted => [rollout.Abort("Stopped.", now)],
            Superseded => [rollout.Supersede(7, now)],
            Rejected => [rollout.Decide(Examples.Decision(rollout, Verdict.Reject))],
            Expired => [rollout.Expire(now.AddDays(30))],
            _ => [],
        };
        Assert.All(path, step => Assert.True(step.Succeeded));
        rollout.Decisions.Clear();
        if (state == Draft)
        {
            typeof(Rollout).GetProperty(nameof(Rollout.State))!.SetValue(rollout, Draft);
        }

        Assert.Equal(state, rollout.State);
        return rollout;
    }
}
