using System.Security.Cryptography;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Objects;

/// <summary>Objects as text, for people to read and for repositories that a cluster is kept by.</summary>
internal static class ObjectYaml
{
    /// <summary>Writes documents, one after the other. The content of Secrets is left out: it works for hours only and is nobody's to keep.</summary>
    public static string Write(IEnumerable<IKubernetesObject<V1ObjectMeta>> objects) =>
        KubernetesYaml.SerializeAll(objects.Select(o => Plain(WithoutSecrets(Document(o)))!));

    /// <summary>One object as JSON, without what only the cluster writes. Of what is in a Secret only hashes are told, enough to see that it is another.</summary>
    public static JsonObject Document(IKubernetesObject<V1ObjectMeta> one)
    {
        var document = JsonNode.Parse(KubernetesJson.Serialize(one))!.AsObject();
        document.Remove("status");
        if (one is V1Secret secret)
        {
            document.Remove("data");
            document.Remove("stringData");
            if (secret.Data is { Count: > 0 } content)
            {
                document["data"] = new JsonObject(content.Select(pair => KeyValuePair.Create<string, JsonNode?>(pair.Key, $"sha256:{Convert.ToHexStringLower(SHA256.HashData(pair.Value))}")));
            }
        }

        return document;
    }

    private static JsonObject WithoutSecrets(JsonObject document)
    {
        if (document["kind"]?.ToString() == V1Secret.KubeKind)
        {
            document.Remove("data");
        }

        return document;
    }

    // The writer of YAML knows dictionaries and lists, and puts quotes around texts that look like something else.
    private static object? Plain(JsonNode? node) => node switch
    {
        null => null,
        JsonObject members => members.Where(m => m.Value is not null).ToDictionary(m => m.Key, m => Plain(m.Value), StringComparer.Ordinal),
        JsonArray items => items.Select(Plain).ToList(),
        JsonValue value when value.TryGetValue<bool>(out var flag) => flag,
        JsonValue value when value.TryGetValue<long>(out var number) => number,
        JsonValue value when value.TryGetValue<double>(out var fraction) => fraction,
        _ => node.ToString(),
    };
}
