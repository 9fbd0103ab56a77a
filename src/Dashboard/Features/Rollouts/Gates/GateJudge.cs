using Ops.Dashboard.Features.Monitoring.Revisions;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Gates;

/// <summary>Judges gates by figures. Pure. What cannot be told never holds.</summary>
internal static class GateJudge
{
    /// <summary>Judges one gate.</summary>
    /// <param name="index">Its place in the plan.</param>
    /// <param name="gate">The gate.</param>
    /// <param name="to">The new revision's figures over the gate's window.</param>
    /// <param name="stable">The stable revision's, or null when there is none.</param>
    /// <param name="at">The moment.</param>
    public static GateVerdict Judge(int index, PlanGate gate, RevisionFigures to, RevisionFigures? stable, DateTimeOffset at)
    {
        if (gate.Metric == GateMetrics.Ready)
        {
            var share = to.Wanted > 0 ? (double)to.Ready / to.Wanted : double.NaN;
            return Verdict(!double.IsFinite(share) ? GateAnswer.Missing : share >= (gate.Max ?? 1) ? GateAnswer.Holds : GateAnswer.Fails, share, null, $"{to.Ready} of {to.Wanted} replicas are ready.");
        }

        if (to.Trouble is { } trouble)
        {
            return Verdict(GateAnswer.Missing, double.NaN, null, trouble);
        }

        var least = Math.Max(1, gate.MinRequests);
        if (to.Requests < least)
        {
            return Verdict(GateAnswer.Missing, double.NaN, null, $"{to.Requests} of at least {least} {(least == 1 ? "request" : "requests")} in the last {gate.WindowSeconds} s.");
        }

        var value = Figure(gate.Metric, to);
        if (!double.IsFinite(value))
        {
            return Verdict(GateAnswer.Missing, value, null, "The figure is no number.");
        }

        var name = $"{GateWords.Name(gate.Metric)} is {GateWords.Value(gate.Metric, value)}";
        if (gate.Max is { } max && !(value <= max))
        {
            return Verdict(GateAnswer.Fails, value, null, $"{name}, more than {GateWords.Value(gate.Metric, max)}.");
        }

        return gate.MaxRatio is { } ratio ? Compare(ratio, value, name) : Verdict(GateAnswer.Holds, value, null, $"{name}.");

        GateVerdict Compare(double ratio, double value, string name)
        {
            if (stable is null)
            {
                return Verdict(GateAnswer.Missing, value, null, "There is no stable revision to compare with.");
            }

            if (stable.Trouble is { } unseen)
            {
                return Verdict(GateAnswer.Missing, value, null, $"The stable revision: {unseen}");
            }

            var reference = stable.Requests >= least ? Figure(gate.Metric, stable) : double.NaN;
            if (!double.IsFinite(reference))
            {
                return Verdict(GateAnswer.Missing, value, null, $"The stable revision answered {stable.Requests} of at least {least} {(least == 1 ? "request" : "requests")} in the last {gate.WindowSeconds} s.");
            }

            var compared = $"{name}, the stable revision's {GateWords.Value(gate.Metric, reference)}";
            return value <= reference * ratio ? Verdict(GateAnswer.Holds, value, reference, $"{compared}.") : Verdict(GateAnswer.Fails, value, reference, $"{compared}: more than {ratio:0.##} times as much.");
        }

        GateVerdict Verdict(GateAnswer answer, double value, double? stableValue, string why) => new(index, answer, why, double.IsFinite(value) ? value : null, stableValue, at);
    }

    private static double Figure(string metric, RevisionFigures figures) => metric switch
    {
        GateMetrics.ErrorRate => figures.Requests > 0 ? (double)figures.Failures / figures.Requests : double.NaN,
        GateMetrics.LatencyP95 => figures.Durations.Quantile(0.95),
        GateMetrics.LatencyP99 => figures.Durations.Quantile(0.99),
        _ => double.NaN,
    };
}
