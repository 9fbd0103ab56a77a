using System.Text.Json;

namespace Ops.Dashboard.Features.Registry.Onnx;

/// <summary>The description of a model as the registry keeps it.</summary>
internal static class OnnxMetadata
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { RespectNullableAnnotations = true };

    /// <summary>Reads what a version's metadata holds.</summary>
    /// <returns>Null when there is none, or when it was not written by this product: a page shows the rest of the version then.</returns>
    public static OnnxModelInfo? Read(string format, string? metadataJson)
    {
        if (metadataJson is null || format != Formats.ModelFormat.Onnx.Name)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<OnnxModelInfo>(metadataJson, Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
