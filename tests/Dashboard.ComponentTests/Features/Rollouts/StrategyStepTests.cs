using AngleSharp.Dom;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Primitives;
using Ops.Dashboard.ComponentTests.Components;
using Ops.Dashboard.Features.Rollouts.Pages.Wizard;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.ComponentTests.Features.Rollouts;

public sealed class StrategyStepTests
{
    [Fact]
    public void Canary_Chosen_BeginsWithUsualStepsAndGates()
    {
        using var context = new ControlsContext();
        var form = new PlanForm();
        var step = Render(context, form);
        Assert.Empty(step.FindAll(".strategy-row"));

        Radio(step, "Canary").Change(true);

        Assert.Equal(["10", "50"], step.FindAll(".strategy-row-step .field:first-child input").Select(i => i.GetAttribute("value")));
        Assert.Equal([GateMetrics.ErrorRate, GateMetrics.LatencyP95], form.Steps.Gates.Select(g => g.Metric));
        Assert.Contains("goes back to what runs now", step.Markup, StringComparison.Ordinal);
        Assert.Equal("canary 10 % → 50 % → 100 %, checked by 2 gates, back by itself when one fails", StrategyWords.Of(StrategyOf(form)));
    }

    [Fact]
    public void Steps_PresetAddRemove_ChangeTheForm()
    {
        using var context = new ControlsContext();
        var form = new PlanForm { Strategy = "canary" };
        var step = Render(context, form);

        Button(step, "25 → 100").Click();
        Assert.Equal([25], form.Steps.Steps.Select(s => s.Weight));
        Assert.Equal("true", Button(step, "25 → 100").GetAttribute("aria-pressed"));
        Button(step, "Add a step").Click();
        Assert.Equal([25, 62], form.Steps.Steps.Select(s => s.Weight));
        step.FindAll(".strategy-row-step input[type=checkbox]")[1].Change(true);
        step.FindAll(".strategy-row-step .field:nth-child(2) input")[0].Change("90");
        step.Find("button[aria-label='Remove step 2, 62 %']").Click();

        Assert.Equal(["25:90"], form.Steps.Steps.Select(s => s.ToString()));
    }

    [Fact]
    public void Gates_OtherMetric_GetsALimitInItsOwnUnit()
    {
        using var context = new ControlsContext();
        var form = new PlanForm { Strategy = "canary" };
        form.Steps.Gates.Add(new() { Metric = GateMetrics.ErrorRate, Limit = 2 });
        var step = Render(context, form);
        Assert.Contains("At most (%)", step.Markup, StringComparison.Ordinal);

        step.Find(".strategy-row-gate select").Change(GateMetrics.LatencyP99);
        Assert.Contains("At most (ms)", step.Markup, StringComparison.Ordinal);
        step.FindAll(".strategy-row-gate input")[0].Change("250");

        var gate = form.Steps.Gates[0].ToGate();
        Assert.Equal((GateMetrics.LatencyP99, 0.25, 1.2), (gate.Metric, gate.Max, gate.MaxRatio));
        Assert.Equal("Latency p99 at most 250 ms and at most 1.2 × stable over 1 min, from 20 requests on", GateWords.Sentence(gate));
    }

    [Fact]
    public void Mistakes_AreSaidAtTheirFields()
    {
        using var context = new ControlsContext();
        var form = new PlanForm { Strategy = "canary" };
        form.Steps.Steps.AddRange([new() { Weight = 50 }, new() { Weight = 10 }]);
        form.Steps.Gates.Add(new() { Metric = GateMetrics.ErrorRate });
        var step = Render(context, form, field => field is PlanFields.Steps or PlanFields.Gates ? "Something is wrong." : null);

        Assert.Equal(["More than the 50 % before it.", "Give a limit."], step.FindAll(".field-error").Select(e => e.TextContent.Trim()));
        Assert.Equal("true", step.FindAll(".strategy-row-step")[1].QuerySelector("input")!.GetAttribute("aria-invalid"));
    }

    [Fact]
    public void Mistakes_NotOfARow_AreSaidOverTheRows()
    {
        using var context = new ControlsContext();
        var form = new PlanForm { Strategy = "canary" };
        var step = Render(context, form, field => field == PlanFields.Steps ? "A canary needs a step." : null);

        Assert.Equal("A canary needs a step.", step.Find(".field-error").TextContent.Trim());
    }

