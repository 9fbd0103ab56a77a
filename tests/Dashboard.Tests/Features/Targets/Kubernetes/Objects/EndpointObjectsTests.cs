using k8s;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Objects;

public sealed class EndpointObjectsTests
{
    [Fact]
    public void Service_AllRevisionsServe_SelectsTheEndpoint()
    {
        var service = EndpointObjects.Service(KubernetesSamples.Endpoint, [KubernetesSamples.Revision(number: 1), KubernetesSamples.Revision(number: 2)], "models");

        Assert.Equal(ObjectLabels.PodsOf(KubernetesSamples.Endpoint), service.Spec.Selector);
    }

    [Fact]
    public void Service_PreviewGetsNothing_SelectsTheOtherRevision()
    {
        var (stable, preview) = (KubernetesSamples.Revision(number: 1) with { Weight = 100 }, KubernetesSamples.Revision(number: 2) with { Weight = 0 });

        Assert.Equal(ObjectLabels.PodsOf(KubernetesSamples.Endpoint, stable.PlanId), EndpointObjects.Service(KubernetesSamples.Endpoint, [stable, preview], "models").Spec.Selector);
    }

    [Fact]
    public void NetworkPolicy_Sources_OpensTheirPortsButNotTheMetadataAddress()
    {
        var policy = EndpointObjects.NetworkPolicy(KubernetesSamples.Endpoint, [KubernetesSamples.Source], "models").Spec;

        Assert.Equal(["53", "53", "443", "9000"], policy.Egress.SelectMany(e => e.Ports).Select(p => p.Port.ToString()));
        Assert.Equal(["169.254.0.0/16"], policy.Egress[1].To[0].IpBlock.Except);
        Assert.Equal("8080", policy.Ingress.Single().Ports.Single().Port.ToString());
    }

    [Fact]
    public void HttpRoute_Weights_GoToTheRevisionsOwnServices()
    {
        var plan = KubernetesSamples.Plan with { Kubernetes = KubernetesSamples.Plan.Kubernetes! with { Hostname = "digits.example" } };
        var (stable, canary) = (KubernetesSamples.Revision(plan, number: 1) with { Weight = 90 }, KubernetesSamples.Revision(plan, number: 2) with { Weight = 10 });

        var route = HttpRoute.Of(KubernetesSamples.Endpoint, [stable, canary], "models", ("gateways", "public"))!;
        var backends = route.Spec.Rules.Single().BackendRefs;

        Assert.Equal([(ObjectNames.Of(KubernetesSamples.Endpoint, stable), 90), (ObjectNames.Of(KubernetesSamples.Endpoint, canary), 10)], backends.Select(b => (b.Name, b.Weight)));
        Assert.Contains("\"parentRefs\":[{\"name\":\"public\",\"namespace\":\"gateways\"}]", KubernetesJson.Serialize(route), StringComparison.Ordinal);
        Assert.Null(HttpRoute.Of(KubernetesSamples.Endpoint, [stable], "models", null));
    }
}
