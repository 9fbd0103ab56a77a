using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Rollouts.Pages;
using Ops.Data.Access;
using Ops.Data.Approvals;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.ComponentTests.Features.Rollouts;

public sealed class RolloutTrackTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly Plan Plan = Plan.Seal(
        new()
        {
            EndpointId = Guid.NewGuid(),
            Endpoint = "digits",
            TargetId = Guid.NewGuid(),
            Target = "local",
            Environment = TargetEnvironment.Production,
            Model = "digits",
            VersionId = Guid.NewGuid(),
            Version = 1,
            VersionDigest = new string('a', 64),
            Replicas = 3,
        },
        Guid.NewGuid(),
        "anna",
        Start);

    [Fact]
    public void Of_Waiting_StandsAtTheApproval()
    {
        var stops = RolloutTrack.Of(Request(approvals: 2), 3, null, []);
        Assert.Equal(["Requested", "Approval", "Start", "3 replicas", "Done"], stops.Select(s => s.Text));
        Assert.Equal([StepState.Done, StepState.Current, StepState.Waiting, StepState.Waiting, StepState.Waiting], stops.Select(s => s.State));
        Assert.Equal("0 of 2", stops[1].Note);
        Assert.Equal(Start, stops[0].At);
    }

    [Fact]
    public void Of_Approved_NamesWhoAndWhen()
    {
        var rollout = Approve(Request());
        var stops = RolloutTrack.Of(rollout, 3, null, []);
        Assert.Equal(("by ben", Start.AddMinutes(1)), (stops[1].Note, stops[1].At!.Value));
        Assert.Equal(StepState.Current, stops[2].State);
    }

    [Fact]
    public void Of_NoApprovalNeeded_SaysSo()
    {
        var stops = RolloutTrack.Of(Request(approvals: 0), 3, null, []);
        Assert.Equal(("Approved", StepState.Done, "none needed"), (stops[1].Text, stops[1].State, stops[1].Note));
    }

    [Theory]
    [InlineData(null, "0 of 3 replicas")]
    [InlineData(2, "2 of 3 replicas")]
    [InlineData(5, "3 of 3 replicas")]
    public void Of_Running_CountsReplicasButNeverMoreThanPlanned(int? ready, string text)
    {
        var rollout = Started();
        var stops = RolloutTrack.Of(rollout, 3, ready, [Event("replica.ready", 3), Event("replica.ready", 5), Event("replica.started", 9)]);
        Assert.Equal((text, StepState.Current, Start.AddMinutes(5)), (stops[3].Text, stops[3].State, stops[3].At!.Value));
        Assert.Equal(StepState.Waiting, stops[4].State);
    }

    [Fact]
    public void Of_Succeeded_IsDoneThroughout_AndIgnoresReplicasThatCameBackLater()
    {
        var rollout = Started();
        Assert.True(rollout.Succeed(Start.AddMinutes(6)).Succeeded);
        var stops = RolloutTrack.Of(rollout, 3, 1, [Event("replica.ready", 5), Event("replica.ready", 50)]);
        Assert.All(stops, s => Assert.Equal(StepState.Done, s.State));
        Assert.Equal((Start.AddMinutes(5), Start.AddMinutes(6)), (stops[3].At!.Value, stops[4].At!.Value));
        Assert.Equal("3 of 3 replicas", stops[3].Text);
    }

    [Fact]
    public void Of_Failed_ShowsWhereItEnded()
    {
        var rollout = Started();
        Assert.True(rollout.Fail("No progress.", Start.AddMinutes(6)).Succeeded);
        var stops = RolloutTrack.Of(rollout, 3, 0, []);
        Assert.Equal((StepState.Done, StepState.Error, StepState.Error), (stops[2].State, stops[3].State, stops[4].State));
        Assert.Equal("Failed", stops[4].Text);
    }

    [Theory]
    [InlineData("Rejected")]
    [InlineData("Expired")]
    [InlineData("Withdrawn")]
    [InlineData("Superseded")]
    public void Of_EndedBeforeApproval_StopsThere(string word)
    {
        var rollout = Request();
        var ended = word switch
        {
            "Rejected" => rollout.Decide(Say(rollout, Verdict.Reject)),
            "Expired" => rollout.Expire(Start.AddDays(4)),
            "Withdrawn" => rollout.Abort("Withdrawn by anna.", Start.AddMinutes(1)),
            _ => rollout.Supersede(2, Start.AddMinutes(1)),
        };
        Assert.True(ended.Succeeded);
        var stops = RolloutTrack.Of(rollout, 3, null, []);
        Assert.Equal((word, StepState.Error), (stops[1].Text, stops[1].State));
        Assert.All(stops.Skip(2), s => Assert.Equal(StepState.Waiting, s.State));
    }

    [Fact]
    public void Of_AbortedAfterApprovalBeforeStart_StopsAtTheStart()
    {
        var rollout = Approve(Request());
        Assert.True(rollout.Abort("Aborted by anna.", Start.AddMinutes(2)).Succeeded);
        var stops = RolloutTrack.Of(rollout, 3, null, [Event(RolloutEventKinds.Approved, 1)]);
        Assert.Equal((StepState.Done, StepState.Error, "Aborted"), (stops[1].State, stops[2].State, stops[2].Text));
    }

    private static Rollout Request(int approvals = 1) => Rollout.Request(Plan, new()
    {
        Number = 1,
        RequestedById = Plan.CreatedById,
        RequestedByName = "anna",
        VersionUploadedById = Guid.NewGuid(),
        Reason = "because",
        RequiredApprovals = approvals,
        ApproverRole = Roles.Approver,
        Lifetime = TimeSpan.FromDays(3),
        Now = Start,
    });

    private static Rollout Approve(Rollout rollout)
    {
        Assert.True(rollout.Decide(Say(rollout, Verdict.Approve)).Succeeded);
        return rollout;
    }

    private static Rollout Started()
    {
        var rollout = Approve(Request());
        Assert.True(rollout.Start(Start.AddMinutes(2)).Succeeded);
        return rollout;
    }

    private static Decision Say(Rollout rollout, Verdict verdict) => new()
    {
        Id = Guid.NewGuid(),
        RolloutId = rollout.Id,
        PersonId = Guid.NewGuid(),
        PersonName = "ben",
        SignedInHow = "password",
        Verdict = verdict,
        Reason = "looked",
        PlanHash = rollout.PlanHash,
        VersionDigest = rollout.VersionDigest,
        At = Start.AddMinutes(1),
    };

    private static RolloutEvent Event(string kind, int minutes) => new() { Id = Guid.NewGuid(), Kind = kind, Message = kind, At = Start.AddMinutes(minutes) };
}
