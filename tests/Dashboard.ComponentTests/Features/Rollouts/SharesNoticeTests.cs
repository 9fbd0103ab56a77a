using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.ComponentTests.Components;
using Ops.Dashboard.Features.Rollouts.Pages;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Tests.Features.Targets.Kubernetes;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.ComponentTests.Features.Rollouts;

public sealed class SharesNoticeTests
{
    [Fact]
    public void NoGateway_SaysWhatEachStepComesTo()
    {
        using var context = NewContext(new());

        var notice = Render(context, Canary(10, 50), KubernetesSamples.Plan with { Replicas = 3 });

        Assert.Equal(["10 % asked for: 1 of 4 replicas = 25 %", "50 % asked for: 1 of 4 replicas = 25 %"], notice.FindAll("li").Select(l => l.TextContent));
        Assert.Contains("/serve/digits) are shared as planned", notice.Find(".notice").TextContent, StringComparison.Ordinal);
        Assert.Contains("cluster names no gateway", notice.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void OtherPlanInTheForm_IsSaidAnew()
    {
        using var context = NewContext(new());
        var notice = Render(context, Canary(10), KubernetesSamples.Plan with { Replicas = 3 });

        notice.Render(p => p.Add(n => n.Plan, Canary(50) with { Replicas = 6 }));
        Assert.Equal(["50 % asked for: 3 of 6 replicas = 50 %"], notice.FindAll("li").Select(l => l.TextContent));

        notice.Render(p => p.Add(n => n.Plan, KubernetesSamples.Plan));
        Assert.Empty(notice.FindAll(".notice"));
    }

    [Fact]
    public void GatewaySharesByWeight_SaysNothing()
    {
        using var context = NewContext(new() { HasRoutes = true, Settings = new() { Namespace = KubernetesSamples.Namespace, Registries = [], Gateway = (null, "public") } });
        var plan = Canary(10);

        var notice = Render(context, plan with { Kubernetes = plan.Kubernetes! with { Hostname = "digits.example" } }, KubernetesSamples.Plan);

        Assert.Empty(notice.FindAll(".notice"));
    }

    private static ControlsContext NewContext(FakeCluster cluster)
    {
        ControlsContext context = new();
        context.Services.AddSingleton(new ClusterShares(cluster));
        return context;
    }

    private static IRenderedComponent<SharesNotice> Render(ControlsContext context, PlanSpec plan, PlanSpec before) =>
        context.Render<SharesNotice>(p => p.Add(n => n.Plan, plan).Add(n => n.Before, before));

    private static PlanSpec Canary(params int[] weights) =>
        KubernetesSamples.Plan with { Strategy = new() { Name = "canary", Steps = [.. weights.Select(w => new PlanStep { Weight = w })] } };
}
