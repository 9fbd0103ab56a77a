using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Ops.Testing.Kubernetes;

/// <summary>How a body is read: into an object of a kind, with unknown, doubled and wrongly typed fields found, and stored the way typed servers store it.</summary>
internal static class FieldValidation
{
    // Fields of Go structs that are left out when false or 0, for all that no pointer stands behind them.
    private static readonly HashSet<string> DroppedZeroes = new(StringComparer.Ordinal)
    {
        "hostNetwork", "hostPID", "hostIPC", "readOnly", "stdin", "stdinOnce", "tty", "paused", "unschedulable", "publishNotReadyAddresses", "minReadySeconds", "initialDelaySeconds", "hostPort",
        "nodePort", "readyReplicas", "availableReplicas", "updatedReplicas", "unavailableReplicas", "observedGeneration",
    };

    /// <summary>Reads a JSON body.</summary>
    /// <returns>The object and the fields that stand in it twice.</returns>
    public static (JsonObject? Body, List<string> Duplicates, string? Error) Read(byte[] bytes)
    {
        var duplicates = new List<string>();
        try
        {
            var reader = new Utf8JsonReader(bytes);
            reader.Read();
            var node = ReadNode(ref reader, "", duplicates);
            return node is JsonObject body ? (body, duplicates, null) : (null, duplicates, "json: cannot unmarshal into an object");
        }
        catch (JsonException exception)
        {
            return (null, duplicates, exception.Message);
        }
    }

    /// <summary>Reads a body of server-side apply, which may be YAML.</summary>
    public static (JsonObject? Body, List<string> Duplicates, string? Error) ReadJsonOrYaml(byte[] bytes)
    {
        var text = Encoding.UTF8.GetString(bytes);
        if (text.TrimStart().StartsWith('{'))
        {
            return Read(bytes);
        }

        try
        {
            var parsed = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build().Deserialize<object?>(text);
            return JsonSerializer.SerializeToNode(parsed) is JsonObject body ? (body, [], null) : (null, [], "not an object");
        }
        catch (YamlException exception)
        {
            return (null, [], exception.Message);
        }
    }

    /// <summary>The first keyed list that has two items of the same keys, or null.</summary>
    public static string? DoubledItem(FieldSchema? schema, JsonNode? value, string path = "")
    {
        if (schema is ListSchema list && value is JsonArray items)
        {
            if (!list.Atomic && items.GroupBy(i => ObjectFields.Element(list, i)).FirstOrDefault(g => g.Count() > 1) is { } twice)
            {
                return $"{path}: duplicate entries for key {FieldSet.Describe(twice.Key)}";
            }

            return items.Select(i => DoubledItem(list.Element, i, path)).FirstOrDefault(d => d is not null);
        }

        return (value as JsonObject ?? []).Select(p => DoubledItem(ObjectFields.Descend(schema, "f:" + p.Key), p.Value, $"{path}.{p.Key}")).FirstOrDefault(d => d is not null);
    }

    /// <summary>Fields that the type has not, as <c>spec.template.spec.x</c>.</summary>
    public static List<string> Unknown(FieldSchema schema, JsonNode? value)
    {
        var found = new List<string>();
        FindUnknown(schema, value, "", found);
        return found;
    }

    /// <summary>The first value of the wrong type, or null.</summary>
    public static string? WrongType(FieldSchema? schema, JsonNode? value, string path = "")
    {
        switch (schema)
        {
            case StructSchema or MapSchema when value is JsonObject map:
                return map.Select(p => WrongType(ObjectFields.Descend(schema, "f:" + p.Key), p.Value, $"{path}.{p.Key}")).FirstOrDefault(e => e is not null);
            case ListSchema list when value is JsonArray items:
                return items.Select(i => WrongType(list.Element, i, path)).FirstOrDefault(e => e is not null);
            case ScalarSchema { Kind: ScalarKind.Any } or null:
                return null;
            case ScalarSchema { Kind: var kind } when value is JsonValue scalar:
                var given = scalar.GetValueKind();
                var fits = kind switch
                {
                    ScalarKind.Text => given == JsonValueKind.String,
                    ScalarKind.Integer => given == JsonValueKind.Number && scalar.ToJsonString().All(c => char.IsAsciiDigit(c) || c == '-'),
                    ScalarKind.Number => given == JsonValueKind.Number,
                    ScalarKind.Boolean => given is JsonValueKind.True or JsonValueKind.False,
                    _ => given is JsonValueKind.String or JsonValueKind.Number,
                };
                return fits ? null : $"json: cannot unmarshal {Name(given)} into Go struct field {path.TrimStart('.')} of type {Name(kind)}";
            default:
                return value is null ? null : $"json: cannot unmarshal {(value is JsonArray ? "array" : value is JsonObject ? "object" : Name(((JsonValue)value).GetValueKind()))} into Go struct field {path.TrimStart('.')}";
        }
    }

