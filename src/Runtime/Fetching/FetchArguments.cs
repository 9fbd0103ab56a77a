namespace Ops.Runtime.Fetching;

/// <summary>What the command <c>fetch</c> is told.</summary>
/// <param name="Manifest">The file that names the files.</param>
/// <param name="Into">The folder they are brought into, as a full path.</param>
/// <param name="TerminationLog">Where a container says why it ended.</param>
internal sealed record FetchArguments(string Manifest, string Into, string TerminationLog)
{
    /// <summary>How the command is called.</summary>
    public const string Usage = $"{FetchCommand.Name} --manifest <file.json> --into <folder> [--termination-log <file>]";

    /// <summary>Where Kubernetes reads it unless a pod says otherwise.</summary>
    public const string DefaultTerminationLog = "/dev/termination-log";

    /// <summary>Reads them; null when they are not as <see cref="Usage"/> says.</summary>
    /// <param name="args">What comes after the command's name: options in any order, each once.</param>
    public static FetchArguments? Read(IReadOnlyList<string> args)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < args.Count; i += 2)
        {
            if (args[i] is not ("--manifest" or "--into" or "--termination-log") || i + 1 == args.Count || args[i + 1].Length == 0 || !values.TryAdd(args[i], args[i + 1]))
            {
                return null;
            }
        }

        return values.TryGetValue("--manifest", out var manifest) && values.TryGetValue("--into", out var into)
            ? new(manifest, Path.GetFullPath(into), values.GetValueOrDefault("--termination-log", DefaultTerminationLog))
            : null;
    }
}
