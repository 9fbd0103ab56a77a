namespace Ops.Dashboard.Features.ModelStore.Downloads;

/// <summary>The addresses under which files of versions are to be had.</summary>
internal static class DownloadLinks
{
    /// <summary>One file of a version.</summary>
    public static string File(string model, int number, string path) =>
        $"/models/{model}/versions/{number}/files/{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}";

    /// <summary>All files of a version as a ZIP.</summary>
    public static string All(string model, int number) => $"/models/{model}/versions/{number}/download";
}
