using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Targets;

/// <summary>Runs endpoints on one kind of target. Knows no strategy: it makes what it is told true, and says what it sees.</summary>
internal interface ITargetDriver
{
    /// <summary>One of <see cref="TargetKinds"/>.</summary>
    string Kind { get; }

    /// <summary>The machines of a target.</summary>
    Task<TargetInventory> GetInventoryAsync(Target target, CancellationToken cancellation);

    /// <summary>Makes it so that exactly these revisions run, each with that many replicas; revisions left out are taken down gently. Idempotent, returns without waiting for readiness.</summary>
    Task ApplyAsync(EndpointRef endpoint, IReadOnlyList<RevisionSpec> revisions, CancellationToken cancellation);

    /// <summary>What runs now. Also published to <see cref="ObservedEndpoints"/> at each change.</summary>
    Task<EndpointObservation> ObserveAsync(EndpointRef endpoint, CancellationToken cancellation);

    /// <summary>The last lines that a replica wrote, oldest first.</summary>
    Task<IReadOnlyList<string>> ReadLogAsync(EndpointRef endpoint, string replicaId, int lines, CancellationToken cancellation);
}

/// <summary>A driver that gives logs as they are written.</summary>
internal interface ILogStream
{
    /// <summary>The last lines that a replica wrote and then each that it writes, until its container ends or the way to it breaks; none when there is no such replica.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="replicaId">The replica.</param>
    /// <param name="lines">How many of the last lines.</param>
    /// <param name="opened">Called once the log is open, whether or not there is anything in it.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="InvalidOperationException">The target does not give it; the message is a sentence for people.</exception>
    IAsyncEnumerable<string> FollowLogAsync(EndpointRef endpoint, string replicaId, int lines, Action opened, CancellationToken cancellation);
}

/// <summary>An endpoint as drivers know it.</summary>
internal sealed record EndpointRef(Guid Id, string Name, Guid TargetId)
{
    /// <summary>Changes made on the target past the dashboard that people let stay.</summary>
    public IReadOnlyList<AcceptedChange> Accepted { get; init; } = [];

    /// <summary>Changes made there about which nobody has decided, as far as they were told before.</summary>
    public IReadOnlyList<OpenChange> Open { get; init; } = [];

    /// <summary>Whether somebody has asked to have those put back.</summary>
    public bool PutsBack { get; init; }
}

/// <summary>A driver whose target others can change past it.</summary>
internal interface IDriftSource
{
    /// <summary>What the last apply found changed and left so.</summary>
    IReadOnlyList<OpenChange> OpenOf(Guid endpointId);
}

/// <summary>A driver of targets that may share requests out by themselves.</summary>
internal interface IShareSource
{
    /// <summary>Why the shares of these revisions, as they were applied last, are not in force, as the rest of a sentence; null when they are, or nothing but replicas decides there.</summary>
    string? WhyNotShared(EndpointRef endpoint, IReadOnlyList<RevisionSpec> revisions);
}

/// <summary>One revision an endpoint should run: a sealed plan and how many replicas of it now.</summary>
internal sealed record RevisionSpec(Guid PlanId, string PlanHash, PlanSpec Plan, int Replicas)
{
    /// <summary>Its share of requests in percent where something other than our router hands them out; 0 for none, null for as many as its replicas.</summary>
    public int? Weight { get; init; }

    /// <summary>Whether an autoscaler of the target says how many replicas there are, where the plan has one; the number here is then what it begins at.</summary>
    public bool IsScaled { get; init; }
}

/// <summary>How far a replica is.</summary>
internal enum ReplicaPhase
{
    /// <summary>Wanted; not started yet, or waiting to be started again.</summary>
    Pending,

    /// <summary>The process runs and fetches or loads.</summary>
    Loading,

    /// <summary>Answers requests.</summary>
    Ready,

    /// <summary>Was ready and does not answer now.</summary>
    Unready,

    /// <summary>Finishes what it has; gets nothing new.</summary>
    Stopping,

    /// <summary>Cannot run; the reason says why. It is tried again with back-off.</summary>
    Failed,
}

/// <summary>What is seen of one replica.</summary>
internal sealed record ReplicaObservation
{
    /// <summary>Opaque, stable over restarts of the process and of the dashboard.</summary>
    public required string Id { get; init; }

    /// <summary>The revision it belongs to.</summary>
    public required Guid PlanId { get; init; }

    /// <summary>The machine it is on.</summary>
    public required string Node { get; init; }

    /// <summary>How far it is.</summary>
    public required ReplicaPhase Phase { get; init; }

    /// <summary>Whether it may be on its way out though it still answers, so that nobody should count on it: fewer were asked for, and which ones go is not seen yet.</summary>
    public bool MayGo { get; init; }

    /// <summary>Where it answers, once it does.</summary>
    public Uri? Address { get; init; }

    /// <summary>How often its process died and was started again.</summary>
    public int Restarts { get; init; }

    /// <summary>Plain words on why it is not ready, or how it last ended.</summary>
    public string? Reason { get; init; }

    /// <summary>Plain words on what its target does about that, such as when it is started again; null when nothing. True only as long as the replica is wanted, so it is kept out of whatever outlasts it.</summary>
    public string? Next { get; init; }

    /// <summary><see cref="Reason"/> and <see cref="Next"/> as one text, or null.</summary>
    public string? Note => string.Join(' ', new[] { Reason, Next }.Where(part => !string.IsNullOrWhiteSpace(part))) is { Length: > 0 } note ? note : null;

    /// <summary>When this process started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Its process on the local machine.</summary>
    public int? ProcessId { get; init; }

    /// <summary>Its GPUs in a few words, such as <c>2 × nvidia.com/gpu (NVIDIA-A100-SXM4-40GB)</c>; null where it has none.</summary>
    public string? Gpus { get; init; }

    /// <summary>Bytes of the version that are fetched and how many there are, while loading.</summary>
    public (long Fetched, long Total)? Progress { get; init; }

    /// <summary>What it does now, while loading, as far as it tells.</summary>
    public LoadStep? Step { get; init; }

    /// <summary>Since when it loads; null when it does not, or nobody knows.</summary>
    public DateTimeOffset? LoadingSince { get; init; }
}

/// <summary>What is seen of an endpoint at one moment.</summary>
internal sealed record EndpointObservation(EndpointRef Endpoint, IReadOnlyList<ReplicaObservation> Replicas, DateTimeOffset At)
{
    /// <summary>How many replicas the target is told to run of each revision, where something other than the dashboard may change that; without those nobody may.</summary>
    public IReadOnlyDictionary<Guid, int> Scale { get; init; } = new Dictionary<Guid, int>();

    /// <summary>How many replicas of a revision answer.</summary>
    public int ReadyOf(Guid planId) => Replicas.Count(r => r.PlanId == planId && r.Phase == ReplicaPhase.Ready);

    /// <summary>How many replicas of a revision exist and are meant to stay.</summary>
    public int RunningOf(Guid planId) => Replicas.Count(r => r.PlanId == planId && r.Phase != ReplicaPhase.Stopping);
}
