namespace Ops.Dashboard.Features.Access.Http;

/// <summary>Where to go after signing in: an address of this site, or the overview.</summary>
internal static class LocalUrl
{
    /// <summary>Keeps a path that stays here; anything a browser could read as another site becomes <c>/</c>.</summary>
    public static string OrHome(string? url) =>
        url is ['/', ..] && url is not ['/', '/' or '\\', ..] && url.Length <= 2048 && !url.Any(c => char.IsControl(c) || c == '\\') ? url : "/";
}
