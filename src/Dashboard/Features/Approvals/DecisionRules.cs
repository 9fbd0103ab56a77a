using Ops.Data.Access;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Approvals;

/// <summary>Who may decide on a rollout: the rules of <see cref="Rollout.Decide"/> and of the policy, told beforehand for pages. Commands check for themselves.</summary>
internal static class DecisionRules
{
    /// <summary>Why this person cannot decide, or null.</summary>
    /// <param name="rollout">With its decisions.</param>
    /// <param name="personId">The person.</param>
    /// <param name="roles">The roles held now.</param>
    /// <param name="now">The time.</param>
    public static string? Refuse(Rollout rollout, Guid personId, Roles roles, DateTimeOffset now)
    {
        if (rollout.State != RolloutState.PendingApproval)
        {
            return $"It is {rollout.State}; there is nothing to decide.";
        }

        if (rollout.ExpiresAt <= now)
        {
            return "The request has expired.";
        }

        if (!roles.HasFlag(rollout.ApproverRole))
        {
            return $"The policy wants the word of somebody with the role {rollout.ApproverRole}.";
        }

        if (rollout.RequestedById == personId)
        {
            return "You asked for it, so somebody else must decide.";
        }

        if (rollout.PlanCreatedById == personId)
        {
            return "You made this plan, so somebody else must decide.";
        }

        if (rollout.VersionUploadedById == personId)
        {
            return "You uploaded this version, so somebody else must decide.";
        }

        return rollout.Decisions.Exists(d => d.PersonId == personId) ? "You have decided already." : null;
    }
}
