using Ops.Dashboard.Features.Rollouts.Pages;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Approvals;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.ComponentTests.Features.Rollouts;

/// <summary>The two lines at the top of a rollout's page.</summary>
public sealed class RolloutAdviceTests
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
            Version = 2,
            VersionDigest = new string('a', 64),
            Replicas = 2,
        },
        Guid.NewGuid(),
        "anna",
        Start);

    [Fact]
    public void Of_HeldByAGateThatFailed_SaysWhichAndWhatCanBeDone()
    {
        var rollout = Started();
        Done(rollout.Hold("A gate failed: Error rate is 7 %, more than 1 %. What ran before answers everything.", Start));

        var advice = RolloutAdvice.Of(Detail(rollout));

        Assert.Equal("A gate failed: Error rate is 7 %, more than 1 %. What ran before answers everything.", advice.Why);
        Assert.Equal("It is held until a person decides: resume it to try again, or abort it to go back.", advice.Next);
    }

    [Fact]
    public void Of_HeldByAPerson_SaysSoAlsoAfterAGateHeldItBefore()
    {
        var rollout = Started();
        Done(rollout.Hold("A gate failed.", Start));
        Done(rollout.Resume(Start));
        Done(rollout.Pause(Start));
        rollout.Report("Paused. Canary at 10 %.", progressed: false, Start);

        Assert.Equal(new("A person holds it. What runs goes on running.", "Resume it to go on, or abort it to go back."), RolloutAdvice.Of(Detail(rollout)));
    }

    [Fact]
    public void Of_UnderWay_SaysWhereItStands()
    {
        var rollout = Started();
        rollout.Report("1 of 2 replicas of digits 2 ready.", progressed: true, Start);

        Assert.Equal(new("1 of 2 replicas of digits 2 ready.", null), RolloutAdvice.Of(Detail(rollout)));
    }

    [Theory]
    [InlineData("digits 1", "digits serves digits 1.")]
    [InlineData(null, "Nothing runs on digits.")]
    public void Of_Failed_SaysWhyAndWhatServesNow(string? stable, string now)
    {
        var rollout = Started();
        Done(rollout.Fail("No progress for 31 s.", Start));

        var advice = RolloutAdvice.Of(Detail(rollout) with { Stable = stable is null ? null : Plan.Spec with { Version = 1 } });

        Assert.Equal("No progress for 31 s.", advice.Why);
        Assert.StartsWith(now, advice.Next, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "one person")]
    [InlineData(2, "2 people")]
    public void Of_WaitingForApproval_SaysForHowMany(int approvals, string people) =>
        Assert.Equal($"Waits for {people} with the role Approver to approve.", RolloutAdvice.Of(Detail(Request(approvals))).Why);

    private static Rollout Started()
    {
        var rollout = Request(0);
        Done(rollout.Start(Start));
        return rollout;
    }

    private static Rollout Request(int approvals) => Rollout.Request(Plan, new()
    {
        Number = 2,
        RequestedById = Plan.CreatedById,
        RequestedByName = "anna",
        VersionUploadedById = Guid.NewGuid(),
        Reason = "because",
        RequiredApprovals = approvals,
        ApproverRole = Roles.Approver,
        Lifetime = TimeSpan.FromDays(3),
        Now = Start,
    });

    private static RolloutDetail Detail(Rollout rollout) => new()
    {
        Rollout = rollout,
        Endpoint = "digits",
        Plan = Plan.Spec,
        Target = Target.Create(new() { Id = Guid.NewGuid(), Name = "local", Kind = TargetKinds.Local, Environment = TargetEnvironment.Production, SettingsJson = "{}", ByName = "anna", Now = Start }).Value,
    };

    private static void Done(Result result) => Assert.True(result.Succeeded, result.Failure?.Message);
}
