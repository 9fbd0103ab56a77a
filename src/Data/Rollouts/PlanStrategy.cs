namespace Ops.Data.Rollouts;

/// <summary>How to get from what runs to what is planned.</summary>
public sealed record PlanStrategy
{
    /// <summary>The name of a strategy, such as <c>rolling</c>, <c>recreate</c>, <c>canary</c>, <c>blue-green</c> or <c>shadow</c>.</summary>
    public string Name { get; init; } = "rolling";

    /// <summary>How many replicas beyond the planned number may run meanwhile, 1 or more (rolling).</summary>
    public int MaxSurge { get; init; } = 1;

    /// <summary>Seconds without progress after which the rollout goes no further; see <see cref="RollBackOnFailure"/>. Waiting in a step on purpose is progress.</summary>
    public int ProgressDeadlineSeconds { get; init; } = 120;

    /// <summary>
    /// The steps before the new revision takes everything, in order: of a canary its growing share of requests; of blue-green one step of weight 0,
    /// the preview; of a shadow one step whose weight is the share of requests that is copied. Empty for rolling and recreate.
    /// </summary>
    public IReadOnlyList<PlanStep> Steps { get; init; } = [];

    /// <summary>What must hold at the end of each step for the rollout to go on.</summary>
    public IReadOnlyList<PlanGate> Gates { get; init; } = [];

    /// <summary>
    /// Whether a failed gate or a rollout without progress takes the endpoint back to what ran before at once, without anybody's click; otherwise it
    /// is held until a person decides. Only where there are steps: rolling and recreate go back in any case.
    /// </summary>
    public bool RollBackOnFailure { get; init; }

    /// <summary>Seconds for which the old replicas stay after the switch, ready to take everything back (blue-green).</summary>
    public int KeepOldSeconds { get; init; }
}

/// <summary>One step of a strategy: a share of requests, and how long it lasts.</summary>
public sealed record PlanStep
{
    /// <summary>Percent of the requests that the new revision gets (canary) or gets a copy of (shadow), 0 to 100.</summary>
    public required int Weight { get; init; }

    /// <summary>Seconds the step lasts at least, counted from when the share is reached.</summary>
    public int PauseSeconds { get; init; }

    /// <summary>Whether a person has to say that it goes on.</summary>
    public bool WaitsForPerson { get; init; }
}

/// <summary>A measured condition. A figure that is missing, not a number or old never holds.</summary>
public sealed record PlanGate
{
    /// <summary>One of <see cref="GateMetrics"/>.</summary>
    public required string Metric { get; init; }

    /// <summary>The most it may be: seconds for latency, a share from 0 to 1 for errors, at least this share of replicas ready for readiness; null when only <see cref="MaxRatio"/> counts.</summary>
    public double? Max { get; init; }

    /// <summary>The most it may be as a multiple of the same figure of the stable revision, such as 1.2; null when only <see cref="Max"/> counts.</summary>
    public double? MaxRatio { get; init; }

    /// <summary>How many requests the window must hold for the figure to count.</summary>
    public int MinRequests { get; init; }

    /// <summary>Seconds that are looked back.</summary>
    public int WindowSeconds { get; init; } = 60;
}

/// <summary>What gates can measure.</summary>
public static class GateMetrics
{
    /// <summary>The share of the new revision's replicas that are ready.</summary>
    public const string Ready = "ready";

    /// <summary>The share of requests that the server failed.</summary>
    public const string ErrorRate = "error-rate";

    /// <summary>The 95th percentile of the latency, in seconds.</summary>
    public const string LatencyP95 = "latency-p95";

    /// <summary>The 99th percentile of the latency, in seconds.</summary>
    public const string LatencyP99 = "latency-p99";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Ready, ErrorRate, LatencyP95, LatencyP99];
}
