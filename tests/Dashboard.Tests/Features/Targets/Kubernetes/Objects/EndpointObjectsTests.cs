using System.Globalization;
using System.Net;
using k8s;
using k8s.Models;
using Ops.Dashboard.Features.ModelStore.Stores;
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
    public void ServiceAccount_PullSecrets_AreGivenToPodsAndTakenAwayAgain()
    {
        var (none, one) = (Account(), Account("registry-login"));
        Assert.Null(none.ImagePullSecrets);
        Assert.Equal("registry-login", Assert.Single(one.ImagePullSecrets).Name);

        // OpenShift gives each account one more.
        var there = Account("registry-login");
        there.ImagePullSecrets.Add(new() { Name = "digits-dockercfg-x7k2p" });
        Assert.Empty(Drift.Between(one, there));
        Assert.NotEmpty(Drift.Between(none, there));
        Assert.NotEmpty(Drift.Between(Account("registry-login", "another"), there));
        there.ImagePullSecrets.RemoveAt(0);
        Assert.NotEmpty(Drift.Between(one, there));
    }

    [Fact]
    public void NetworkPolicy_Pods_TakeOnlyTheServersPortOfThisEndpoint()
    {
        var policy = Policy("https://store.example.org/model.onnx");

        Assert.Equal(ObjectLabels.PodsOf(KubernetesSamples.Endpoint), policy.PodSelector.MatchLabels);
        Assert.Null(policy.PodSelector.MatchExpressions);
        Assert.Equal(["Ingress", "Egress"], policy.PolicyTypes);
        Assert.Equal(("TCP", "8080"), (policy.Ingress.Single().Ports.Single().Protocol, policy.Ingress.Single().Ports.Single().Port.ToString()));
    }

    [Fact]
    public void NetworkPolicy_StoreOutside_OpensItsPortAndNameServersAlone()
    {
        var egress = Policy("https://store.example.org/a", "http://store.example.org:9000/b").Egress;

        Assert.Equal(["UDP 53", "TCP 53"], PortsOf(egress[0]));
        Assert.Null(egress[0].To);
        Assert.Equal(["UDP 5353", "TCP 5353"], PortsOf(egress[1]));
        Assert.Empty(egress[1].To.Single().NamespaceSelector.MatchLabels ?? new Dictionary<string, string>());
        Assert.Equal(["TCP 443", "TCP 9000"], PortsOf(egress[2]));
        Assert.Equal(3, egress.Count);
    }

    [Theory]
    [InlineData("http://minio.storage.svc/x", "storage")]
    [InlineData("http://minio.storage.svc.cluster.local/x", "storage")]
    [InlineData("http://minio-0.minio.storage.svc.cluster.local./x", "storage")]
    [InlineData("http://minio.storage/x", "storage")]
    [InlineData("http://minio/x", "models")]
    [InlineData("http://10.96.14.2/x", "")]
    [InlineData("http://[fd00:10:96::7]/x", "")]
    public void NetworkPolicy_StoreThatMayBeAService_OpensItsPodsAtAnyPort(string address, string ns)
    {
        var rule = Policy(address).Egress[3];

        Assert.Equal(("TCP", null), (rule.Ports.Single().Protocol, rule.Ports.Single().Port));
        var peer = Assert.Single(rule.To);
        Assert.Null(peer.IpBlock);
        Assert.Equal(ns, peer.NamespaceSelector.MatchLabels is { } labels ? labels["kubernetes.io/metadata.name"] : "");
    }

    [Fact]
    public void NetworkPolicy_SeveralServices_OpensEachNamespaceOrAllOnce()
    {
        Assert.Equal(["ops", "storage"], Policy("http://a.ops.svc/1", "http://b.ops.svc/2", "http://minio.storage.svc/3").Egress[3].To.Select(t => t.NamespaceSelector.MatchLabels.Single().Value));
        Assert.Null(Policy("http://a.ops.svc/1", "http://10.0.0.1/2").Egress[3].To.Single().NamespaceSelector.MatchLabels);
    }

    [Fact]
    public void NetworkPolicy_AnyAddress_LeavesOutWhatStoresMustNotBeEither()
    {
        var blocks = Policy("https://store.example.org/model.onnx").Egress.SelectMany(e => e.To ?? []).Select(t => t.IpBlock).OfType<V1IPBlock>().ToList();

        Assert.Equal(["0.0.0.0/0", "::/0"], blocks.Select(b => b.Cidr));
        Assert.Equal(["169.254.0.0/16", "100.100.100.200/32", "192.0.0.192/32", "168.63.129.16/32"], blocks[0].Except);
        Assert.Equal(["fe80::/10", "fd00:ec2::254/128", "fd20:ce::254/128"], blocks[1].Except);
        Assert.All(blocks.SelectMany(b => b.Except), n => Assert.True(AddressRules.IsMetadata(IPNetwork.Parse(n).BaseAddress)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void DisruptionBudget_AnyNumberOfReplicas_LetsOneGoAtATimeAndNeverWaitsForBrokenOnes(int replicas)
    {
        var budget = EndpointObjects.DisruptionBudget(KubernetesSamples.Endpoint, "models").Spec;

        // A least number that must stay would hold up the drain of a node with the only replica for ever.
        Assert.Null(budget.MinAvailable);
        Assert.InRange(replicas - int.Parse(budget.MaxUnavailable.ToString(), CultureInfo.InvariantCulture), 0, replicas - 1);
        Assert.Equal("1", budget.MaxUnavailable.ToString());
        Assert.Equal("AlwaysAllow", budget.UnhealthyPodEvictionPolicy);
        Assert.Equal(ObjectLabels.PodsOf(KubernetesSamples.Endpoint), budget.Selector.MatchLabels);
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

    private static V1ServiceAccount Account(params string[] pullSecrets) => EndpointObjects.ServiceAccount(KubernetesSamples.Endpoint, "models", pullSecrets);

    private static V1NetworkPolicySpec Policy(params string[] addresses) => EndpointObjects.NetworkPolicy(
        KubernetesSamples.Endpoint, [KubernetesSamples.Source with { Files = [.. addresses.Select(a => KubernetesSamples.Source.Files[0] with { Source = new(a) })] }], "models").Spec;

    private static IEnumerable<string> PortsOf(V1NetworkPolicyEgressRule rule) => rule.Ports.Select(p => $"{p.Protocol} {p.Port}");
}
