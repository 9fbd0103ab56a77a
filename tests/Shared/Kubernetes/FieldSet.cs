using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ops.Testing.Kubernetes;

/// <summary>A set of paths into an object, as the tree that <c>FieldsV1</c> of <c>metadata.managedFields</c> writes: <c>f:name</c> for a field, <c>k:{...}</c> for an item of a keyed list, <c>v:...</c> for an item of a set.</summary>
internal sealed class FieldSet
{
    private readonly SortedDictionary<string, FieldSet> children = new(StringComparer.Ordinal);

    /// <summary>Whether the path that leads here is itself in the set.</summary>
    public bool Member { get; set; }

    /// <summary>What lies below.</summary>
    public IReadOnlyDictionary<string, FieldSet> Children => children;

    /// <summary>No path at all.</summary>
    public bool IsEmpty => !Member && children.Values.All(c => c.IsEmpty);

    /// <summary>The subtree under a path element, made when missing.</summary>
    public FieldSet At(string element)
    {
        if (!children.TryGetValue(element, out var child))
        {
            children[element] = child = new FieldSet();
        }

        return child;
    }

    /// <summary>The subtree under a path element, or null.</summary>
    public FieldSet? Find(string element) => children.GetValueOrDefault(element);

    /// <summary>Reads <c>fieldsV1</c>.</summary>
    public static FieldSet Parse(JsonNode? node)
    {
        var set = new FieldSet();
        foreach (var (key, value) in node as JsonObject ?? [])
        {
            if (key == ".")
            {
                set.Member = true;
            }
            else
            {
                set.children[key] = Parse(value);
                if (set.children[key] is { Member: false, children.Count: 0 } leaf)
                {
                    leaf.Member = true;
                }
            }
        }

        return set;
    }

    /// <summary>Writes <c>fieldsV1</c>.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject();
        if (Member && children.Values.Any(c => !c.IsEmpty))
        {
            json["."] = new JsonObject();
        }

        foreach (var (key, child) in children)
        {
            if (!child.IsEmpty)
            {
                json[key] = child.ToJson();
            }
        }

        return json;
    }

    /// <summary>Paths of either.</summary>
    public FieldSet Union(FieldSet other) => Combine(other, (a, b) => a || b);

    /// <summary>Paths of both.</summary>
    public FieldSet Intersection(FieldSet other) => Combine(other, (a, b) => a && b);

    /// <summary>Paths of this set that are not in the other.</summary>
    public FieldSet Difference(FieldSet other) => Combine(other, (a, b) => a && !b);

    /// <summary>This set without a field and everything below it.</summary>
    public FieldSet Without(params string[] path)
    {
        var copy = Union(new FieldSet());
        var at = copy;
        foreach (var element in path[..^1])
        {
            if (at.Find(element) is not { } next)
            {
                return copy;
            }

            at = next;
        }

        at.children.Remove(path[^1]);
        return copy;
    }

    /// <summary>With every struct field on the way to a path as a path of its own, as the pruning of server-side apply asks.</summary>
    public FieldSet WithNamedFields(FieldSchema? schema)
    {
        var set = new FieldSet { Member = Member };
        foreach (var (key, child) in children)
        {
            var copy = child.WithNamedFields(ObjectFields.Descend(schema, key));
            copy.Member |= schema is StructSchema fields && key.StartsWith("f:", StringComparison.Ordinal) && fields.Find(key[2..]) is not null;
            set.children[key] = copy;
        }

        return set;
    }

    /// <summary>The paths as people read them, such as <c>.spec.template.spec.containers[name="server"].image</c>.</summary>
    public IEnumerable<string> Paths()
    {
        if (Member)
        {
            yield return "";
        }

        foreach (var (key, child) in children)
        {
            var text = Describe(key);
            foreach (var path in child.Paths())
            {
                yield return text + path;
            }
        }
    }

    /// <summary>The path element of a keyed item.</summary>
    public static string KeyElement(IEnumerable<KeyValuePair<string, JsonNode?>> keys)
    {
        var json = new JsonObject();
        foreach (var (name, value) in keys.OrderBy(k => k.Key, StringComparer.Ordinal))
        {
            json[name] = value?.DeepClone();
        }

        return "k:" + json.ToJsonString(Json.Plain);
    }

    private FieldSet Combine(FieldSet other, Func<bool, bool, bool> membership)
    {
        var result = new FieldSet { Member = membership(Member, other.Member) };
        foreach (var key in children.Keys.Union(other.children.Keys))
        {
            var child = (Find(key) ?? new FieldSet()).Combine(other.Find(key) ?? new FieldSet(), membership);
            if (!child.IsEmpty)
            {
                result.children[key] = child;
            }
        }

        return result;
    }

    /// <summary>A path element as people read it.</summary>
    public static string Describe(string element)
    {
        switch (element[..2])
        {
            case "f:":
                return "." + element[2..];
            case "v:":
                return $"[={element[2..]}]";
            default:
                var text = new StringBuilder("[");
                foreach (var (name, value) in JsonNode.Parse(element[2..])!.AsObject())
                {
                    text.Append(CultureInfo.InvariantCulture, $"{(text.Length > 1 ? "," : "")}{name}={value!.ToJsonString(Json.Plain)}");
                }

                return text.Append(']').ToString();
        }
    }
}

/// <summary>How the double writes JSON.</summary>
internal static class Json
{
    /// <summary>One line, without escapes that no Kubernetes server writes.</summary>
    public static JsonSerializerOptions Plain { get; } = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The text at a path of field names, or null.</summary>
    public static string? Text(this JsonNode? node, params string[] path) => node.Dig(path) is JsonValue value ? value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString() : null;

    /// <summary>The whole number at a path, or null.</summary>
    public static long? Number(this JsonNode? node, params string[] path) => node.Dig(path) is JsonValue value && value.GetValueKind() == JsonValueKind.Number ? long.Parse(value.ToJsonString(), CultureInfo.InvariantCulture) : null;

    /// <summary>Whether the value at a path is true.</summary>
    public static bool Flag(this JsonNode? node, params string[] path) => node.Dig(path) is JsonValue value && value.GetValueKind() == JsonValueKind.True;

    /// <summary>The items of the list at a path.</summary>
    public static IEnumerable<JsonObject> Items(this JsonNode? node, params string[] path) => node.Dig(path) is JsonArray list ? list.OfType<JsonObject>() : [];

    /// <summary>The object at a path, or null.</summary>
    public static JsonObject? Object(this JsonNode? node, params string[] path) => node.Dig(path) as JsonObject;

    /// <summary>The node at a path of field names, or null.</summary>
    public static JsonNode? Dig(this JsonNode? node, params string[] path)
    {
        foreach (var name in path)
        {
            node = node is JsonObject inner && inner.TryGetPropertyValue(name, out var next) ? next : null;
        }

        return node;
    }

    /// <summary>The object in a field, made when missing.</summary>
    public static JsonObject Make(this JsonObject node, string name)
    {
        if (node[name] is not JsonObject inner)
        {
            node[name] = inner = [];
        }

        return inner;
    }

    /// <summary>A copy that can be changed.</summary>
    public static JsonObject Copy(this JsonObject node) => (JsonObject)node.DeepClone();
}