    /// <summary>The object as a typed server stores it: without unknown fields, nulls, empty lists and maps and zero values that are left out, amounts in canonical form.</summary>
    /// <param name="schema">The type.</param>
    /// <param name="value">What was sent.</param>
    /// <param name="typed">Extensions keep empty values; typed kinds leave them out.</param>
    public static JsonNode? Normalize(FieldSchema? schema, JsonNode? value, bool typed = true)
    {
        switch (schema)
        {
            case StructSchema fields when value is JsonObject map:
                var kept = new JsonObject();
                foreach (var (name, item) in map)
                {
                    var type = fields.Find(name);
                    if (type is not null && Normalize(type, item, typed) is { } normal && !(typed && IsLeftOut(type, name, normal)))
                    {
                        kept[name] = normal;
                    }
                }

                return kept;
            case MapSchema entries when value is JsonObject map:
                return new JsonObject(map.Where(p => p.Value is not null).Select(p => KeyValuePair.Create(p.Key, Normalize(entries.Element, p.Value, typed))));
            case ListSchema list when value is JsonArray items:
                return new JsonArray([.. items.Select(i => Normalize(list.Element, i, typed))]);
            case ScalarSchema { Kind: ScalarKind.Quantity } when value is JsonValue:
                return Quantity.Canonical(value.Text() ?? "");
            default:
                return value?.DeepClone();
        }
    }

    private static bool IsLeftOut(FieldSchema schema, string name, JsonNode value) => schema switch
    {
        MapSchema or ListSchema => value is JsonObject { Count: 0 } or JsonArray { Count: 0 },
        ScalarSchema when value is JsonValue scalar => scalar.GetValueKind() switch
        {
            JsonValueKind.String => scalar.GetValue<string>().Length == 0,
            JsonValueKind.False => DroppedZeroes.Contains(name),
            JsonValueKind.Number => DroppedZeroes.Contains(name) && scalar.ToJsonString() == "0",
            _ => false,
        },
        _ => false,
    };

    private static void FindUnknown(FieldSchema? schema, JsonNode? value, string path, List<string> found)
    {
        if (schema is ListSchema list)
        {
            var index = 0;
            foreach (var item in value as JsonArray ?? [])
            {
                FindUnknown(list.Element, item, $"{path}[{index++}]", found);
            }

            return;
        }

        foreach (var (name, item) in schema is StructSchema or MapSchema ? value as JsonObject ?? [] : [])
        {
            var at = path.Length == 0 ? name : $"{path}.{name}";
            if (schema is StructSchema fields && fields.Find(name) is null)
            {
                found.Add(at);
            }
            else
            {
                FindUnknown(ObjectFields.Descend(schema, "f:" + name), item, at, found);
            }
        }
    }

    private static JsonNode? ReadNode(ref Utf8JsonReader reader, string path, List<string> duplicates)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var map = new JsonObject();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    var name = reader.GetString()!;
                    var at = path.Length == 0 ? name : $"{path}.{name}";
                    reader.Read();
                    var value = ReadNode(ref reader, at, duplicates);
                    if (map.ContainsKey(name))
                    {
                        duplicates.Add(at);
                    }

                    map[name] = value;
                }

                return map;
            case JsonTokenType.StartArray:
                var list = new JsonArray();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    list.Add(ReadNode(ref reader, $"{path}[{list.Count}]", duplicates));
                }

                return list;
            case JsonTokenType.String:
                return JsonValue.Create(reader.GetString());
            case JsonTokenType.Null:
                return null;
            case JsonTokenType.Number:
                return reader.TryGetInt64(out var whole) ? JsonValue.Create(whole) : JsonValue.Create(reader.GetDouble());
            default:
                return JsonValue.Create(reader.GetBoolean());
        }
    }

    private static string Name(JsonValueKind kind) => kind switch
    {
        JsonValueKind.String => "string",
        JsonValueKind.Number => "number",
        JsonValueKind.True or JsonValueKind.False => "bool",
        _ => "null",
    };

    private static string Name(ScalarKind kind) => kind switch
    {
        ScalarKind.Integer => "int32",
        ScalarKind.Boolean => "bool",
        ScalarKind.Number => "float64",
        _ => "string",
    };
}
