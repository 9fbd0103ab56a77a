namespace Ops.Runtime.Fetching;

/// <summary>What the command <c>fetch</c> is told.</summary>
/// <param name="Manifest">The file that names the files.</param>
/// <param name="Into">The folder they are brought into, as a full path; of a cache the one that holds a folder for each version.</param>
/// <param name="TerminationLog">Where a container says why it ended.</param>
/// <param name="IsCache">Whether several processes fetch there at the same time, each into the folder of its version.</param>
internal sealed record FetchArguments(string Manifest, string Into, string TerminationLog, bool IsCache = false)
{
    /// <summary>How the command is called.</summary>
    public const string Usage = $"{FetchCommand.Name} --manifest <file.json> --into <folder> | --cache <folder> [--termination-log <file>]";

    /// <summary>Where Kubernetes reads it unless a pod says otherwise.</summary>
    public const string DefaultTerminationLog = "/dev/termination-log";

    /// <summary>Reads them; null when they are not as <see cref="Usage"/> says.</summary>
    /// <param name="args">What comes after the command's name: options in any order, each once.</param>
    public static FetchArguments? Read(IReadOnlyList<string> args)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < args.Count; i += 2)
        {
            if (args[i] is not ("--manifest" or "--into" or "--cache" or "--termination-log") || i + 1 == args.Count || args[i + 1].Length == 0 || !values.TryAdd(args[i], args[i + 1]))
            {
                return null;
            }
        }

        var (into, cache) = (values.GetValueOrDefault("--into"), values.GetValueOrDefault("--cache"));
        return values.TryGetValue("--manifest", out var manifest) && (into is null) != (cache is null)
            ? new(manifest, Path.GetFullPath(into ?? cache!), values.GetValueOrDefault("--termination-log", DefaultTerminationLog), cache is not null)
            : null;
    }
}
