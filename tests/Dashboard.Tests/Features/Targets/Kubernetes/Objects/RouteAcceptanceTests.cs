using k8s;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Objects;

public sealed class RouteAcceptanceTests
{
    private static readonly HttpRoute Wanted = Route(75, 25);

    [Fact]
    public void WhyNotInForce_TakenAtItsGeneration_IsInForce() => Assert.Null(RouteAcceptance.WhyNotInForce(Wanted, Seen(Taken())));

    [Fact]
    public void WhyNotInForce_NotThere_SaysSo() => Assert.Equal("its route is not there yet", RouteAcceptance.WhyNotInForce(Wanted, null));

    [Fact]
    public void WhyNotInForce_SharesOfTheStepBefore_AreNotThese()
    {
        var seen = Seen(Taken());
        seen.Spec = Route(100, 0).Spec;

        Assert.Equal("the gateway public has not been given them yet", RouteAcceptance.WhyNotInForce(Wanted, seen));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(null)]
    public void WhyNotInForce_SaidOfAnotherGenerationOrOfNone_IsOld(int? generation) =>
        Assert.Equal("the gateway public has not taken up the newest ones yet", RouteAcceptance.WhyNotInForce(Wanted, Seen(Taken(generation))));

    [Fact]
    public void WhyNotInForce_OnlyAnotherGatewayAnswers_IsNoAnswer()
    {
        Assert.Equal("the gateway public has not answered to its route", RouteAcceptance.WhyNotInForce(Wanted, Seen(Taken() with { ParentRef = new() { Name = "other" } })));
        Assert.Equal("the gateway public has not answered to its route", RouteAcceptance.WhyNotInForce(Wanted, Seen(Taken() with { ParentRef = new() { Name = "public", NamespaceName = "other" } })));
        Assert.Null(RouteAcceptance.RefusalOf(Seen()));
    }

    [Theory]
    [InlineData("Accepted", "the gateway public does not accept its route (Why: some words)")]
    [InlineData("ResolvedRefs", "the gateway public cannot lead its route to its Services (Why: some words)")]
    public void WhyNotInForce_Refused_SaysWhyAsTheGatewaySaysIt(string type, string expected)
    {
        var refused = Taken();
        var condition = refused.Conditions.Single(c => c.Type == type);
        (condition.Status, condition.Reason, condition.Message) = ("False", "Why", "some words");

        Assert.Equal(expected, RouteAcceptance.WhyNotInForce(Wanted, Seen(refused)));
        Assert.Equal(expected, RouteAcceptance.RefusalOf(Seen(refused)));
    }

    [Fact]
    public void WhyNotInForce_ConditionIsMissing_IsNotInForce()
    {
        var half = Taken() with { Conditions = [.. Taken().Conditions.Where(c => c.Type != "ResolvedRefs")] };

        Assert.Equal("the gateway public cannot lead its route to its Services", RouteAcceptance.WhyNotInForce(Wanted, Seen(half)));
    }

    [Fact]
    public void Route_WhatIsApplied_HasNoStatus() => Assert.DoesNotContain("status", KubernetesJson.Serialize(Wanted), StringComparison.Ordinal);

    private static HttpRoute Route(int old, int canary)
    {
        var plan = KubernetesSamples.Plan with { Kubernetes = KubernetesSamples.Plan.Kubernetes! with { Hostname = "digits.example" } };
        return HttpRoute.Of(KubernetesSamples.Endpoint, [KubernetesSamples.Revision(plan, number: 1) with { Weight = old }, KubernetesSamples.Revision(plan, number: 2) with { Weight = canary }], "models", (null, "public"))!;
    }

    private static HttpRoute Seen(params HttpRouteParentStatus[] parents)
    {
        var seen = Route(75, 25);
        seen.Metadata.Generation = 3;
        seen.Status = new() { Parents = parents };
        return KubernetesJson.Deserialize<HttpRoute>(KubernetesJson.Serialize(seen));
    }

    private static HttpRouteParentStatus Taken(int? generation = 3) => new()
    {
        ParentRef = new() { Name = "public", NamespaceName = "models" },
        Conditions = [.. ((string[])["Accepted", "ResolvedRefs"]).Select(t => new k8s.Models.V1Condition { Type = t, Status = "True", Reason = t, Message = "", ObservedGeneration = generation, LastTransitionTime = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc) })],
    };
}
