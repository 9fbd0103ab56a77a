namespace Ops.Dashboard.Tests.Docker;

/// <summary>The folder <c>docker</c> of the repository that was built.</summary>
internal static class DockerFolder
{
    /// <summary>The repository.</summary>
    public static string Repository { get; } = Find();

    /// <summary>A path below it.</summary>
    public static string Path(params string[] names) => System.IO.Path.Combine([Repository, "docker", .. names]);

    /// <summary>Whether a variable of a container names a setting of the dashboard that its documentation knows.</summary>
    public static bool IsDocumented(string variable)
    {
        var key = variable.Replace("__", ":", StringComparison.Ordinal);
        return File.ReadAllText(System.IO.Path.Combine(Repository, "docs", "configuration.md")).Contains($"`{key}`", StringComparison.Ordinal);
    }

    private static string Find()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(System.IO.Path.Combine(folder, "Ops.sln")))
        {
            folder = System.IO.Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("There is no Ops.sln above the tests.");
        }

        return folder;
    }
}
