using Ops.Testing;

namespace Ops.Dashboard.Tests.Docker;

/// <summary>The folder <c>docker</c> of the repository that was built.</summary>
internal static class DockerFolder
{
    /// <summary>A path below it.</summary>
    public static string Path(params string[] names) => System.IO.Path.Combine([Repository.Root, "docker", .. names]);

    /// <summary>Whether a variable of a container names a setting of the dashboard that its documentation knows.</summary>
    public static bool IsDocumented(string variable)
    {
        var key = variable.Replace("__", ":", StringComparison.Ordinal);
        return File.ReadAllText(System.IO.Path.Combine(Repository.Root, "docs", "configuration.md")).Contains($"`{key}`", StringComparison.Ordinal);
    }
}
