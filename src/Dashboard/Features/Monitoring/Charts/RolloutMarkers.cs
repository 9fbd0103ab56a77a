using Ops.Dashboard.Components.Controls;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Monitoring.Charts;

/// <summary>When a rollout began and ended, for charts.</summary>
internal sealed record RolloutSpan(int Number, string Name, RolloutState State, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt);

/// <summary>Vertical lines where rollouts began and ended. Pure.</summary>
internal static class RolloutMarkers
{
    /// <summary>The markers inside a window, oldest first.</summary>
    public static IReadOnlyList<ChartMarker> Of(IEnumerable<RolloutSpan> rollouts, DateTimeOffset from, DateTimeOffset to) =>
    [
        .. rollouts
            .SelectMany(r => new (DateTimeOffset? At, string Label)[] { (r.StartedAt, $"#{r.Number} {r.Name}"), (r.StartedAt is null ? null : r.FinishedAt, $"#{r.Number} {Ending(r.State)}") })
            .Where(m => m.At >= from && m.At <= to)
            .OrderBy(m => m.At)
            .Select(m => new ChartMarker(m.At!.Value.ToUnixTimeMilliseconds() / 1000.0, m.Label)),
    ];

    private static string Ending(RolloutState state) => state switch
    {
        RolloutState.Succeeded or RolloutState.RolledBack => "done",
        RolloutState.Failed => "failed",
        RolloutState.Aborted => "aborted",
        RolloutState.Superseded => "superseded",
        _ => "ended",
    };
}
