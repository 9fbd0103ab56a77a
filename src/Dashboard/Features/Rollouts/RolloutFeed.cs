using System.Collections.Concurrent;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Live;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts;

/// <summary>What happens on an endpoint now, for pages. A page that shows more than this reads the registry again when one arrives.</summary>
internal sealed record EndpointActivity
{
    /// <summary>The endpoint.</summary>
    public required Guid EndpointId { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it was stopped for good.</summary>
    public bool IsRetired { get; init; }

    /// <summary>Such as <c>digits 2</c>: what ran well last, or null.</summary>
    public string? Stable { get; init; }

    /// <summary>The active rollout.</summary>
    public Guid? RolloutId { get; init; }

    /// <summary>Its number.</summary>
    public int? RolloutNumber { get; init; }

    /// <summary>Its state.</summary>
    public RolloutState? State { get; init; }

    /// <summary>One sentence on where it stands.</summary>
    public string Status { get; init; } = "";

    /// <summary>How many replicas of the plan there are to be: what it asks for, or what an autoscaler has made of that.</summary>
    public int Wanted { get; init; }

    /// <summary>How many of all replicas answer.</summary>
    public int Ready { get; init; }

    /// <summary>The replicas that are seen.</summary>
    public IReadOnlyList<ReplicaObservation> Replicas { get; init; } = [];

    /// <summary>What was changed on its target past the dashboard and waits for somebody, as <see cref="OpenChange.Read"/> takes it; a text, so that activities compare by what they say.</summary>
    public string? OpenJson { get; init; }

    /// <summary>How many requests on it wait for decisions.</summary>
    public int Waiting { get; init; }

    /// <summary>The newest line of its history; a page that shows history reads on from there.</summary>
    public Guid? LastEventId { get; init; }

    /// <summary>Whether both say the same, replicas included.</summary>
    public bool SameAs(EndpointActivity other) => this with { Replicas = other.Replicas } == other && Replicas.SequenceEqual(other.Replicas);
}

/// <summary>
/// What happens on all endpoints, live. Written by the controller only: what its passes find, and at once the replicas that its target shows, since a
/// pass may take seconds. At most two batches a second reach each subscriber.
/// </summary>
internal sealed class RolloutFeed(TimeProvider time)
{
    private readonly SnapshotFeed<EndpointActivity> feed = new(a => a.EndpointId.ToString(), time);
    private readonly Lock gate = new();
    private readonly ConcurrentDictionary<Guid, EndpointActivity> latest = new();
    private readonly Dictionary<Guid, IReadOnlyList<ReplicaObservation>> seen = [];

    /// <summary>How many pages listen.</summary>
    public int SubscriberCount => feed.SubscriberCount;

    /// <summary>What pages watch.</summary>
    public SnapshotFeed<EndpointActivity> Activities => feed;

    /// <summary>All endpoints now.</summary>
    public IReadOnlyList<EndpointActivity> Snapshot() => feed.Snapshot();

    /// <summary>An endpoint now, or null.</summary>
    public EndpointActivity? Find(Guid endpointId) => latest.GetValueOrDefault(endpointId);

    /// <summary>A snapshot and then changes; dispose it to end it.</summary>
    public FeedSubscription<EndpointActivity> Subscribe() => feed.Subscribe();

    /// <summary>Tells listeners what a pass has found, unless nothing changed. Replicas that were seen since the pass began stay as they are.</summary>
    public void Publish(EndpointActivity activity)
    {
        lock (gate)
        {
            Tell(activity);
        }
    }

    /// <summary>Tells listeners which replicas an endpoint has now. Of one that no pass has looked at yet they are told with the first.</summary>
    public void See(Guid endpointId, IReadOnlyList<ReplicaObservation> replicas)
    {
        lock (gate)
        {
            seen[endpointId] = replicas;
            if (latest.TryGetValue(endpointId, out var known))
            {
                Tell(known);
            }
        }
    }

    /// <summary>Takes an endpoint away that does not exist any more.</summary>
    public void Remove(Guid endpointId)
    {
        lock (gate)
        {
            seen.Remove(endpointId);
            latest.TryRemove(endpointId, out _);
            feed.Remove(endpointId.ToString());
        }
    }

    private void Tell(EndpointActivity activity)
    {
        if (seen.TryGetValue(activity.EndpointId, out var replicas))
        {
            activity = activity with { Replicas = replicas, Ready = replicas.Count(r => r.Phase == ReplicaPhase.Ready) };
        }

        if (!latest.TryGetValue(activity.EndpointId, out var known) || !known.SameAs(activity))
        {
            latest[activity.EndpointId] = activity;
            feed.Publish(activity);
        }
    }
}