    [Theory]
    [InlineData("blue-green", "blue-green: a preview until a person says go, then a switch; the old replicas stay for 5 min, checked by 2 gates, back by itself when one fails")]
    [InlineData("shadow", "shadow: a copy of 100 % of the requests for 5 min, whose answers nobody gets, checked by 2 gates, back by itself when one fails")]
    [InlineData("rolling", "rolling, one at a time")]
    public void Strategy_Chosen_IsSaidInPlainWords(string name, string words)
    {
        var form = new PlanForm { Strategy = name };
        form.Steps.Begin(name);

        Assert.Equal(words, StrategyWords.Of(StrategyOf(form)));
    }

    [Theory]
    [InlineData("canary")]
    [InlineData("blue-green")]
    [InlineData("shadow")]
    public void Address_OfAForm_GivesTheSameDraftAgain(string name)
    {
        var form = new PlanForm { Strategy = name };
        form.Steps.Begin(name);
        form.Steps.RollBackOnFailure = false;
        (form.Steps.PreviewSeconds, form.Steps.PreviewWaitsForPerson, form.Steps.KeepOldSeconds) = (7, false, 8);
        (form.Steps.ShadowPercent, form.Steps.ShadowSeconds) = (9, 10);
        form.Steps.Gates[0].Limit = 0.25;
        if (name == "canary")
        {
            form.Steps.Steps[1].WaitsForPerson = true;
        }

        var query = form.ToQuery().Where(p => p.Value is not null).ToDictionary(p => p.Key, p => new StringValues(p.Value!.ToString()));
        var again = PlanForm.FromQuery(query);

        Assert.Equivalent(form.ToDraft(), again.ToDraft(), strict: true);
    }

    [Fact]
    public void Running_WithACanary_IsWhereTheFormBegins()
    {
        var form = new PlanForm();
        PlanStrategy running = new()
        {
            Name = "canary",
            Steps = [new() { Weight = 5, PauseSeconds = 30, WaitsForPerson = true }],
            Gates = [new() { Metric = GateMetrics.LatencyP95, Max = 0.2, MinRequests = 3, WindowSeconds = 15 }],
        };

        form.Steps.BeginFrom(running);

        Assert.Equal(running.Steps, form.Steps.StepsOf("canary"));
        Assert.Equal(running.Gates, form.Steps.Gates.Select(g => g.ToGate()));
        Assert.False(form.Steps.RollBackOnFailure);
    }

    [Theory]
    [InlineData("step-at", "10:60,nonsense,:,50")]
    [InlineData("gate", "error-rate:1,a:b:c:d:e,:::")]
    [InlineData("copy", "many")]
    public void Address_Senseless_IsLeftAtTheDefaults(string name, string value)
    {
        var form = PlanForm.FromQuery(new Dictionary<string, StringValues> { [name] = value, ["strategy"] = "canary" });

        Assert.Equal(name == "step-at" ? 1 : 0, form.Steps.Steps.Count);
        Assert.Empty(form.Steps.Gates);
        Assert.Equal(100, form.Steps.ShadowPercent);
    }

    private static PlanStrategy StrategyOf(PlanForm form)
    {
        var draft = form.ToDraft();
        return new() { Name = draft.Strategy, Steps = draft.Steps, Gates = draft.Gates, RollBackOnFailure = draft.RollBackOnFailure, KeepOldSeconds = draft.KeepOldSeconds };
    }

    private static IRenderedComponent<StrategyStep> Render(ControlsContext context, PlanForm form, Func<string, string?>? errors = null) =>
        context.Render<StrategyStep>(p => p.Add(s => s.Form, form).Add(s => s.ErrorOf, errors ?? (_ => null)));

    private static IElement Radio(IRenderedComponent<StrategyStep> step, string title) =>
        step.FindAll("label.option").Single(l => l.QuerySelector("strong")!.TextContent == title).QuerySelector("input")!;

    private static IElement Button(IRenderedComponent<StrategyStep> step, string text) => step.FindAll("button").Single(b => b.TextContent.Trim() == text);
}
