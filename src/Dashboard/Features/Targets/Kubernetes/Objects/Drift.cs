using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Objects;

/// <summary>A field that is not as it should be.</summary>
/// <param name="Kind">The object's kind.</param>
/// <param name="Name">Its name.</param>
/// <param name="Path">The field, such as <c>spec.template.spec.containers[server].image</c>; empty when the object is gone.</param>
/// <param name="Wanted">What it should be.</param>
/// <param name="Found">What it is; null when it is gone.</param>
/// <param name="By">Who has set the field, or else who last wrote the object, as Kubernetes calls that program, or null.</param>
internal sealed record DriftItem(string Kind, string Name, string Path, string? Wanted, string? Found, string? By)
{
    private const int LongestShown = 200;

    /// <summary>A JSON pointer to it where it is no field of ours, so that an apply would not take it away; else null.</summary>
    public string? Addition { get; init; }

    /// <summary>Whether this dashboard has written what is found, and nobody else: an apply that came late, or one of a plan before.</summary>
    public bool IsOurs { get; init; }

    /// <summary>Whether the whole object is gone.</summary>
    public bool IsMissing => Path.Length == 0;

    /// <summary>Whether it changes what runs, and so what people decided about.</summary>
    public bool TouchesPods => Path.StartsWith("spec.template", StringComparison.Ordinal) || IsSecretContent;

    /// <summary>Whether it is what is in a Secret, without which no new pod starts. Only its hash is known here.</summary>
    public bool IsSecretContent => Kind == V1Secret.KubeKind && Path.StartsWith("data", StringComparison.Ordinal);

    /// <summary>A plain sentence.</summary>
    public string Sentence => IsMissing
        ? $"The {Kind} {Name} was deleted."
        : Addition is not null
        ? $"{Path} of the {Kind} {Name} was added by {By}: {Short(Found)}."
        : $"{Path} of the {Kind} {Name} was changed from {Short(Wanted) ?? "nothing"} to {Short(Found) ?? "nothing"}{(By is null ? "" : $" by {By}")}.";

    /// <summary>The difference as a plan and what is there, whoever has made it.</summary>
    public string Comparison => $"{Path}: {Short(Found) ?? "not set"} → {Short(Wanted) ?? "not set"}";

    /// <summary>This change as it waits for somebody to decide.</summary>
    public OpenChange Opened => new() { Kind = Kind, Name = Name, Path = Path, FoundHash = FoundHash, Sentence = Sentence };

    /// <summary>This change as somebody accepts it.</summary>
    public AcceptedChange AcceptedBy(string name, DateTimeOffset at) => Opened.AcceptedBy(name, at);

    /// <summary>Whether exactly this change was accepted. One that changes what runs, or takes an object away, never is.</summary>
    public bool IsAmong(IReadOnlyList<AcceptedChange> accepted) =>
        accepted.Count > 0 && !IsMissing && !TouchesPods && accepted.Any(a => (a.Kind, a.Name, a.Path) == (Kind, Name, Path) && a.FoundHash == FoundHash);

    private string FoundHash => Found is null ? "" : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Found)));

    private static string? Short(string? text) => text is { Length: > LongestShown } ? $"{text[..LongestShown]}…" : text;
}

/// <summary>
/// Compares what is wanted with what is there. Fields that are wanted count, and what somebody has added to the spec by a write of their own
/// (<see cref="FieldOwners"/>): what the API server fills in, controllers do, or webhooks add on the way is no drift.
/// </summary>
internal static class Drift
{
    // What tells items of a list apart, by the list's name. Other lists are compared in order.
    private static readonly Dictionary<string, string> Keys = new(StringComparer.Ordinal)
    {
        ["containers"] = "name",
        ["initContainers"] = "name",
        ["env"] = "name",
        ["imagePullSecrets"] = "name",
        ["volumes"] = "name",
        ["volumeMounts"] = "mountPath",
        ["tolerations"] = "key",
        ["topologySpreadConstraints"] = "topologyKey",
    };

