using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>What only the double has: its credentials.</summary>
public sealed class DoubleTests
{
    [Fact]
    public async Task Request_WithoutOrWithWrongToken_IsRefused()
    {
        await using var cluster = await KubernetesDouble.StartAsync();
        using var client = cluster.CreateClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "wrong");
        using var wrong = await client.GetAsync(new Uri("/api/v1/nodes", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
    }

    [Fact]
    public async Task Create_OverTlsWithClientCertificate_IsOwnedByItsManager()
    {
        await using var cluster = await KubernetesDouble.StartAsync(new KubernetesDoubleOptions { Tls = true });
        using var client = cluster.CreateClient();
        using var body = new StringContent("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"v"}}""", Encoding.UTF8, "application/json");
        using var reply = await client.PostAsync(new Uri("/api/v1/namespaces/default/configmaps?fieldManager=me", UriKind.Relative), body);
        var made = JsonNode.Parse(await reply.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.Created, reply.StatusCode);
        Assert.Equal("me", made.Items("metadata", "managedFields").Single().Text("manager"));
        Assert.Contains("https://", cluster.KubeConfig("someone"), StringComparison.Ordinal);
    }
}
