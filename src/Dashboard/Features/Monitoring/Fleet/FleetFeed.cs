using Ops.Dashboard.Live;

namespace Ops.Dashboard.Features.Monitoring.Fleet;

/// <summary>What is true of the fleet as a whole.</summary>
/// <param name="FirstSteps">The way to the first endpoint.</param>
/// <param name="StaleSince">Since when nothing new was learnt, or null while all is fresh.</param>
/// <param name="Problem">Why, in plain words.</param>
public sealed record FleetStatus(FirstSteps FirstSteps, DateTimeOffset? StaleSince = null, string? Problem = null);

/// <summary>All endpoints as tiles and rows show them, live, made once for everybody who watches.</summary>
internal sealed class FleetFeed(TimeProvider time)
{
    /// <summary>Every endpoint, keyed by its key; at most twice a second: once for the figures, and in between for replicas that come and go.</summary>
    public SnapshotFeed<EndpointTile> Tiles { get; } = new(t => KeyOf(t.Facts.Id), time, new() { Interval = TimeSpan.FromMilliseconds(500) });

    /// <summary>One item: the fleet as a whole.</summary>
    public SnapshotFeed<FleetStatus> Status { get; } = new(_ => "fleet", time, new() { Interval = TimeSpan.FromSeconds(1) });

    /// <summary>Whether anybody watches.</summary>
    public bool IsWatched => Tiles.SubscriberCount > 0 || Status.SubscriberCount > 0;

    /// <summary>The tile of an endpoint by name, or null.</summary>
    public EndpointTile? Find(string name) => Tiles.Snapshot().FirstOrDefault(t => t.Facts.Name == name);

    /// <summary>The feed's key of an endpoint.</summary>
    public static string KeyOf(Guid endpointId) => endpointId.ToString("N");
}
