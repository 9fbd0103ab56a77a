using Ops.Data.Approvals;
using Ops.Data.Rollouts;

namespace Ops.Data.Tests.Rollouts;

public sealed class DecideTests
{
    [Fact]
    public void Decide_TheOneWhoAsked_Refused() => Refuses(FailureKind.Forbidden, r => Examples.Decision(r, person: r.RequestedById));

    [Fact]
    public void Decide_TheUploaderOfTheVersion_Refused() => Refuses(FailureKind.Forbidden, r => Examples.Decision(r, person: r.VersionUploadedById));

    [Fact]
    public void Decide_TheAuthorOfThePlan_Refused() => Refuses(FailureKind.Forbidden, r => Examples.Decision(r, person: r.PlanCreatedById));

    [Fact]
    public void Decide_TheOneWhoAskedRejects_RefusedToo() => Refuses(FailureKind.Forbidden, r => Examples.Decision(r, Verdict.Reject, r.RequestedById));

    [Fact]
    public void Decide_AboutAnotherPlanHash_Refused() => Refuses(FailureKind.Conflict, r => Change(Examples.Decision(r), planHash: new string('b', 64)));

    [Fact]
    public void Decide_AboutAnotherDigest_Refused() => Refuses(FailureKind.Conflict, r => Change(Examples.Decision(r), digest: new string('b', 64)));

    [Fact]
    public void Decide_AboutAnotherRollout_Refused() => Refuses(FailureKind.Conflict, r => Change(Examples.Decision(r), rollout: Guid.NewGuid()));

    [Fact]
    public void Decide_AtTheMomentItExpires_Refused() => Refuses(FailureKind.Conflict, r => Change(Examples.Decision(r), at: r.ExpiresAt));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" \t")]
    public void Decide_RejectionWithoutReason_Refused(string? reason)
    {
        var failure = Refuses(FailureKind.Invalid, r => Change(Examples.Decision(r, Verdict.Reject), reason: reason, replaceReason: true));
        Assert.Equal("reason", failure.Field);
    }

    [Fact]
    public void Decide_TheSamePersonTwice_CountsOnce()
    {
        var rollout = Examples.Rollout(approvals: 2);
        var anna = Guid.NewGuid();
        Assert.True(rollout.Decide(Examples.Decision(rollout, person: anna)).Succeeded);

        var again = rollout.Decide(Examples.Decision(rollout, person: anna));

        Assert.Equal(FailureKind.Conflict, again.Failure?.Kind);
        Assert.Equal((RolloutState.PendingApproval, 1), (rollout.State, rollout.Decisions.Count));
    }

    [Fact]
    public void Decide_ApproveThenRejectByTheSamePerson_Refused()
    {
        var rollout = Examples.Rollout(approvals: 2);
        var anna = Guid.NewGuid();
        rollout.Decide(Examples.Decision(rollout, person: anna));

        Assert.Equal(FailureKind.Conflict, rollout.Decide(Examples.Decision(rollout, Verdict.Reject, anna)).Failure?.Kind);
        Assert.Equal(RolloutState.PendingApproval, rollout.State);
    }

    [Fact]
    public void Decide_NotYetEnough_WaitsAndChangesTheRevision()
    {
        var rollout = Examples.Rollout(approvals: 2);
        var revision = rollout.Revision;

        Assert.True(rollout.Decide(Examples.Decision(rollout)).Succeeded);
        Assert.Equal((RolloutState.PendingApproval, revision + 1), (rollout.State, rollout.Revision));

        Assert.True(rollout.Decide(Examples.Decision(rollout)).Succeeded);
        Assert.Equal((RolloutState.Approved, revision + 2), (rollout.State, rollout.Revision));
    }

    [Fact]
    public void Decide_OneNoAmongManyYes_Rejects()
    {
        var rollout = Examples.Rollout(approvals: 3);
        rollout.Decide(Examples.Decision(rollout));
        rollout.Decide(Examples.Decision(rollout));

        Assert.True(rollout.Decide(Examples.Decision(rollout, Verdict.Reject)).Succeeded);

        Assert.Equal(RolloutState.Rejected, rollout.State);
        Assert.Equal("Rejected by anna: The numbers are worse.", rollout.Status);
        Assert.Equal(FailureKind.Conflict, rollout.Decide(Examples.Decision(rollout)).Failure?.Kind);
    }

    [Fact]
    public void Decide_ReplayAfterApproval_Refused()
    {
        var rollout = Examples.Rollout();
        var decision = Examples.Decision(rollout);
        Assert.True(rollout.Decide(decision).Succeeded);

        Assert.Equal(FailureKind.Conflict, rollout.Decide(decision).Failure?.Kind);
        Assert.Single(rollout.Decisions);
    }

    private static Failure Refuses(FailureKind kind, Func<Rollout, Decision> decide)
    {
        var rollout = Examples.Rollout();

        var failure = rollout.Decide(decide(rollout)).Failure;

        Assert.NotNull(failure);
        Assert.Equal(kind, failure.Kind);
        Assert.Equal((RolloutState.PendingApproval, 0, 0), (rollout.State, rollout.Revision, rollout.Decisions.Count));
        return failure;
    }

    private static Decision Change(
        Decision decision, string? planHash = null, string? digest = null, Guid? rollout = null, DateTimeOffset? at = null, string? reason = null, bool replaceReason = false) => new()
        {
            Id = decision.Id,
            RolloutId = rollout ?? decision.RolloutId,
            PersonId = decision.PersonId,
            PersonName = decision.PersonName,
            SignedInHow = decision.SignedInHow,
            Verdict = decision.Verdict,
            Reason = replaceReason ? reason : decision.Reason,
            PlanHash = planHash ?? decision.PlanHash,
            VersionDigest = digest ?? decision.VersionDigest,
            At = at ?? decision.At,
        };
}
