using Ops.Dashboard.Components.Controls;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Plans;

/// <summary>Gates in plain words, the same in the wizard, the difference and the rollout's page. Pure.</summary>
internal static class GateWords
{
    /// <summary>What a metric is called, such as <c>Error rate</c>.</summary>
    public static string Name(string metric) => metric switch
    {
        GateMetrics.Ready => "Replicas ready",
        GateMetrics.ErrorRate => "Error rate",
        GateMetrics.LatencyP95 => "Latency p95",
        GateMetrics.LatencyP99 => "Latency p99",
        _ => metric,
    };

    /// <summary>A figure of a metric as people read it, such as <c>0.5 %</c> or <c>120 ms</c>; a figure that is missing or no number is <c>none</c>.</summary>
    public static string Value(string metric, double? value) => value is not { } known || !double.IsFinite(known) ? "none"
        : IsLatency(metric) ? Format.Duration(TimeSpan.FromSeconds(Math.Clamp(known, 0, 1e6)))
        : Format.Percent(known);

    /// <summary>What must hold, such as <c>at most 250 ms and at most 1.2 × stable</c>.</summary>
    public static string Limit(PlanGate gate)
    {
        var word = gate.Metric == GateMetrics.Ready ? "at least" : "at most";
        List<string> limits = [];
        if (gate.Max is { } max)
        {
            limits.Add($"{word} {Value(gate.Metric, max)}");
        }

        if (gate.MaxRatio is { } ratio)
        {
            limits.Add($"at most {Format.Count(ratio)} × stable");
        }

        return limits.Count == 0 ? "no limit" : string.Join(" and ", limits);
    }

    /// <summary>The whole gate, such as <c>Error rate at most 1 % over 1 min, from 20 requests on</c>.</summary>
    public static string Sentence(PlanGate gate) => gate.Metric == GateMetrics.Ready
        ? $"{Name(gate.Metric)} {Limit(gate)}"
        : $"{Name(gate.Metric)} {Limit(gate)} over {Seconds(gate.WindowSeconds)}{(gate.MinRequests > 0 ? $", from {gate.MinRequests} {(gate.MinRequests == 1 ? "request" : "requests")} on" : "")}";

    /// <summary>Whether a metric is a latency, in seconds; otherwise it is a share from 0 to 1.</summary>
    public static bool IsLatency(string metric) => metric is GateMetrics.LatencyP95 or GateMetrics.LatencyP99;

    /// <summary>Such as <c>1 min 30 s</c>.</summary>
    public static string Seconds(int seconds) => Format.Duration(TimeSpan.FromSeconds(seconds));
}
