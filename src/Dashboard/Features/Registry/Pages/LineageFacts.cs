using System.Text.Json;

namespace Ops.Dashboard.Features.Registry.Pages;

/// <summary>One thing that is known about where a version came from.</summary>
/// <param name="Label">What is known.</param>
/// <param name="Value">The text as it was given.</param>
/// <param name="Href">The same as a link when it is one to the web, else null.</param>
internal sealed record LineageFact(string Label, string Value, string? Href);

/// <summary>Reads lineage for people. What the uploader wrote is text, never more.</summary>
internal static class LineageFacts
{
    private static readonly Dictionary<string, string> Labels = new(StringComparer.Ordinal)
    {
        ["source"] = "Source",
        ["trainingRun"] = "Training run",
        ["commit"] = "Commit",
        ["parentVersion"] = "Parent version",
    };

    /// <summary>The facts in the order they were stored; none when there is no lineage or it cannot be read.</summary>
    public static IReadOnlyList<LineageFact> Read(string? lineageJson)
    {
        if (lineageJson is null)
        {
            return [];
        }

        try
        {
            using var document = JsonDocument.Parse(lineageJson);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? [.. document.RootElement.EnumerateObject().Where(p => p.Value.ValueKind is JsonValueKind.String or JsonValueKind.Number).Select(Fact).Where(f => f.Value.Length > 0)]
                : [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    private static LineageFact Fact(JsonProperty property)
    {
        var value = property.Value.ToString();
        var isWeb = Uri.TryCreate(value, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp);
        return new(Labels.GetValueOrDefault(property.Name, property.Name), value, isWeb ? uri!.AbsoluteUri : null);
    }
}
