namespace Ops.Dashboard.Features.Targets.Local;

/// <summary>Why a process is watched no longer.</summary>
internal enum ReplicaEndKind
{
    /// <summary>The replica is to go, or the dashboard stops.</summary>
    Stop,

    /// <summary>The process ended by itself.</summary>
    Died,

    /// <summary>It runs, or could not be started, and will never be of use.</summary>
    Failed,

    /// <summary>It was in use and has to be replaced: too much memory, or no answer any more.</summary>
    Unfit,
}

/// <summary>How the watch over a process ended.</summary>
internal sealed record ReplicaEnd
{
    /// <summary>Why.</summary>
    public required ReplicaEndKind Kind { get; init; }

    /// <summary>A plain sentence for people.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Since when it had answered.</summary>
    public TimeSpan HealthyFor { get; init; }

    /// <summary>How long the process may take to end when told to.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Nothing is wrong; it was called off.</summary>
    public static ReplicaEnd Stop { get; } = new() { Kind = ReplicaEndKind.Stop };

    /// <summary>It cannot work.</summary>
    public static ReplicaEnd Failed(string reason) => new() { Kind = ReplicaEndKind.Failed, Reason = reason };
}

/// <summary>A replica cannot be started now; the message says why in plain words.</summary>
internal sealed class ReplicaLaunchException(string message) : Exception(message);
