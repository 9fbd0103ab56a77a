using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ops.Testing.Kubernetes;

/// <summary>What changed between two objects, path by path.</summary>
internal sealed record FieldChanges(FieldSet Added, FieldSet Modified, FieldSet Removed);

/// <summary>The operations of structured merge on typed objects: which fields an object sets, how it differs from another, merging one into another and taking fields out. Follows the semantics that Kubernetes documents for server-side apply.</summary>
internal static class ObjectFields
{
    /// <summary>Every field an object sets.</summary>
    public static FieldSet Of(FieldSchema schema, JsonNode? value)
    {
        var set = new FieldSet();
        Collect(schema, value, set);
        return set;
    }

    /// <summary>What changed from one object to another.</summary>
    public static FieldChanges Compare(FieldSchema schema, JsonNode? from, JsonNode? to)
    {
        var changes = new FieldChanges(new FieldSet(), new FieldSet(), new FieldSet());
        Compare(schema, from, to, changes);
        return changes;
    }

    /// <summary>The live object with everything that a configuration sets.</summary>
    public static JsonNode? Merge(FieldSchema? schema, JsonNode? live, JsonNode? configuration)
    {
        switch (schema)
        {
            case StructSchema { Atomic: false } when live is JsonObject && configuration is JsonObject:
            case MapSchema { Atomic: false } when live is JsonObject && configuration is JsonObject:
                var merged = live.AsObject().Copy();
                foreach (var (name, value) in configuration.AsObject())
                {
                    merged[name] = Merge(Descend(schema, "f:" + name), merged[name], value);
                }

                return merged;
            case ListSchema { Atomic: false } list when live is JsonArray liveItems && configuration is JsonArray newItems:
                return MergeList(list, liveItems, newItems);
            default:
                return configuration?.DeepClone();
        }
    }

    /// <summary>An object without some of its fields.</summary>
    public static JsonNode? Remove(FieldSchema? schema, JsonNode? value, FieldSet fields)
    {
        switch (schema)
        {
            case StructSchema { Atomic: false } or MapSchema { Atomic: false } when value is JsonObject map:
                var kept = new JsonObject();
                foreach (var (name, item) in map)
                {
                    var under = fields.Find("f:" + name);
                    if (under is not { Member: true })
                    {
                        kept[name] = under is null ? item?.DeepClone() : Remove(Descend(schema, "f:" + name), item, under);
                    }
                }

                return kept;
            case ListSchema { Atomic: false } list when value is JsonArray items:
                var rest = new JsonArray();
                foreach (var item in items)
                {
                    var under = fields.Find(Element(list, item));
                    if (under is not { Member: true })
                    {
                        rest.Add(under is null ? item?.DeepClone() : Remove(list.Element, item, under));
                    }
                }

                return rest;
            default:
                return value?.DeepClone();
        }
    }

    /// <summary>The type behind a path element; null when unknown.</summary>
    public static FieldSchema? Descend(FieldSchema? schema, string element) => schema switch
    {
        StructSchema fields => fields.Find(element[2..]),
        MapSchema map => map.Element,
        ListSchema list => list.Element,
        _ => null,
    };

    /// <summary>The path element of a list's item.</summary>
    public static string Element(ListSchema list, JsonNode? item)
    {
        if (list.Keys.Count == 0)
        {
            return "v:" + (item?.ToJsonString(Json.Plain) ?? "null");
        }

        var keys = list.Keys.Select(k => new KeyValuePair<string, JsonNode?>(k, item.Dig(k) ?? (k == "protocol" ? JsonValue.Create("TCP") : null))).Where(k => k.Value is not null);
        return FieldSet.KeyElement(keys);
    }

