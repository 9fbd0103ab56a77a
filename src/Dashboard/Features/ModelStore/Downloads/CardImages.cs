namespace Ops.Dashboard.Features.ModelStore.Downloads;

/// <summary>Kinds of pictures that a model card may show: those a browser only paints. SVG may carry scripts and is not among them.</summary>
internal static class CardImages
{
    private static readonly Dictionary<string, string> Types = new(StringComparer.OrdinalIgnoreCase)
    {
        [".png"] = "image/png",
        [".jpg"] = "image/jpeg",
        [".jpeg"] = "image/jpeg",
        [".gif"] = "image/gif",
        [".webp"] = "image/webp",
    };

    /// <summary>The media type by the name, or null for anything that is no picture.</summary>
    public static string? TypeOf(string path) => Types.GetValueOrDefault(Path.GetExtension(path));

    /// <summary>Whether the name is a picture's.</summary>
    public static bool IsImage(string path) => TypeOf(path) is not null;
}
