using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Testing.Kubernetes;
using YamlDotNet.Serialization;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>A service account with exactly the rights that the page which adds a cluster offers, and a kubeconfig with a token of it.</summary>
internal static class MinimalAccount
{
    private const string Name = "ops-dashboard";

    /// <summary>Makes the account in a namespace.</summary>
    /// <param name="cluster">Where.</param>
    /// <param name="space">The target's namespace.</param>
    /// <param name="withNodes">Whether it may read nodes, and the pods on them.</param>
    public static async Task<string> MakeAsync(ClusterFixture cluster, string space, bool withNodes = true)
    {
        IReadOnlyList<IKubernetesObject<V1ObjectMeta>> manifest = [.. RbacManifest.InNamespace(space, space), .. withNodes ? RbacManifest.OnCluster(space) : []];
        return With(cluster.KubeConfig, cluster.Double is { } standIn ? Restrict(standIn, space, manifest) : await ApplyAsync(cluster.Api, space, manifest));
    }

    private static string Restrict(KubernetesDouble cluster, string space, IReadOnlyList<IKubernetesObject<V1ObjectMeta>> manifest)
    {
        var (token, user) = (Guid.NewGuid().ToString("N"), $"system:serviceaccount:{space}:{Name}");
        cluster.Tokens[token] = user;
        cluster.Access.Restrict(user, [.. manifest.OfType<V1Role>().SelectMany(r => r.Rules.Select(rule => Rule(rule) with { Namespace = space })), .. manifest.OfType<V1ClusterRole>().SelectMany(r => r.Rules.Select(Rule))]);
        return token;
    }

    private static AccessRule Rule(V1PolicyRule rule) => new([.. rule.Verbs], [.. rule.ApiGroups], [.. rule.Resources]);

    private static async Task<string> ApplyAsync(RawApi api, string space, IReadOnlyList<IKubernetesObject<V1ObjectMeta>> manifest)
    {
        var account = $"/api/v1/namespaces/{space}/serviceaccounts/{Name}";
        Assert.True((await api.ApplyAsync(account, JsonNode.Parse($$$"""{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"{{{Name}}}"}}""")!, "admin")).Code < 300);
        foreach (var one in manifest)
        {
            var scope = one.Metadata.NamespaceProperty is { } within ? $"namespaces/{within}/" : "";
            var made = await api.ApplyAsync($"/apis/rbac.authorization.k8s.io/v1/{scope}{one.Kind.ToLowerInvariant()}s/{one.Metadata.Name}", JsonNode.Parse(KubernetesJson.Serialize(one))!, "admin", "&force=true&fieldValidation=Strict");
            Assert.True(made.Code < 300, made.Message);
        }

        var token = await api.PostAsync(account + "/token", JsonNode.Parse("""{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":3600}}""")!);
        return token.Body.Text("status", "token") ?? throw new InvalidOperationException(token.Message);
    }

    // The same server and authority, another user.
    private static string With(string kubeConfig, string token)
    {
        var config = new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(kubeConfig);
        foreach (var user in ((List<object>)config["users"]).Cast<Dictionary<object, object>>())
        {
            user["user"] = new Dictionary<object, object> { ["token"] = token };
        }

        return new SerializerBuilder().Build().Serialize(config);
    }
}
