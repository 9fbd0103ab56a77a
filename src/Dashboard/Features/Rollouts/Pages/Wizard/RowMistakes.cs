using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Pages.Wizard;

/// <summary>Which field of which row is wrong, for the form: the check of the plan says it of all rows together. Pure.</summary>
internal static class RowMistakes
{
    private const int LongestSeconds = 86_400;

    /// <summary>What is wrong with the share of a step, or null.</summary>
    public static string? Weight(IReadOnlyList<StepRow> rows, int index) => rows[index].Weight switch
    {
        < 1 or > 100 => "1 to 100 %.",
        var weight when index > 0 && weight <= rows[index - 1].Weight => $"More than the {rows[index - 1].Weight} % before it.",
        _ => null,
    };

    /// <summary>What is wrong with the length of a step, or null.</summary>
    public static string? Pause(StepRow row) => row.PauseSeconds is < 0 or > LongestSeconds ? "0 to 86,400 s." : null;

    /// <summary>What is wrong with the limits of a gate, or null.</summary>
    public static string? Limit(GateRow row) => row switch
    {
        { Limit: null, Ratio: null } => "Give a limit.",
        { Limit: <= 0, Metric: GateMetrics.LatencyP95 or GateMetrics.LatencyP99 or GateMetrics.Ready } => "More than 0.",
        { Limit: < 0 } => "0 or more.",
        { Limit: > 100, Unit: "%" } => "At most 100 %.",
        _ => null,
    };

    /// <summary>What is wrong with the multiple of the stable figure, or null.</summary>
    public static string? Ratio(GateRow row) => row is { IsReadiness: false, Ratio: <= 0 } ? "More than 0." : null;

    /// <summary>What is wrong with the number of requests, or null.</summary>
    public static string? Requests(GateRow row) => row.MinRequests < 0 ? "0 or more." : null;

    /// <summary>What is wrong with the window, or null.</summary>
    public static string? Window(GateRow row) => row.WindowSeconds is < 5 or > 3600 ? "5 to 3,600 s." : null;

    /// <summary>Whether any step is wrong by itself.</summary>
    public static bool Any(IReadOnlyList<StepRow> rows) => Enumerable.Range(0, rows.Count).Any(i => Weight(rows, i) is not null || Pause(rows[i]) is not null);

    /// <summary>Whether any gate is wrong by itself.</summary>
    public static bool Any(IReadOnlyList<GateRow> rows) => rows.Any(r => (Limit(r) ?? Ratio(r) ?? Requests(r) ?? Window(r)) is not null);
}
