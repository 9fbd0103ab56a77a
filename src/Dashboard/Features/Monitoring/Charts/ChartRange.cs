namespace Ops.Dashboard.Features.Monitoring.Charts;

/// <summary>How far back charts look, and how many seconds one point stands for: about as many points as a chart has pixels.</summary>
internal sealed record ChartRange(string Key, string Text, int Seconds, int Step)
{
    /// <summary>The choices; the first is the one without a choice.</summary>
    public static IReadOnlyList<ChartRange> All { get; } = [new("5m", "5 min", 300, 1), new("15m", "15 min", 900, 1), new("1h", "1 h", 3600, 4)];

    /// <summary>The choice in the address; an unknown one is the first.</summary>
    public static ChartRange Of(string? key) => All.FirstOrDefault(r => r.Key == key) ?? All[0];
}