    // What chooses by all its members: one more of them is not somebody else's business, it changes what is chosen.
    private static readonly HashSet<string> Exact = new(StringComparer.Ordinal) { "selector", "matchLabels" };

    // What `kubectl rollout restart` sets: pods are made anew as they were approved.
    private const string Restarted = "spec.template.metadata.annotations[kubectl.kubernetes.io/restartedAt]";

    private static readonly HashSet<string> Quantities = new(StringComparer.Ordinal) { "requests", "limits", "sizeLimit", "averageValue" };

    /// <summary>Compares one object.</summary>
    /// <param name="wanted">As it would be applied.</param>
    /// <param name="found">As it is in the cluster, or null when it is not there.</param>
    public static IReadOnlyList<DriftItem> Between(IKubernetesObject<V1ObjectMeta> wanted, IKubernetesObject<V1ObjectMeta>? found)
    {
        var (kind, name) = (wanted.Kind, wanted.Metadata.Name);
        if (found is null)
        {
            return [new(kind, name, "", "there", null, null)];
        }

        List<Difference> differences = [];
        var (left, right) = (ObjectYaml.Document(wanted), ObjectYaml.Document(found));
        foreach (var part in (string[])["apiVersion", "kind"])
        {
            left.Remove(part);
        }

        left["metadata"]!.AsObject().Remove("namespace");
        Compare(FieldPath.Root, "", left, right, false, static _ => { }, differences);
        FieldOwners owners = new(found.Metadata);
        var additions = owners.Additions(left, right).Where(a => a.Path.ToString() != Restarted).ToList();
        var last = LastWriter(found.Metadata);
        return
        [
            // A list with an item more differs from ours only by that.
            .. differences.Where(d => !additions.Any(a => d.Path.Holds(a.Path) || a.Path.Holds(d.Path))).Select(d => owners.IsOurs(d.Path)
                ? new DriftItem(kind, name, d.Path.ToString(), d.Wanted, d.Found, null) { IsOurs = true }
                : new DriftItem(kind, name, d.Path.ToString(), d.Wanted, d.Found, owners.OtherOf(d.Path) ?? last)),
            .. additions.Select(a => new DriftItem(kind, name, a.Path.ToString(), Text(a.Wanted), Text(a.Found), a.By) { Addition = a.Wanted is null ? a.Path.Pointer : null }),
        ];
    }

    /// <summary>What is wanted, with the fields that somebody else has changed and may stay so as they are found.</summary>
    /// <param name="wanted">As it was planned.</param>
    /// <param name="found">As it is in the cluster, or null when it is not there.</param>
    /// <param name="accepted">The changes that may stay.</param>
    public static IKubernetesObject<V1ObjectMeta> Keeping(IKubernetesObject<V1ObjectMeta> wanted, IKubernetesObject<V1ObjectMeta>? found, IReadOnlyList<AcceptedChange> accepted)
    {
        if (found is null || accepted.Count == 0)
        {
            return wanted;
        }

        List<Difference> differences = [];
        var (left, right) = (JsonNode.Parse(KubernetesJson.Serialize(wanted))!, ObjectYaml.Document(found));
        Compare(FieldPath.Root, "", left, right, false, static _ => { }, differences);
        var kept = differences.Where(d => new DriftItem(wanted.Kind, wanted.Metadata.Name, d.Path.ToString(), d.Wanted, d.Found, null).IsAmong(accepted)).ToList();
        kept.ForEach(d => d.Put(d.There?.DeepClone()));
        return kept.Count == 0 ? wanted : ClusterJson.ReadObject(JsonSerializer.SerializeToElement(left), ClusterKind.Of(wanted.GetType()));
    }