    private static JsonArray MergeList(ListSchema list, JsonArray live, JsonArray configuration)
    {
        var newItems = configuration.Select(i => (Element: Element(list, i), Item: i)).ToList();
        var liveItems = live.Select(i => (Element: Element(list, i), Item: i)).ToList();
        var newElements = newItems.Select(i => i.Element).ToHashSet(StringComparer.Ordinal);
        var merged = new JsonArray();

        // The configuration's order wins; live items it does not name keep their place before the first named item that follows them.
        var at = 0;
        foreach (var (element, item) in newItems)
        {
            var liveAt = liveItems.FindIndex(i => i.Element == element);
            for (; liveAt >= 0 && at <= liveAt; at++)
            {
                if (!newElements.Contains(liveItems[at].Element))
                {
                    merged.Add(liveItems[at].Item?.DeepClone());
                }
            }

            merged.Add(Merge(list.Element, liveAt < 0 ? null : liveItems[liveAt].Item, item));
        }

        for (; at < liveItems.Count; at++)
        {
            if (!newElements.Contains(liveItems[at].Element))
            {
                merged.Add(liveItems[at].Item?.DeepClone());
            }
        }

        return merged;
    }

    private static void Collect(FieldSchema? schema, JsonNode? value, FieldSet at)
    {
        switch (schema)
        {
            case StructSchema { Atomic: false } or MapSchema { Atomic: false }:
                foreach (var (name, item) in value as JsonObject ?? [])
                {
                    var child = at.At("f:" + name);
                    Collect(Descend(schema, "f:" + name), item, child);
                    child.Member |= item is null || item is JsonObject { Count: 0 } || schema is MapSchema;
                }

                break;
            case ListSchema { Atomic: false } list:
                foreach (var item in value as JsonArray ?? [])
                {
                    var child = at.At(Element(list, item));
                    Collect(list.Element, item, child);
                    child.Member = true;
                }

                break;
            default:
                at.Member = true;
                break;
        }
    }

    private static bool Compare(FieldSchema? schema, JsonNode? from, JsonNode? to, FieldChanges changes)
    {
        var empty = (from is null or JsonObject { Count: 0 } or JsonArray { Count: 0 }) && (to is null or JsonObject { Count: 0 } or JsonArray { Count: 0 });
        var leaf = empty || schema is not (StructSchema { Atomic: false } or MapSchema { Atomic: false } or ListSchema { Atomic: false });
        if (!leaf)
        {
            var old = Parts(schema!, from);
            var now = Parts(schema!, to);
            foreach (var element in old.Keys.Union(now.Keys).ToList())
            {
                var inner = new FieldChanges(new FieldSet(), new FieldSet(), new FieldSet());
                Compare(Descend(schema, element), old.GetValueOrDefault(element), now.GetValueOrDefault(element), inner);
                Graft(changes.Added, element, inner.Added);
                Graft(changes.Modified, element, inner.Modified);
                Graft(changes.Removed, element, inner.Removed);
            }
        }

        if (from is null && to is not null)
        {
            changes.Added.Member = true;
        }
        else if (from is not null && to is null)
        {
            changes.Removed.Member = true;
        }
        else if (leaf && !JsonNode.DeepEquals(from, to))
        {
            changes.Modified.Member = true;
        }

        return leaf;
    }

    private static void Graft(FieldSet onto, string element, FieldSet branch)
    {
        if (branch.IsEmpty)
        {
            return;
        }

        var at = onto.At(element);
        at.Member |= branch.Member;
        foreach (var (key, child) in branch.Children)
        {
            Graft(at, key, child);
        }
    }

    private static Dictionary<string, JsonNode?> Parts(FieldSchema schema, JsonNode? value)
    {
        var parts = new Dictionary<string, JsonNode?>(StringComparer.Ordinal);
        if (schema is ListSchema list)
        {
            foreach (var item in value as JsonArray ?? [])
            {
                parts[Element(list, item)] = item;
            }
        }
        else
        {
            foreach (var (name, item) in value as JsonObject ?? [])
            {
                parts["f:" + name] = item;
            }
        }

        return parts;
    }
}
