using AngleSharp.Dom;
using Bunit;
using Microsoft.AspNetCore.Components;
using Ops.Dashboard.ComponentTests.Components;
using Ops.Dashboard.Features.Rollouts.Pages.Wizard;
using Ops.Dashboard.Features.Rollouts.Plans;

namespace Ops.Dashboard.ComponentTests.Features.Rollouts;

public sealed class KubernetesFieldsTests
{
    [Fact]
    public void NothingSet_IsFoldedAwayAndAsksForNoNumbers()
    {
        using var context = new ControlsContext();

        var fields = Render(context, new());

        Assert.False(fields.Find("details").HasAttribute("open"));
        Assert.Empty(fields.FindAll("input[type=number]"));
    }

    [Theory]
    [InlineData(true, "digits.example.org", true)]
    [InlineData(true, "", false)]
    [InlineData(false, "digits.example.org", false)]
    public void HostAndToken_ChosenTogether_SaysThatTheHostAsksForNone(bool token, string host, bool says)
    {
        using var context = new ControlsContext();
        PlanForm form = new() { RequiresToken = token };
        form.Kubernetes.Hostname = host;

        var notices = Render(context, form).FindAll(".notice-title");

        Assert.Equal(says ? ["This host asks for no token"] : [], notices.Select(n => n.TextContent));
    }

    [Theory]
    [InlineData("kubernetes", true, true)]
    [InlineData("kubernetes", false, false)]
    [InlineData("local", true, false)]
    public void Token_OnACluster_SaysThatItProtectsServeOnly(string kind, bool token, bool says)
    {
        using var context = new ControlsContext();
        PlanForm form = new() { RequiresToken = token };
        TargetChoice target = new(Guid.NewGuid(), "lab", kind, Ops.Data.Targets.TargetEnvironment.Dev, new([], default));

        var step = context.Render<ResourcesStep>(p => p.Add(s => s.Form, form).Add(s => s.Target, target).Add(s => s.ErrorOf, _ => null));

        Assert.Equal(says ? ["A token protects /serve only"] : [], step.FindAll(".notice-title").Select(n => n.TextContent));
        Assert.Equal(says, step.Markup.Contains("Whoever reaches the Service", StringComparison.Ordinal));
    }

    [Fact]
    public void Scaling_Chosen_AsksForItsBoundsAndPutsThemIntoThePlan()
    {
        using var context = new ControlsContext();
        var (form, changes) = (new PlanForm(), 0);
        var fields = Render(context, form, changed: () => changes++);

        fields.Find("input[type=checkbox]").Change(true);
        Input(fields, "Most replicas").Change("9");
        Input(fields, "CPU in use, in %").Change("");
        Input(fields, "Memory in use, in %").Change("80");
        Input(fields, "Metric of the pods").Change("queue");
        Input(fields, "Its mean per pod").Change("20");
        Input(fields, "Host name").Change("digits.example.org");

        Assert.Equal(7, changes);
        var plan = form.ToDraft().Kubernetes!;
        Assert.Equal((1, 9, null, 80, "queue", "20"), (plan.Autoscaling!.MinReplicas, plan.Autoscaling.MaxReplicas, plan.Autoscaling.CpuPercent, plan.Autoscaling.MemoryPercent, plan.Autoscaling.PodMetric, plan.Autoscaling.PodMetricAverage));
        Assert.Equal("digits.example.org", plan.Hostname);

        fields.Find("input[type=checkbox]").Change(false);
        Assert.Null(form.ToDraft().Kubernetes!.Autoscaling);
        Assert.Empty(fields.FindAll("input[type=number]"));
    }

    [Theory]
    [InlineData(PlanFields.Hostname)]
    [InlineData(PlanFields.Autoscaling)]
    public void Mistake_OpensWhatWasFoldedAwayAndStandsThere(string field)
    {
        using var context = new ControlsContext();

        var fields = Render(context, new(), asked => asked == field ? "That is not possible here." : null);

        Assert.True(fields.Find("details").HasAttribute("open"));
        Assert.Equal("That is not possible here.", fields.Find(".field-error").TextContent.Trim());
    }

    private static IRenderedComponent<KubernetesFields> Render(ControlsContext context, PlanForm form, Func<string, string?>? errorOf = null, Action? changed = null)
    {
        form.TargetId = Guid.NewGuid();
        return context.Render<KubernetesFields>(p => p
            .Add(f => f.Form, form)
            .Add(f => f.ErrorOf, errorOf ?? (_ => null))
            .Add(f => f.Changed, EventCallback.Factory.Create(form, changed ?? (() => { }))));
    }

    private static IElement Input(IRenderedComponent<KubernetesFields> fields, string label)
    {
        var id = fields.FindAll("label.field-label").Single(l => l.TextContent.StartsWith(label, StringComparison.Ordinal)).GetAttribute("for");
        return fields.Find($"#{id}");
    }
}
