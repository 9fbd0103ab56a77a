using Bunit;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.ComponentTests.Components;
using Ops.Dashboard.Features.Rollouts.Pages;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Dashboard.Tests.Features.Targets.Kubernetes;

namespace Ops.Dashboard.ComponentTests.Features.Rollouts;

public sealed class RouteNoticeTests
{
    [Fact]
    public void Route_RefusedAndTakenLater_IsSaidAsLongAsItIsSo()
    {
        FakeCluster cluster = new() { HasRoutes = true };
        using ControlsContext context = new();
        context.Services.AddSingleton(new ClusterShares(cluster));
        var plan = KubernetesSamples.Plan with { Kubernetes = KubernetesSamples.Plan.Kubernetes! with { Hostname = "digits.example" } };
        var notice = context.Render<RouteNotice>(p => p.Add(n => n.Plan, plan));
        Assert.Empty(notice.FindAll(".notice"));

        var route = HttpRoute.Of(KubernetesSamples.Endpoint, [KubernetesSamples.Revision(plan)], "models", (null, "public"))!;
        cluster.Show(route);
        notice.Render(p => p.Add(n => n.Plan, plan));
        Assert.Equal("The gateway public has not answered to its route.", notice.Find(".notice-title").TextContent);

        Answer("False");
        Assert.Equal("The gateway public does not accept its route (NotAllowedByListeners: no listener).", notice.Find(".notice-title").TextContent);
        Assert.Contains("Requests to digits.example go where the gateway sent them before, or nowhere", notice.Find(".notice").TextContent, StringComparison.Ordinal);

        Answer("True");
        Assert.Empty(notice.FindAll(".notice"));

        void Answer(string accepted)
        {
            route.Status = new()
            {
                Parents =
                [
                    new()
                    {
                        ParentRef = new() { Name = "public" },
                        Conditions = [new V1Condition { Type = "Accepted", Status = accepted, Reason = "NotAllowedByListeners", Message = "no listener" }, new V1Condition { Type = "ResolvedRefs", Status = "True" }],
                    },
                ],
            };
            cluster.Show(route);
            notice.Render(p => p.Add(n => n.Plan, plan));
        }
    }
}
