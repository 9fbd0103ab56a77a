using Ops.Data.Approvals;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Pages;

/// <summary>Two lines in plain words: where a rollout stands and why, and what to do next. Pure.</summary>
/// <param name="Why">The first line.</param>
/// <param name="Next">The second line, or null where there is nothing to do.</param>
internal sealed record RolloutAdvice(string Why, string? Next)
{
    /// <summary>The lines for a rollout as it stands.</summary>
    public static RolloutAdvice Of(RolloutDetail detail)
    {
        var rollout = detail.Rollout;
        return rollout.State switch
        {
            RolloutState.PendingApproval => Waiting(rollout),
            RolloutState.Approved => new("It may run. The controller begins within seconds.", null),
            RolloutState.Running => new(rollout.Status, null),
            RolloutState.Paused when rollout.HeldBecause is { } why => new(why, "It is held until a person decides: resume it to try again, or abort it to go back."),
            RolloutState.Paused => new("A person holds it. What runs goes on running.", "Resume it to go on, or abort it to go back."),
            RolloutState.Succeeded => new(rollout.Status, null),
            RolloutState.Failed => new(
                rollout.Status,
                $"{Now(detail)} Look at the events and at what the replicas wrote, put right what is in the way, then retry it or plan it anew."),
            RolloutState.Aborted => new(rollout.Status, Now(detail)),
            RolloutState.Rejected => new(rollout.Status, "Talk to whoever rejected it, change the plan, and ask again."),
            RolloutState.Expired => new(rollout.Status, "Plan it again, and tell an approver that it waits."),
            _ => new(rollout.Status, detail.Newer is null ? null : $"Rollout {detail.Newer.Number} is the newest of {detail.Endpoint}."),
        };
    }

    private static RolloutAdvice Waiting(Rollout rollout)
    {
        var missing = rollout.RequiredApprovals - rollout.Decisions.Count(d => d.Verdict == Verdict.Approve);
        var people = missing == 1 ? "one person" : $"{missing} people";
        return new($"Waits for {people} with the role {rollout.ApproverRole} to approve.", "It is in their inbox. Nobody approves a plan of their own or a version they uploaded.");
    }

    private static string Now(RolloutDetail detail) => detail.StableName is { } stable
        ? $"{detail.Endpoint} serves {stable}."
        : $"Nothing runs on {detail.Endpoint}.";
}
