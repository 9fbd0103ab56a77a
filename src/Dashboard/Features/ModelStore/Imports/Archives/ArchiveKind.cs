namespace Ops.Dashboard.Features.ModelStore.Imports.Archives;

/// <summary>The archives that are unpacked.</summary>
public enum ArchiveKind
{
    /// <summary>None: the file is kept as it is.</summary>
    None,

    /// <summary>Zip.</summary>
    Zip,

    /// <summary>Tar.</summary>
    Tar,

    /// <summary>Tar, compressed with gzip.</summary>
    TarGzip,
}

/// <summary>Tells archives by their names. Many model formats are archives themselves (.mar, .keras, .pt): those are kept whole.</summary>
internal static class ArchiveKinds
{
    /// <summary>The kind of archive that a file of this name is.</summary>
    public static ArchiveKind Of(string path) => path switch
    {
        _ when Ends(path, ".zip") => ArchiveKind.Zip,
        _ when Ends(path, ".tar") => ArchiveKind.Tar,
        _ when Ends(path, ".tar.gz") || Ends(path, ".tgz") => ArchiveKind.TarGzip,
        _ => ArchiveKind.None,
    };

    private static bool Ends(string path, string ending) => path.EndsWith(ending, StringComparison.OrdinalIgnoreCase);
}
