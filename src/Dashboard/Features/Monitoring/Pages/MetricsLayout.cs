using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Monitoring.Charts;
using Ops.Dashboard.Features.Monitoring.Fleet;
using Ops.Dashboard.Features.Monitoring.Gpus;
using Ops.Dashboard.Features.Monitoring.Series;
using Ops.Dashboard.Features.Targets;

namespace Ops.Dashboard.Features.Monitoring.Pages;

/// <summary>One chart and what feeds it.</summary>
internal sealed class ChartBox(string title, ChartUnit unit, IReadOnlyList<ChartSeries> series, ChartFeeder feeder, IReadOnlyList<ChartThreshold> thresholds)
{
    private bool begun;

    public string Title => title;

    public ChartUnit Unit => unit;

    public IReadOnlyList<ChartSeries> Series => series;

    public IReadOnlyList<ChartThreshold> Thresholds => thresholds;

    /// <summary>The component, once it is rendered.</summary>
    public LineChart? Chart { get; set; }

    /// <summary>Hands the chart what is new: the whole window at first.</summary>
    public async Task FeedAsync(double now)
    {
        if (Chart is null || feeder.Take(now) is not { } points)
        {
            return;
        }

        var first = !begun;
        begun = true;
        await (first ? Chart.SetDataAsync(points) : Chart.AppendAsync(points));
    }
}

/// <summary>A row of charts.</summary>
/// <param name="Title">What they are about.</param>
/// <param name="Boxes">The charts.</param>
/// <param name="Note">Something to know beside the title.</param>
/// <param name="IsScraped">Whether the figures come from the replicas, and go stale with them; those of the router are always fresh.</param>
/// <param name="Of">Ends the names of its charts for screen readers, where another row has charts of the same titles.</param>
internal sealed record ChartSection(string Title, IReadOnlyList<ChartBox> Boxes, string? Note = null, bool IsScraped = false, string? Of = null);

/// <summary>Which charts the metrics of an endpoint have, from top to bottom.</summary>
internal sealed class MetricsLayout(PlanFacts? plan, EndpointSeries series, GpuSeries gpus, ChartRange range, double now)
{
    /// <summary>More lines than this tell nobody anything.</summary>
    public const int MostReplicas = 16;

    private const int Colours = 8;
    private const double MiB = 1024 * 1024;

    /// <summary>The replicas to draw: those that are there, in the order they came, then those that left within the window.</summary>
    public static IReadOnlyList<string> Replicas(EndpointObservation? observed, EndpointSeries series, double from)
    {
        var present = (observed?.Replicas ?? []).Select(r => r.Id).Order(StringComparer.Ordinal).ToList();
        var gone = series.ReplicaIds.Except(present, StringComparer.Ordinal)
            .Where(id => series.Replica(id).Latest() is { } latest && latest.At > from)
            .Order(StringComparer.Ordinal);
        return [.. present.Concat(gone)];
    }

    /// <summary>The three small charts of the overview.</summary>
    public static IReadOnlyList<ChartBox> Small(EndpointSeries series, double from)
    {
        var total = series.Total;
        return
        [
            new("Requests", ChartUnit.PerSecond, [new("Requests", 1, Fill: true)], new([Line(total, p => p.Rate)], 1, from), []),
            new("Error rate", ChartUnit.Percent, [new("Errors", 4, Fill: true)], new([Line(total, Share)], 1, from), []),
            new("Latency p95", ChartUnit.Seconds, [new("p95", 2)], new([Line(total, p => p.P95, true)], 1, from), []),
        ];
    }

    /// <summary>All rows.</summary>
    public IReadOnlyList<ChartSection> Sections(IReadOnlyList<string> replicas, IReadOnlyDictionary<string, int> colours, IReadOnlyList<string> nodes)
    {
        var drawn = replicas.Take(MostReplicas).ToList();
        var names = ReplicaNames.Shorten(drawn);
        var lines = drawn.Select(id => (Series: series.Replica(id), Look: new ChartSeries(names[id], (colours[id] % Colours) + 1, Dashed: colours[id] / Colours % 2 == 1))).ToList();
        var note = replicas.Count == 0 ? "No replica reports figures." : replicas.Count > drawn.Count ? $"The first {drawn.Count} of {replicas.Count} replicas." : null;
        return [All(), Each(lines, note), Processes(lines), .. Gpu(nodes)];
    }

