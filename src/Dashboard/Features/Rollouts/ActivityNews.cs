using Ops.Dashboard.Live;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts;

/// <summary>Tells a page when the registry is worth reading again: replicas that change their phase are in the feed itself, all else is not.</summary>
internal sealed class ActivityNews
{
    private readonly Dictionary<Guid, Facts> known = [];

    /// <summary>Takes a batch in.</summary>
    /// <returns>True for the first one and whenever an endpoint's rollout, history or requests have changed.</returns>
    public bool Take(FeedBatch<EndpointActivity> batch)
    {
        var isNews = batch.IsSnapshot || batch.Removed.Count > 0;
        foreach (var activity in batch.Items)
        {
            var facts = new Facts(activity.RolloutId, activity.State, activity.Status, activity.Waiting, activity.LastEventId, activity.IsRetired);
            isNews |= !known.TryGetValue(activity.EndpointId, out var before) || before != facts;
            known[activity.EndpointId] = facts;
        }

        return isNews;
    }

    private sealed record Facts(Guid? RolloutId, RolloutState? State, string Status, int Waiting, Guid? LastEventId, bool IsRetired);
}
