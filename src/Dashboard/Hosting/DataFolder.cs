namespace Ops.Dashboard.Hosting;

/// <summary>The folders below <c>Ops:DataPath</c>. Asking for one makes it.</summary>
internal sealed class DataFolder
{
    private readonly string root;

    /// <summary>Makes the data folder, readable by its owner only where the system knows such a thing.</summary>
    public DataFolder(string root)
    {
        this.root = root;
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(root);
        }
        else
        {
            Directory.CreateDirectory(root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>The absolute root.</summary>
    public string Root => root;

    /// <summary>The SQLite file.</summary>
    public string DatabaseFile => Path.Combine(root, "ops.db");

    /// <summary>A folder below the root; names come from code, never from a request.</summary>
    public string Folder(params ReadOnlySpan<string> names) => Directory.CreateDirectory(Path.Combine([root, .. names])).FullName;
}
