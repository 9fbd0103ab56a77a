using System.Globalization;
using System.Text.Json.Nodes;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Objects;

/// <summary>Where a field is in an object: a member, or an item of a list, below another place.</summary>
/// <param name="Parent">Where that is; null for the object itself.</param>
/// <param name="Member">The member's name, or null for an item.</param>
/// <param name="Key">What an item is called, or null for a member.</param>
/// <param name="Item">The item as it is found, or null.</param>
/// <param name="Index">Where the item is found in its list.</param>
internal sealed record FieldPath(FieldPath? Parent, string? Member, string? Key, JsonNode? Item, int Index)
{
    /// <summary>The object itself.</summary>
    public static FieldPath Root { get; } = new(null, null, null, null, 0);

    /// <summary>The steps to it, from the object on.</summary>
    public IEnumerable<FieldPath> Steps => Parent is null ? [] : Parent.Steps.Append(this);

    /// <summary>A JSON pointer to it in what was found (RFC 6901).</summary>
    public string Pointer => Parent is null ? "" : $"{Parent.Pointer}/{Member?.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal) ?? Index.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>A member of it.</summary>
    public FieldPath To(string member) => new(this, member, null, null, 0);

    /// <summary>An item of it.</summary>
    public FieldPath To(string key, JsonNode? item, int index) => new(this, null, key, item, index);

    /// <summary>Whether another place is this one or below it.</summary>
    public bool Holds(FieldPath other) => other.ToString() is var text && ToString() is var mine
        && text.StartsWith(mine, StringComparison.Ordinal) && (text.Length == mine.Length || mine.Length == 0 || text[mine.Length] is '.' or '[');

    /// <summary>Such as <c>spec.template.spec.containers[server].image</c>.</summary>
    public override string ToString()
    {
        if (Parent is null)
        {
            return "";
        }

        var above = Parent.ToString();
        if (Member is null)
        {
            return $"{above}[{Key}]";
        }

        var isPlain = !Member.Contains('.', StringComparison.Ordinal) && !Member.Contains('/', StringComparison.Ordinal);
        return !isPlain ? $"{above}[{Member}]" : above.Length == 0 ? Member : $"{above}.{Member}";
    }
}