    /// <summary>The newest writer that is neither us nor a controller of the cluster's own, or null.</summary>
    public static string? LastWriter(V1ObjectMeta metadata) => metadata.ManagedFields?
        .Where(f => f.Manager is not (null or ObjectLabels.Manager) && string.IsNullOrEmpty(f.Subresource) && !f.Manager.StartsWith("kube-", StringComparison.Ordinal))
        .OrderByDescending(f => f.Time ?? DateTime.MinValue)
        .Select(f => f.Manager)
        .FirstOrDefault();

    private static void Compare(FieldPath path, string name, JsonNode? wanted, JsonNode? found, bool isQuantity, Action<JsonNode?> put, List<Difference> differences)
    {
        isQuantity |= Quantities.Contains(name);
        switch (wanted)
        {
            case null:
                break;
            case JsonObject members:
                foreach (var (key, value) in members)
                {
                    Compare(path.To(key), key, value, (found as JsonObject)?[key], isQuantity, with => Put(members, key, with), differences);
                }

                foreach (var (key, value) in Exact.Contains(name) && found is JsonObject there ? there.Where(m => m.Value is not null && !members.ContainsKey(m.Key)) : [])
                {
                    differences.Add(new(path.To(key), null, Text(value), value, with => Put(members, key, with)));
                }

                break;
            case JsonArray items when Keys.TryGetValue(name, out var by):
                foreach (var item in items.OfType<JsonObject>())
                {
                    var key = item[by]?.ToString() ?? "";
                    var (other, at) = Called(found as JsonArray, by, key);
                    Compare(path.To(key, other, at), "", item, other, isQuantity, static _ => { }, differences);
                }

                break;
            case JsonArray items:
                var others = found as JsonArray;
                if ((others?.Count ?? 0) != items.Count)
                {
                    differences.Add(new(path, Text(wanted), Text(found), found, put));
                    break;
                }

                for (var i = 0; i < items.Count; i++)
                {
                    var at = i;
                    Compare(path.To(i.ToString(CultureInfo.InvariantCulture), others![i], i), "", items[i], others[i], isQuantity, with => items[at] = with, differences);
                }

                break;
            default:
                if (!AreSame(wanted, found, isQuantity))
                {
                    differences.Add(new(path, Text(wanted), Text(found), found, put));
                }

                break;
        }
    }

    private static (JsonObject? Item, int Index) Called(JsonArray? items, string by, string key)
    {
        for (var i = 0; i < (items?.Count ?? 0); i++)
        {
            if (items![i] is JsonObject item && item[by]?.ToString() == key)
            {
                return (item, i);
            }
        }

        return (null, 0);
    }

    private static void Put(JsonObject members, string key, JsonNode? value)
    {
        if (value is null)
        {
            members.Remove(key);
        }
        else
        {
            members[key] = value;
        }
    }

    private static bool AreSame(JsonNode wanted, JsonNode? found, bool isQuantity)
    {
        var (left, right) = (Text(wanted), Text(found));
        if (string.Equals(left, right, StringComparison.Ordinal))
        {
            return true;
        }

        // The API leaves out what is empty or off, and writes amounts its own way: 1024Mi becomes 1Gi.
        return (right is null && left is "" or "false") || (isQuantity && left is not null && right is not null && Amount(left) is { } amount && amount == Amount(right));
    }

    private static decimal? Amount(string text)
    {
        try
        {
            return new ResourceQuantity(text).ToDecimal();
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or OverflowException)
        {
            return null;
        }
    }

    private static string? Text(JsonNode? node) => node switch
    {
        null => null,
        JsonValue value when value.TryGetValue<bool>(out var flag) => flag ? "true" : "false",
        JsonValue => node.ToString(),
        _ => node.ToJsonString(),
    };

    /// <summary>A field that differs, what is found there, and what puts something else into what is wanted.</summary>
    private sealed record Difference(FieldPath Path, string? Wanted, string? Found, JsonNode? There, Action<JsonNode?> Put);
}
