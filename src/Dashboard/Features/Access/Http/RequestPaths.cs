namespace Ops.Dashboard.Features.Access.Http;

/// <summary>Tells addresses that programs call from pages that people open.</summary>
internal static class RequestPaths
{
    private static readonly PathString[] ForPrograms = ["/api", "/serve", "/health", "/_blazor"];

    /// <summary>Whether an answer is read by a program: it gets a status and no page.</summary>
    public static bool IsForPrograms(PathString path) => Array.Exists(ForPrograms, start => path.StartsWithSegments(start, StringComparison.OrdinalIgnoreCase));
}
