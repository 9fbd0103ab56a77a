namespace Ops.Testing;

/// <summary>The checkout that the tests were built in.</summary>
internal static class Repository
{
    /// <summary>Its folder, which holds <c>Ops.sln</c>.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Ops.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("The tests run outside the repository: Ops.sln is in no folder above them.");
    }
}
