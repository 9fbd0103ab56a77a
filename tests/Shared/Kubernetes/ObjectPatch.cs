using System.Text;
using System.Text.Json.Nodes;

namespace Ops.Testing.Kubernetes;

/// <summary>The patches that are not server-side apply.</summary>
internal static class ObjectPatch
{
    /// <summary>Patches a copy of an object.</summary>
    public static (JsonObject? Result, ApiStatus? Problem) Run(ResourceKind kind, JsonObject live, byte[] body, string contentType)
    {
        JsonNode? patch;
        try
        {
            patch = JsonNode.Parse(Encoding.UTF8.GetString(body));
        }
        catch (System.Text.Json.JsonException exception)
        {
            return (null, ApiStatus.BadRequest(exception.Message));
        }

        switch (contentType)
        {
            case "application/merge-patch+json" when patch is JsonObject changes:
                return (Merge(live.Copy(), changes), null);
            case "application/strategic-merge-patch+json" when patch is JsonObject changes && !kind.Extension:
                return (Strategic(kind, live, changes), null);
            case "application/json-patch+json" when patch is JsonArray steps:
                return Steps(kind, live.Copy(), steps);
            default:
                return (null, ApiStatus.UnsupportedMediaType(contentType));
        }
    }

    // RFC 7396.
    private static JsonObject Merge(JsonObject target, JsonObject patch)
    {
        foreach (var (name, value) in patch)
        {
            if (value is null)
            {
                target.Remove(name);
            }
            else if (value is JsonObject inner)
            {
                var onto = (target[name] as JsonObject)?.Copy() ?? [];
                target[name] = Merge(onto, inner);
            }
            else
            {
                target[name] = value.DeepClone();
            }
        }

        return target;
    }

    // Keyed lists merge by their keys, null takes a field away; directives are not served.
    private static JsonObject Strategic(ResourceKind kind, JsonObject live, JsonObject patch) =>
        (JsonObject)WithoutNulls(ObjectFields.Merge(kind.Schema, live, patch))!;

    private static JsonNode? WithoutNulls(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.Where(p => p.Value is not null).Select(p => KeyValuePair.Create(p.Key, WithoutNulls(p.Value)))),
        JsonArray list => new JsonArray([.. list.Select(WithoutNulls)]),
        _ => node?.DeepClone(),
    };

    // RFC 6902: add, replace, remove and test.
    private static (JsonObject? Result, ApiStatus? Problem) Steps(ResourceKind kind, JsonObject target, JsonArray steps)
    {
        foreach (var step in steps.OfType<JsonObject>())
        {
            var path = (step.Text("path") ?? "").Split('/').Skip(1).Select(p => p.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)).ToArray();
            JsonNode? parent = target;
            foreach (var part in path[..^1])
            {
                parent = parent is JsonArray list ? list[int.Parse(part)] : parent?[part];
            }

            var last = path[^1];
            var op = step.Text("op");
            var known = parent is JsonArray items ? last != "-" && int.Parse(last) < items.Count : parent is JsonObject map && map.ContainsKey(last);
            if (parent is null || (op != "add" && !known))
            {
                return (null, ApiStatus.Invalid(kind, target.Text("metadata", "name")!, [FieldProblem.Invalid("patch", step, "the server rejected our request due to an error in our request")]));
            }

            if (op == "test" && !JsonNode.DeepEquals(parent is JsonArray tested ? tested[int.Parse(last)] : parent[last], step["value"]))
            {
                return (null, ApiStatus.Invalid(kind, target.Text("metadata", "name")!, [FieldProblem.Invalid("patch", step, $"testing value {step.Text("path")} failed: test failed")]));
            }

            Step(parent, last, op, step["value"]);
        }

        return (target, null);
    }

    private static void Step(JsonNode parent, string last, string? op, JsonNode? value)
    {
        switch (parent, op)
        {
            case (JsonObject map, "remove"):
                map.Remove(last);
                break;
            case (JsonObject map, "add" or "replace"):
                map[last] = value?.DeepClone();
                break;
            case (JsonArray list, "remove"):
                list.RemoveAt(int.Parse(last));
                break;
            case (JsonArray list, "add") when last == "-":
                list.Add(value?.DeepClone());
                break;
            case (JsonArray list, "add"):
                list.Insert(int.Parse(last), value?.DeepClone());
                break;
            case (JsonArray list, "replace"):
                list[int.Parse(last)] = value?.DeepClone();
                break;
        }
    }
}
