using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>Gives the cluster of the tests the kind HTTPRoute: the definition that OPS_TEST_HTTPROUTE_CRD names, else one that takes any fields.</summary>
internal static class GatewayApi
{
    private const string Path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/httproutes.gateway.networking.k8s.io";

    // Groups of kubernetes.io are kept for definitions that were approved, or say that they were not.
    private const string StandIn = """
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
         "metadata":{"name":"httproutes.gateway.networking.k8s.io","annotations":{"api-approved.kubernetes.io":"unapproved, stands in for the Gateway API in tests"}},
         "spec":{"group":"gateway.networking.k8s.io","scope":"Namespaced","names":{"plural":"httproutes","singular":"httproute","kind":"HTTPRoute","listKind":"HTTPRouteList"},
          "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}},"subresources":{"status":{}}}]}}
        """;

    /// <summary>Installs it and waits until it is served.</summary>
    public static async Task InstallAsync(ClusterFixture cluster)
    {
        if (cluster.Double is { } standIn)
        {
            standIn.HasGatewayApi = true;
            return;
        }

        var definition = Environment.GetEnvironmentVariable("OPS_TEST_HTTPROUTE_CRD") is { Length: > 0 } file ? await File.ReadAllTextAsync(file) : StandIn;
        var made = await cluster.Api.ApplyTextAsync(Path, definition, "admin");
        Assert.True(made.Code < 300, made.Message);
        await cluster.Api.UntilAsync("/apis/gateway.networking.k8s.io/v1", b => b.Items("resources").Any(r => r.Text("name") == "httproutes"));
    }
}
