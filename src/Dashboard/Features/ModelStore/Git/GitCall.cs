namespace Ops.Dashboard.Features.ModelStore.Git;

/// <summary>One run of git.</summary>
/// <param name="Folder">Where it runs.</param>
/// <param name="Arguments">Its arguments; never a secret, they can be seen by others on the machine.</param>
/// <param name="Environment">Its environment beside what it needs of the system's, from <see cref="GitConfinement"/>.</param>
/// <param name="Timeout">When it is ended.</param>
internal sealed record GitCall(string Folder, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment, TimeSpan Timeout)
{
    /// <summary>What it reads on its standard input.</summary>
    public string? Input { get; init; }

    /// <summary>Where its standard output goes, instead of into <see cref="GitOutcome.Output"/>.</summary>
    public Stream? OutputTo { get; init; }

    /// <summary>How many bytes <see cref="Folder"/> may grow to before it is ended; null where nothing bounds it.</summary>
    public long? LargestFolderBytes { get; init; }
}

/// <summary>What came of a run of git.</summary>
/// <param name="ExitCode">0 is success.</param>
/// <param name="Output">Its standard output.</param>
/// <param name="Error">The end of its standard error.</param>
internal sealed record GitOutcome(int ExitCode, string Output, string Error);

/// <summary>A run of git whose output is read while it runs. Disposing ends it.</summary>
/// <param name="output">Its standard output.</param>
/// <param name="end">Ends it.</param>
internal sealed class GitReading(Stream output, Action end) : IDisposable
{
    /// <summary>Its standard output.</summary>
    public Stream Output => output;

    /// <inheritdoc/>
    public void Dispose() => end();
}

/// <summary>Git was not run to its end. The message is for a person and holds no secret; those who ask turn it into a failure of their own kind.</summary>
/// <param name="fault">Why.</param>
/// <param name="message">The same in words.</param>
/// <param name="inner">What was seen.</param>
internal sealed class GitRunException(GitFault fault, string message, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>Why.</summary>
    public GitFault Fault { get; } = fault;
}

/// <summary>Why git was not run to its end.</summary>
internal enum GitFault
{
    /// <summary>There is no such program on the dashboard's machine, or it is too old for what keeps it confined.</summary>
    Missing,

    /// <summary>It took longer than it may.</summary>
    TooSlow,

    /// <summary>It said more than it may.</summary>
    TooTalkative,

    /// <summary>It filled its folder beyond what it may.</summary>
    TooLarge,
}
