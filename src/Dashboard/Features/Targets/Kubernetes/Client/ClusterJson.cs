using System.Text.Json;
using k8s;
using k8s.Models;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>Objects of a cluster as JSON, with the converters of the models' own package.</summary>
internal static class ClusterJson
{
    private static readonly JsonSerializerOptions Options = Take();

    /// <summary>Reads an object; lists leave kind and version out, so they are put in.</summary>
    public static IKubernetesObject<V1ObjectMeta> ReadObject(JsonElement element, ClusterKind kind) =>
        Named((IKubernetesObject<V1ObjectMeta>)(element.Deserialize(kind.Type, Options) ?? throw new JsonException($"There is no {kind.Name} in the answer.")), kind);

    /// <summary>Reads an object.</summary>
    public static async Task<IKubernetesObject<V1ObjectMeta>> ReadObjectAsync(Stream body, ClusterKind kind, CancellationToken cancellation) =>
        Named((IKubernetesObject<V1ObjectMeta>)(await JsonSerializer.DeserializeAsync(body, kind.Type, Options, cancellation) ?? throw new JsonException($"There is no {kind.Name} in the answer.")), kind);

    /// <summary>Reads anything.</summary>
    public static async Task<T> ReadAsync<T>(Stream body, CancellationToken cancellation) =>
        await JsonSerializer.DeserializeAsync<T>(body, Options, cancellation) ?? throw new JsonException("The answer is empty.");

    /// <summary>Reads anything.</summary>
    public static T? Read<T>(ReadOnlySpan<byte> text) => JsonSerializer.Deserialize<T>(text, Options);

    /// <summary>Writes an object.</summary>
    public static byte[] Write(object value) => JsonSerializer.SerializeToUtf8Bytes(value, value.GetType(), Options);

    private static IKubernetesObject<V1ObjectMeta> Named(IKubernetesObject<V1ObjectMeta> item, ClusterKind kind)
    {
        if (item.Metadata?.Name is null or "")
        {
            throw new JsonException($"There is no {kind.Name} in the answer.");
        }

        (item.Kind, item.ApiVersion) = (kind.Name, kind.ApiVersion);
        return item;
    }

    // The package shows its options only to whoever wants to change them. A copy cannot change them for others.
    private static JsonSerializerOptions Take()
    {
        JsonSerializerOptions? found = null;
        KubernetesJson.AddJsonOptions(options => found = options);
        return new(found!);
    }
}
