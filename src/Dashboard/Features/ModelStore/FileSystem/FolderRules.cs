using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.ModelStore.Stores;
using Ops.Dashboard.Hosting;
using Ops.Data;

namespace Ops.Dashboard.Features.ModelStore.FileSystem;

/// <summary>Which folders may be stores. Checked when settings are saved and again whenever the store is made, because links can be changed meanwhile.</summary>
internal sealed class FolderRules(DataFolder data, IOptions<StoresOptions> options)
{
    /// <summary>The name of the setting.</summary>
    public const string Field = "folder";

    private const int MaxLength = 500;
    private static readonly StringComparison Comparison = OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

    /// <summary>Whether folders are allowed at all.</summary>
    public bool AnyAllowed => options.Value.AllowedRoots.Count > 0;

    /// <summary>Where they may be, for the form.</summary>
    public IEnumerable<string> Roots => options.Value.AllowedRoots;

    /// <summary>The folder with its links resolved, or what is wrong with it.</summary>
    public Result<string> Resolve(string? folder)
    {
        if (!AnyAllowed)
        {
            return Failure.Invalid("No folder is allowed yet: set Ops:Stores:AllowedRoots in the configuration of the dashboard.", Field);
        }

        if (string.IsNullOrWhiteSpace(folder))
        {
            return Failure.Invalid("Name a folder.", Field);
        }

        if (folder.Length > MaxLength || folder.Any(c => char.IsControl(c) || c is '%' or '\u202E' or '\u200B') || folder != folder.Trim() || folder.Contains("://", StringComparison.Ordinal))
        {
            return Failure.Invalid("Give a plain path, without control characters, % or a scheme such as file://.", Field);
        }

        var segments = folder.Split('/', '\\');
        if (!Path.IsPathFullyQualified(folder) || segments.Contains("..") || segments.Contains(".") || (!OperatingSystem.IsWindows() && folder.Contains('\\')))
        {
            return Failure.Invalid("Give an absolute path without '.' and '..'.", Field);
        }

        var real = Real(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        if (!options.Value.AllowedRoots.Any(root => IsBelow(real, Real(Path.TrimEndingDirectorySeparator(Path.GetFullPath(root))))))
        {
            return Failure.Invalid($"The folder must be below {string.Join(" or ", options.Value.AllowedRoots)} (Ops:Stores:AllowedRoots).", Field);
        }

        var own = Real(Path.GetFullPath(data.Root));
        return real.Equals(own, Comparison) || IsBelow(real, own) || IsBelow(own, real)
            ? Failure.Invalid("This is the data folder of the dashboard or inside or around it. Choose a folder of its own.", Field)
            : Result.Of(real);
    }

    /// <summary>Whether two folders are the same or one is in the other.</summary>
    public static bool Overlap(string one, string other) => one.Equals(other, Comparison) || IsBelow(one, other) || IsBelow(other, one);

    /// <summary>Whether a path is below a folder, not the folder itself: a root may hold other things beside stores.</summary>
    public static bool IsBelow(string path, string root) => path.StartsWith(Path.EndsInDirectorySeparator(root) ? root : root + Path.DirectorySeparatorChar, Comparison);

    /// <summary>An absolute path with every link in it resolved. What is not there is no link.</summary>
    public static string Real(string path)
    {
        var root = Path.GetPathRoot(path)!;
        var real = root;
        foreach (var name in path[root.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            var next = new DirectoryInfo(Path.Combine(real, name));
            real = TargetOf(next) is { } target ? Path.TrimEndingDirectorySeparator(Path.GetFullPath(target)) : next.FullName;
        }

        return real;
    }

    private static string? TargetOf(DirectoryInfo folder)
    {
        try
        {
            return folder.ResolveLinkTarget(returnFinalTarget: true)?.FullName;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            // What is not there is no link.
            return null;
        }
    }
}
