using System.Text.Json;

namespace Ops.Dashboard.Features.Audit;

/// <summary>One value before and after.</summary>
/// <param name="Key">Its path, such as <c>spec.replicas</c>.</param>
/// <param name="Before">As JSON, text without its quotes; null where it was not there.</param>
/// <param name="After">Likewise.</param>
internal sealed record DiffRow(string Key, string? Before, string? After)
{
    /// <summary>Whether it differs.</summary>
    public bool Changed => Before != After;
}

/// <summary>Lays two JSON documents side by side, value by value.</summary>
internal static class JsonDiff
{
    private const int MaxRows = 500;

    /// <summary>Rows in the order of the documents, those only in the newer one last. Text that is no JSON becomes one row.</summary>
    public static IReadOnlyList<DiffRow> Compare(string? before, string? after)
    {
        var old = Flatten(before);
        var current = Flatten(after);
        return [.. old.Keys.Concat(current.Keys.Where(key => !old.ContainsKey(key))).Take(MaxRows)
            .Select(key => new DiffRow(key, old.GetValueOrDefault(key), current.GetValueOrDefault(key)))];
    }

    private static OrderedDictionary<string, string> Flatten(string? json)
    {
        var values = new OrderedDictionary<string, string>();
        if (json is null)
        {
            return values;
        }

        try
        {
            using var document = JsonDocument.Parse(json);
            Add(values, "", document.RootElement);
        }
        catch (JsonException)
        {
            values["text"] = json;
        }

        return values;
    }

    private static void Add(OrderedDictionary<string, string> values, string path, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object when element.EnumerateObject().Any():
                foreach (var property in element.EnumerateObject())
                {
                    Add(values, path.Length == 0 ? property.Name : $"{path}.{property.Name}", property.Value);
                }

                break;
            case JsonValueKind.Array when element.EnumerateArray().Any():
                var at = 0;
                foreach (var item in element.EnumerateArray())
                {
                    Add(values, $"{path}[{at++}]", item);
                }

                break;
            default:
                values[path.Length == 0 ? "value" : path] = element.ValueKind == JsonValueKind.String ? element.GetString()! : element.GetRawText();
                break;
        }
    }
}
