using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets;

/// <summary>Takes what happens to replicas, for the history of their endpoint.</summary>
internal interface ITargetEvents
{
    /// <summary>Takes one event. Returns at once and never throws: supervision must not wait for whoever writes history.</summary>
    void Report(TargetEvent happened);
}

/// <summary>Something that happened to a replica.</summary>
internal sealed record TargetEvent
{
    /// <summary>The endpoint it belongs to.</summary>
    public required Guid EndpointId { get; init; }

    /// <summary>The endpoint's name.</summary>
    public required string EndpointName { get; init; }

    /// <summary>The revision it belongs to.</summary>
    public required Guid PlanId { get; init; }

    /// <summary>The replica.</summary>
    public required string ReplicaId { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>How loud.</summary>
    public required RolloutEventLevel Level { get; init; }

    /// <summary>One of <see cref="TargetEventKinds"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>A plain sentence.</summary>
    public required string Message { get; init; }
}

/// <summary>The words for programs.</summary>
internal static class TargetEventKinds
{
    /// <summary>A process was started.</summary>
    public const string Started = "replica.started";

    /// <summary>A process from before the dashboard's restart is supervised again.</summary>
    public const string Adopted = "replica.adopted";

    /// <summary>It answers requests.</summary>
    public const string Ready = "replica.ready";

    /// <summary>It was ready and does not answer.</summary>
    public const string Unready = "replica.unready";

    /// <summary>Its process ended although it should run.</summary>
    public const string Died = "replica.died";

    /// <summary>A process was started in the place of one that ended.</summary>
    public const string Restarted = "replica.restarted";

    /// <summary>It was taken down as wanted.</summary>
    public const string Stopped = "replica.stopped";

    /// <summary>It cannot run.</summary>
    public const string Failed = "replica.failed";

    /// <summary>It had to be killed, because it did not end by itself in time.</summary>
    public const string Killed = "replica.killed";

    /// <summary>Its cluster says something about it.</summary>
    public const string Cluster = "cluster.event";

    /// <summary>Somebody else has changed what the target was told to run.</summary>
    public const string Drifted = "cluster.drift";
}

/// <summary>Writes events to the log: the default where nobody keeps history.</summary>
internal sealed class LoggedTargetEvents(ILogger<LoggedTargetEvents> log) : ITargetEvents
{
    /// <inheritdoc/>
    public void Report(TargetEvent happened) =>
        log.ReplicaEvent(
            happened.Level switch { RolloutEventLevel.Error => LogLevel.Error, RolloutEventLevel.Warning => LogLevel.Warning, _ => LogLevel.Information },
            happened.Kind,
            happened.EndpointName,
            happened.ReplicaId,
            happened.Message);
}
