using Ops.Dashboard.Components.Controls;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Monitoring.Charts;

/// <summary>When a rollout began and ended, for charts.</summary>
internal sealed record RolloutSpan(int Number, string Name, RolloutState State, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt);

/// <summary>Vertical lines where rollouts began and ended. Pure.</summary>
internal static class RolloutMarkers
{
    // Two words side by side need about this share of a chart's width.
    private const double Room = 0.2;

    /// <summary>The markers inside a window, oldest first. Where a rollout was so quick that two words would lie on each other, the end has both.</summary>
    public static IReadOnlyList<ChartMarker> Of(IEnumerable<RolloutSpan> rollouts, DateTimeOffset from, DateTimeOffset to) =>
        [.. rollouts.SelectMany(r => Both(r, (to - from) * Room)).Where(m => m.Time >= Seconds(from) && m.Time <= Seconds(to)).OrderBy(m => m.Time)];

    private static IEnumerable<ChartMarker> Both(RolloutSpan rollout, TimeSpan room)
    {
        if (rollout.StartedAt is not { } start)
        {
            yield break;
        }

        var quick = rollout.FinishedAt - start < room;
        yield return new(Seconds(start), quick ? "" : $"#{rollout.Number} {rollout.Name}");
        if (rollout.FinishedAt is { } end)
        {
            yield return new(Seconds(end), quick ? $"#{rollout.Number} {rollout.Name} {Ending(rollout.State)}" : $"#{rollout.Number} {Ending(rollout.State)}");
        }
    }

    private static double Seconds(DateTimeOffset moment) => moment.ToUnixTimeMilliseconds() / 1000.0;

    private static string Ending(RolloutState state) => state switch
    {
        RolloutState.Succeeded or RolloutState.RolledBack => "done",
        RolloutState.Failed => "failed",
        RolloutState.Aborted => "aborted",
        RolloutState.Superseded => "superseded",
        _ => "ended",
    };
}
