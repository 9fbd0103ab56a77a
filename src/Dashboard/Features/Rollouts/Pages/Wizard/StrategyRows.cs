using System.Globalization;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Pages.Wizard;

/// <summary>One row of the steps of a canary, as it is being filled in.</summary>
public sealed class StepRow
{
    private const string Person = "person";

    /// <summary>Percent of the requests.</summary>
    public int Weight { get; set; }

    /// <summary>Seconds it lasts at least.</summary>
    public int PauseSeconds { get; set; } = 60;

    /// <summary>Whether a person has to say that it goes on.</summary>
    public bool WaitsForPerson { get; set; }

    /// <summary>As it stands in the address: <c>10:60</c>, with <c>:person</c> where one has to say go.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Weight}:{PauseSeconds}{(WaitsForPerson ? $":{Person}" : "")}");

    /// <summary>Reads what <see cref="ToString"/> wrote; null for anything else.</summary>
    internal static StepRow? Parse(string text) => text.Split(':') is [var weight, var pause, .. var rest]
        && int.TryParse(weight, NumberStyles.Integer, CultureInfo.InvariantCulture, out var percent)
        && int.TryParse(pause, NumberStyles.Integer, CultureInfo.InvariantCulture, out var seconds)
            ? new() { Weight = percent, PauseSeconds = seconds, WaitsForPerson = rest is [Person] }
            : null;

    /// <summary>From a plan.</summary>
    internal static StepRow Of(PlanStep step) => new() { Weight = step.Weight, PauseSeconds = step.PauseSeconds, WaitsForPerson = step.WaitsForPerson };

    /// <summary>For the plan.</summary>
    internal PlanStep ToStep() => new() { Weight = Weight, PauseSeconds = PauseSeconds, WaitsForPerson = WaitsForPerson };
}

/// <summary>One row of the gates, as it is being filled in. Limits are in what people say: milliseconds and per cent.</summary>
public sealed class GateRow
{
    /// <summary>One of <see cref="GateMetrics"/>.</summary>
    public string Metric { get; set; } = GateMetrics.ErrorRate;

    /// <summary>The limit in milliseconds or per cent.</summary>
    public double? Limit { get; set; }

    /// <summary>The limit as a multiple of the stable revision's figure.</summary>
    public double? Ratio { get; set; }

    /// <summary>How many requests there must be.</summary>
    public int MinRequests { get; set; } = 20;

    /// <summary>Seconds that are looked back.</summary>
    public int WindowSeconds { get; set; } = 60;

    /// <summary>What <see cref="Limit"/> is in.</summary>
    public string Unit => GateWords.IsLatency(Metric) ? "ms" : "%";

    /// <summary>Whether it is about replicas rather than requests.</summary>
    public bool IsReadiness => Metric == GateMetrics.Ready;

    private double Factor => GateWords.IsLatency(Metric) ? 1000 : 100;

    /// <summary>As it stands in the address: <c>error-rate:1::20:60</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Metric}:{Limit}:{Ratio}:{MinRequests}:{WindowSeconds}");

    /// <summary>Reads what <see cref="ToString"/> wrote; null for anything else.</summary>
    internal static GateRow? Parse(string text) => text.Split(':') is [var metric, var limit, var ratio, var requests, var window]
        && int.TryParse(requests, NumberStyles.Integer, CultureInfo.InvariantCulture, out var minimum)
        && int.TryParse(window, NumberStyles.Integer, CultureInfo.InvariantCulture, out var seconds)
            ? new() { Metric = metric, Limit = Number(limit), Ratio = Number(ratio), MinRequests = minimum, WindowSeconds = seconds }
            : null;

    /// <summary>A gate of a kind with limits that suit most models.</summary>
    internal static GateRow Usual(string metric) => metric switch
    {
        GateMetrics.Ready => new() { Metric = metric, Limit = 100, MinRequests = 0 },
        GateMetrics.ErrorRate => new() { Metric = metric, Limit = 1 },
        _ => new() { Metric = metric, Ratio = 1.2 },
    };

    /// <summary>From a plan.</summary>
    internal static GateRow Of(PlanGate gate)
    {
        GateRow row = new() { Metric = gate.Metric, Ratio = gate.MaxRatio, MinRequests = gate.MinRequests, WindowSeconds = gate.WindowSeconds };
        row.Limit = gate.Max is { } max ? Math.Round(max * row.Factor, 6) : null;
        return row;
    }

    /// <summary>For the plan.</summary>
    internal PlanGate ToGate() => new()
    {
        Metric = Metric,
        Max = Limit is { } limit ? Math.Round(limit / Factor, 9) : null,
        MaxRatio = IsReadiness ? null : Ratio,
        MinRequests = IsReadiness ? 0 : MinRequests,
        WindowSeconds = WindowSeconds,
    };

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;
}

/// <summary>The part of the form that says how to get from what runs to what is planned in steps.</summary>
public sealed class StrategyForm
{
    /// <summary>More rows than this in an address are nobody's plan.</summary>
    private const int MostRows = 20;

    /// <summary>The steps of a canary.</summary>
    public List<StepRow> Steps { get; } = [];

    /// <summary>The gates.</summary>
    public List<GateRow> Gates { get; } = [];

    /// <summary>Whether it goes back by itself.</summary>
    public bool RollBackOnFailure { get; set; } = true;

    /// <summary>Seconds of a blue-green preview.</summary>
    public int PreviewSeconds { get; set; } = 60;

