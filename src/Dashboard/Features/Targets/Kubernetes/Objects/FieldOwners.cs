using System.Text.Json;
using System.Text.Json.Nodes;
using k8s.Models;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Objects;

/// <summary>
/// Who has set which fields of an object: <c>metadata.managedFields</c>, whose trees are of the format <c>FieldsV1</c>
/// (<see href="https://kubernetes.io/docs/reference/using-api/server-side-apply/#managed-fields"/>): <c>f:</c> and a member's name, <c>k:</c> and the
/// keys of an item; a tree without members stands for all that is below.
/// </summary>
internal sealed class FieldOwners
{
    private readonly List<(string Manager, bool IsOfSubresource, JsonElement Fields)> entries = [];

    /// <summary>Reads an object's.</summary>
    public FieldOwners(V1ObjectMeta metadata)
    {
        foreach (var entry in metadata.ManagedFields ?? [])
        {
            if (entry is { Manager: { } manager, FieldsV1: JsonElement { ValueKind: JsonValueKind.Object } fields })
            {
                entries.Add((manager, !string.IsNullOrEmpty(entry.Subresource), fields));
            }
        }
    }

    /// <summary>Whether nobody but this dashboard has set a field.</summary>
    public bool IsOurs(FieldPath path) => OtherOf(path) is null && entries.Any(e => e.Manager == ObjectLabels.Manager && Holds(e.Fields, path));

    /// <summary>Who else has set a field, as Kubernetes calls that program, or null.</summary>
    public string? OtherOf(FieldPath path) => entries.FirstOrDefault(e => e.Manager != ObjectLabels.Manager && Holds(e.Fields, path)).Manager;

    /// <summary>Fields under <c>spec</c> that somebody else has set and that are not wanted at all.</summary>
    /// <param name="wanted">The object as it is wanted.</param>
    /// <param name="found">The object as it is found.</param>
    /// <returns>Each with who has set it. A part that is the list or the map of somebody else as a whole, with more in it than is wanted, counts as one.</returns>
    public IEnumerable<(FieldPath Path, JsonNode Found, JsonNode? Wanted, string By)> Additions(JsonObject wanted, JsonObject found)
    {
        List<(FieldPath, JsonNode, JsonNode?, string)> added = [];
        foreach (var (manager, isOfSubresource, fields) in entries)
        {
            // Programs of the cluster's own write no specs but through subresources.
            if (manager != ObjectLabels.Manager && !isOfSubresource && !manager.StartsWith("kube-", StringComparison.Ordinal)
                && fields.TryGetProperty("f:spec", out var spec) && found["spec"] is { } there)
            {
                Walk(spec, wanted["spec"], there, FieldPath.Root.To("spec"), (path, node, instead) => added.Add((path, node, instead, manager)));
            }
        }

        return added.DistinctBy(a => a.Item1.ToString());
    }

    private static void Walk(JsonElement tree, JsonNode? wanted, JsonNode found, FieldPath path, Action<FieldPath, JsonNode, JsonNode?> add)
    {
        var isWhole = true;
        foreach (var member in tree.EnumerateObject())
        {
            isWhole = false;
            if (Step(member.Name, wanted, found, path) is not { } step)
            {
                continue;
            }

            if (step.Wanted is null)
            {
                add(step.Path, step.Found, null);
            }
            else
            {
                Walk(member.Value, step.Wanted, step.Found, step.Path, add);
            }
        }

        if (isWhole && HasMore(wanted, found))
        {
            add(path, found, wanted);
        }
    }

    private static (FieldPath Path, JsonNode? Wanted, JsonNode Found)? Step(string name, JsonNode? wanted, JsonNode found, FieldPath path)
    {
        if (name.StartsWith("f:", StringComparison.Ordinal))
        {
            var member = name[2..];
            return (found as JsonObject)?[member] is { } value ? (path.To(member), (wanted as JsonObject)?[member], value) : null;
        }

        if (!name.StartsWith("k:", StringComparison.Ordinal) || found is not JsonArray items)
        {
            return null;
        }

        using var keys = JsonDocument.Parse(name[2..]);
        var index = IndexOf(items, keys.RootElement);
        return index < 0
            ? null
            : (path.To(Called(keys.RootElement), items[index], index), (wanted as JsonArray)?.FirstOrDefault(i => Has(i, keys.RootElement, isLoose: true)), items[index]!);
    }

    private static bool Holds(JsonElement tree, FieldPath path)
    {
        foreach (var step in path.Steps)
        {
            if (!tree.EnumerateObject().Any())
            {
                return true;
            }

            if (step.Member is { } member ? !tree.TryGetProperty($"f:{member}", out tree) : !TryItem(tree, step, out tree))
            {
                return false;
            }
        }

        return true;
    }

    private static bool TryItem(JsonElement tree, FieldPath step, out JsonElement below)
    {
        foreach (var member in tree.EnumerateObject().Where(m => m.Name.StartsWith("k:", StringComparison.Ordinal)))
        {
            using var keys = JsonDocument.Parse(member.Name[2..]);
            if (Has(step.Item, keys.RootElement, isLoose: false))
            {
                below = member.Value;
                return true;
            }
        }

        below = default;
        return false;
    }

    private static int IndexOf(JsonArray items, JsonElement keys)
    {
        for (var i = 0; i < items.Count; i++)
        {
            if (Has(items[i], keys, isLoose: false))
            {
                return i;
            }
        }

        return -1;
    }

    // What is wanted leaves out keys that have a default, such as the protocol of a port.
    private static bool Has(JsonNode? item, JsonElement keys, bool isLoose) => item is JsonObject members && keys.EnumerateObject().All(k =>
        members[k.Name] is { } value ? value.ToString() == k.Value.ToString() : isLoose);

    private static string Called(JsonElement keys) => string.Join(',', keys.EnumerateObject().Take(1).Select(k => k.Value.ToString()));

    private static bool HasMore(JsonNode? wanted, JsonNode found) => (wanted, found) switch
    {
        (JsonArray few, JsonArray many) => many.Count > few.Count,
        (JsonObject few, JsonObject many) => many.Any(m => m.Value is not null && few[m.Key] is null),
        _ => false,
    };
}
