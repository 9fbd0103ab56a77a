using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Pages;

/// <summary>A gate with what came of it last.</summary>
/// <param name="Gate">As planned.</param>
/// <param name="Passed">Whether it held; null while nothing was judged.</param>
/// <param name="Value">The new revision's figure, seconds or a share; null where there is none.</param>
/// <param name="Stable">The stable revision's figure; null where there is none.</param>
/// <param name="Why">What was found, in plain words.</param>
/// <param name="At">When.</param>
public sealed record GateView(PlanGate Gate, bool? Passed = null, double? Value = null, double? Stable = null, string? Why = null, DateTimeOffset? At = null)
{
    /// <summary>What the verdict means.</summary>
    public State Look => Passed switch { true => State.Ok, false => State.Critical, _ => State.Neutral };

    /// <summary>The verdict as a word.</summary>
    public string Word => Passed switch { true => "Holds", false => "Fails", _ => "Not judged yet" };

    /// <summary>Such as <c>Latency p95</c>.</summary>
    public string Name => GateWords.Name(Gate.Metric);

    /// <summary>The limits that can be drawn: the fixed one, and the multiple of what the stable revision has now.</summary>
    public IReadOnlyList<ChartThreshold> Thresholds
    {
        get
        {
            List<ChartThreshold> lines = [];
            if (Gate.Max is { } max)
            {
                lines.Add(new(max, $"{(Gate.Metric == GateMetrics.Ready ? "at least" : "at most")} {GateWords.Value(Gate.Metric, max)}"));
            }

            if (Gate.MaxRatio is { } ratio && Stable is { } stable && double.IsFinite(stable) && stable > 0)
            {
                lines.Add(new(stable * ratio, $"{Format.Count(ratio)} × stable"));
            }

            return lines;
        }
    }
}
