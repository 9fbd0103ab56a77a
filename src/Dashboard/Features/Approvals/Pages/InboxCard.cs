using Ops.Dashboard.Features.Rollouts.Pages;

namespace Ops.Dashboard.Features.Approvals.Pages;

/// <summary>Something that was looked at for those who decide.</summary>
/// <param name="Passed">Whether it is as it should be.</param>
/// <param name="Text">What was looked at, and what was found.</param>
public sealed record InboxCheck(bool Passed, string Text);

/// <summary>A request with everything a decision needs.</summary>
/// <param name="Detail">What is asked for.</param>
/// <param name="Checks">What was looked at already.</param>
public sealed record InboxCard(RolloutDetail Detail, IReadOnlyList<InboxCheck> Checks)
{
    /// <summary>The rollout's key.</summary>
    public Guid Id => Detail.Rollout.Id;

    /// <summary>Such as <c>digits #3</c>.</summary>
    public string Name => $"{Detail.Endpoint} #{Detail.Rollout.Number}";
}