    private ChartSection All()
    {
        var total = series.Total;
        var capacity = (plan?.Replicas ?? 0) * (plan?.CpuThreads ?? 0);
        return new("All requests",
        [
            Box("Requests", ChartUnit.PerSecond, [new("Requests", 1, Fill: true)], [Line(total, p => p.Rate)]),
            Box("Error rate", ChartUnit.Percent, [new("Errors", 4, Fill: true)], [Line(total, Share)], new ChartThreshold(EndpointHealth.BurningShare, "burning")),
            Box("Latency", ChartUnit.Seconds, [new("p50", 1), new("p95", 2), new("p99", 4)], [Line(total, p => p.P50, true), Line(total, p => p.P95, true), Line(total, p => p.P99, true)]),
            capacity == 0
                ? Box("In flight", ChartUnit.Number, [new("In flight", 3, Fill: true)], [Line(total, p => p.InFlight, true)])
                : Box("In flight", ChartUnit.Number, [new("In flight", 3, Fill: true)], [Line(total, p => p.InFlight, true)], new ChartThreshold(capacity, $"all {capacity} threads busy")),
        ]);
    }

    private ChartSection Each(List<(MetricSeries Series, ChartSeries Look)> lines, string? note) => new("Per replica", lines.Count == 0 ? [] :
    [
        Box("Requests", ChartUnit.PerSecond, lines, p => p.Rate),
        Box("Error rate", ChartUnit.Percent, lines, Share),
        Box("Latency p95", ChartUnit.Seconds, lines, p => p.P95, true),
        Box("In flight", ChartUnit.Number, lines, p => p.InFlight, true),
    ], note, IsScraped: true, "per replica");

    private ChartSection Processes(List<(MetricSeries Series, ChartSeries Look)> lines) => new("Processes", lines.Count == 0 ? [] :
    [
        Box("CPU, cores in use", ChartUnit.Number, lines, p => p.CpuCores, false, plan is null ? [] : [new(plan.CpuThreads, $"{plan.CpuThreads} planned")]),
        Box("Memory", ChartUnit.Bytes, lines, p => p.MemoryBytes, true, plan is null ? [] : [new(plan.MemoryMiB * MiB, "limit")]),
    ], IsScraped: true, Of: "of processes");

    private IEnumerable<ChartSection> Gpu(IReadOnlyList<string> nodes)
    {
        var cards = nodes.SelectMany(gpus.Of).Take(MostReplicas).ToList();
        if (cards.Count == 0)
        {
            yield return new("GPU", [], gpus.Note ?? "No GPU is known on the machines of this endpoint.");
            yield break;
        }

        var looks = cards.Select((card, index) => new ChartSeries(card.Name, (index % Colours) + 1, Dashed: index >= Colours)).ToList();
        var largest = cards.Max(c => c.MemoryBytes);
        yield return new("GPU",
        [
            Box("Utilization", ChartUnit.Percent, looks, [.. cards.Select(card => new ChartLine(after => card.After(after).Select(p => new ChartSample(p.At, p.Utilization))))]),
            Box("Memory", ChartUnit.Bytes, looks, [.. cards.Select(card => new ChartLine(after => card.After(after).Select(p => new ChartSample(p.At, p.MemoryUsedBytes))))], largest is { } bytes ? [new ChartThreshold(bytes, "all")] : []),
        ], Of: "of GPUs");
    }

    private static double Share(MetricPoint point) => point.Rate > 0 ? point.ErrorShare : point.Rate == 0 ? 0 : double.NaN;

    private static ChartLine Line(MetricSeries source, Func<MetricPoint, double> value, bool worst = false) =>
        new(after => source.After(after).Select(p => new ChartSample(p.At, value(p))), worst);

    private ChartBox Box(string title, ChartUnit unit, IReadOnlyList<(MetricSeries Series, ChartSeries Look)> lines, Func<MetricPoint, double> value, bool worst = false, params ChartThreshold[] thresholds) =>
        Box(title, unit, [.. lines.Select(l => l.Look)], [.. lines.Select(l => Line(l.Series, value, worst))], thresholds);

    private ChartBox Box(string title, ChartUnit unit, IReadOnlyList<ChartSeries> looks, IReadOnlyList<ChartLine> lines, params ChartThreshold[] thresholds) =>
        new(title, unit, looks, new(lines, range.Step, now - range.Seconds), thresholds);
}