    /// <summary>Whether a person ends the preview.</summary>
    public bool PreviewWaitsForPerson { get; set; } = true;

    /// <summary>Seconds that the old replicas stay after the switch.</summary>
    public int KeepOldSeconds { get; set; } = 300;

    /// <summary>Percent of the requests that a shadow gets a copy of.</summary>
    public int ShadowPercent { get; set; } = 100;

    /// <summary>Seconds of a shadow.</summary>
    public int ShadowSeconds { get; set; } = 300;

    /// <summary>Whether the strategy of this name goes in steps, with gates between them.</summary>
    public static bool HasSteps(string strategy) => strategy is "canary" or "blue-green" or "shadow";

    /// <summary>Begins a strategy that was just chosen with what suits most models; what is filled in already stays.</summary>
    public void Begin(string strategy)
    {
        if (strategy == "canary" && Steps.Count == 0)
        {
            Use([10, 50]);
        }

        if (HasSteps(strategy) && Gates.Count == 0)
        {
            Gates.AddRange([GateRow.Usual(GateMetrics.ErrorRate), GateRow.Usual(GateMetrics.LatencyP95)]);
        }
    }

    /// <summary>Replaces the steps of the canary; pauses stay where there are as many.</summary>
    public void Use(IReadOnlyList<int> weights)
    {
        var pauses = Steps.Select(s => s.PauseSeconds).ToList();
        Steps.Clear();
        Steps.AddRange(weights.Select((weight, index) => new StepRow { Weight = weight, PauseSeconds = index < pauses.Count ? pauses[index] : 60 }));
    }

    /// <summary>Takes over what a plan says.</summary>
    internal void BeginFrom(PlanStrategy strategy)
    {
        Steps.Clear();
        Gates.Clear();
        Gates.AddRange(strategy.Gates.Select(GateRow.Of));
        RollBackOnFailure = !HasSteps(strategy.Name) || strategy.RollBackOnFailure;
        switch (strategy)
        {
            case { Name: "canary" }:
                Steps.AddRange(strategy.Steps.Select(StepRow.Of));
                break;
            case { Name: "blue-green" }:
                (PreviewSeconds, PreviewWaitsForPerson) = strategy.Steps is [var preview, ..] ? (preview.PauseSeconds, preview.WaitsForPerson) : (0, false);
                KeepOldSeconds = strategy.KeepOldSeconds;
                break;
            case { Name: "shadow", Steps: [var copy, ..] }:
                (ShadowPercent, ShadowSeconds) = (copy.Weight, copy.PauseSeconds);
                break;
        }
    }

    /// <summary>The steps of a plan with the strategy of this name.</summary>
    internal IReadOnlyList<PlanStep> StepsOf(string strategy) => strategy switch
    {
        "canary" => [.. Steps.Select(s => s.ToStep())],
        "blue-green" => [new() { Weight = 0, PauseSeconds = PreviewSeconds, WaitsForPerson = PreviewWaitsForPerson }],
        "shadow" => [new() { Weight = ShadowPercent, PauseSeconds = ShadowSeconds }],
        _ => [],
    };

    /// <summary>What the address is to hold.</summary>
    internal IEnumerable<KeyValuePair<string, object?>> ToQuery(string strategy)
    {
        var empty = new StrategyForm();
        var isStepped = HasSteps(strategy);
        yield return new("step-at", strategy == "canary" && Steps.Count > 0 ? string.Join(',', Steps) : null);
        yield return new("gate", isStepped && Gates.Count > 0 ? string.Join(',', Gates) : null);
        yield return new("stay-on-failure", isStepped && !RollBackOnFailure ? "true" : null);
        yield return new("preview", strategy == "blue-green" && PreviewSeconds != empty.PreviewSeconds ? Text(PreviewSeconds) : null);
        yield return new("preview-ends", strategy == "blue-green" && !PreviewWaitsForPerson ? "alone" : null);
        yield return new("keep", strategy == "blue-green" && KeepOldSeconds != empty.KeepOldSeconds ? Text(KeepOldSeconds) : null);
        yield return new("copy", strategy == "shadow" && ShadowPercent != empty.ShadowPercent ? Text(ShadowPercent) : null);
        yield return new("copy-for", strategy == "shadow" && ShadowSeconds != empty.ShadowSeconds ? Text(ShadowSeconds) : null);

        static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Reads what an address holds; anything senseless in it is left at its default.</summary>
    /// <param name="text">A value of the address by its name, or null.</param>
    internal void Read(Func<string, string?> text)
    {
        Steps.Clear();
        Gates.Clear();
        Steps.AddRange(Rows(text("step-at")).Select(StepRow.Parse).OfType<StepRow>());
        Gates.AddRange(Rows(text("gate")).Select(GateRow.Parse).OfType<GateRow>());
        RollBackOnFailure = text("stay-on-failure") != "true";
        PreviewSeconds = Number("preview", PreviewSeconds);
        PreviewWaitsForPerson = text("preview-ends") != "alone";
        KeepOldSeconds = Number("keep", KeepOldSeconds);
        ShadowPercent = Number("copy", ShadowPercent);
        ShadowSeconds = Number("copy-for", ShadowSeconds);

        int Number(string name, int otherwise) => int.TryParse(text(name), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : otherwise;

        static IEnumerable<string> Rows(string? joined) => (joined ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Take(MostRows);
    }
}
