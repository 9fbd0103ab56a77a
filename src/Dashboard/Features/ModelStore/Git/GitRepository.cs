using System.Collections.Concurrent;
using System.Text;

namespace Ops.Dashboard.Features.ModelStore.Git;

/// <summary>
/// The local bare repository and its remote. It holds nothing that counts: lost, it is made anew and filled from the remote.
/// Refs in it are only known to be those of the remote when they were last fetched or pushed.
/// </summary>
internal sealed class GitRepository(GitProgram program, GitEnvironment environment, string folder, TimeSpan longest)
{
    private const int RefsPerPush = 400;
    private const int FetchTries = 4;
    private static readonly TimeSpan Short = TimeSpan.FromMinutes(5);

    // Two stores of this process can use one folder, such as one that is tried before it is saved.
    private static readonly ConcurrentDictionary<string, SemaphoreSlim> Making = new(StringComparer.Ordinal);
    private static readonly ConcurrentDictionary<string, bool> Unlocked = new(StringComparer.Ordinal);
    private bool isMade;

    /// <summary>Where git keeps it.</summary>
    public string Folder => folder;

    /// <summary>Writes files as blobs.</summary>
    /// <returns>Their ids in the same order.</returns>
    public async Task<IReadOnlyList<string>> WriteBlobsAsync(IReadOnlyList<string> files, CancellationToken cancellation)
    {
        // Our own paths below the data folder. Large ones are streamed into a pack, never read whole.
        var said = await MustAsync(["hash-object", "-w", "--no-filters", "--stdin-paths"], "Writing to the local repository", cancellation, Lines(files), longest);
        var ids = said.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return ids.Length == files.Count ? ids : throw new StoreUnavailableException(StoreProblem.Refused, "Git did not write every file.");
    }

    /// <summary>Writes text as a blob.</summary>
    public async Task<string> WriteBlobAsync(string text, CancellationToken cancellation) =>
        (await MustAsync(["hash-object", "-w", "--no-filters", "--stdin"], "Writing to the local repository", cancellation, text)).Trim();

    /// <summary>Makes a tree of paths and blobs.</summary>
    public async Task<string> WriteTreeAsync(IEnumerable<(string Path, string Blob)> entries, CancellationToken cancellation)
    {
        var index = Path.Combine(folder, "index-" + Guid.NewGuid().ToString("N"));
        var input = new StringBuilder();
        foreach (var (path, blob) in entries)
        {
            input.Append("100644 ").Append(blob).Append('\t').Append(path).Append('\0');
        }

        try
        {
            (string, string)[] own = [("GIT_INDEX_FILE", index)];
            await MustAsync(["update-index", "-z", "--index-info"], "Laying out the files", cancellation, input.ToString(), more: own);
            return (await MustAsync(["write-tree"], "Laying out the files", cancellation, more: own)).Trim();
        }
        finally
        {
            File.Delete(index);
            File.Delete(index + ".lock");
        }
    }

    /// <summary>Makes a commit. The same input gives the same id, so that doing it again after an interruption changes nothing.</summary>
    public async Task<string> CommitAsync(string tree, string? parent, string message, string author, DateTimeOffset date, CancellationToken cancellation)
    {
        var when = $"@{date.ToUnixTimeSeconds()} +0000";
        (string, string)[] own =
        [
            ("GIT_AUTHOR_NAME", author), ("GIT_AUTHOR_EMAIL", "ops@localhost"), ("GIT_AUTHOR_DATE", when),
            ("GIT_COMMITTER_NAME", "Ops"), ("GIT_COMMITTER_EMAIL", "ops@localhost"), ("GIT_COMMITTER_DATE", when),
        ];
        string[] arguments = parent is null ? ["commit-tree", tree] : ["commit-tree", tree, "-p", parent];
        return (await MustAsync(arguments, "Making a commit", cancellation, message, more: own)).Trim();
    }

    /// <summary>Pushes, a few hundred refs at a time.</summary>
    /// <param name="refspecs">Such as <c>ID:refs/heads/x</c>.</param>
    /// <param name="what">What this is for, for a message.</param>
    /// <param name="cancellation">Gives up; it may be done all the same.</param>
    public async Task PushAsync(IReadOnlyList<string> refspecs, string what, CancellationToken cancellation)
    {
        foreach (var some in refspecs.Chunk(RefsPerPush))
        {
            var outcome = await RunRemoteAsync(["push", "--porcelain", "--no-verify", "--quiet", "--recurse-submodules=no", "origin", .. some], cancellation);
            if (outcome.ExitCode != 0)
            {
                throw GitErrors.For(outcome with { Error = outcome.Error + Rejections(outcome) }, what);
            }
        }
    }

    /// <summary>Pushes all of it or nothing.</summary>
    /// <returns>False when somebody else pushed first.</returns>
    public async Task<bool> PushTogetherAsync(IReadOnlyList<string> refspecs, string what, CancellationToken cancellation)
    {
        var outcome = await RunRemoteAsync(["push", "--porcelain", "--no-verify", "--quiet", "--atomic", "--recurse-submodules=no", "origin", .. refspecs], cancellation);
        var judged = outcome with { Error = outcome.Error + Rejections(outcome) };
        return outcome.ExitCode == 0 || (GitErrors.IsOvertaken(judged) ? false : throw GitErrors.For(judged, what));
    }

    /// <summary>Fetches what matches; what the remote does not have goes here too.</summary>
    /// <param name="refspecs">With a star each: an exact one that the remote does not have would be an error.</param>
    /// <param name="what">What this is for, for a message.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task FetchAsync(IReadOnlyList<string> refspecs, string what, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            var outcome = await RunRemoteAsync(["fetch", "--quiet", "--prune", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--refmap=", "origin", .. refspecs], cancellation);
            if (outcome.ExitCode == 0)
            {
                return;
            }

            // Another fetch into this repository has just set the same ref.
            if (attempt == FetchTries || !GitErrors.IsOvertaken(outcome))
            {
                throw GitErrors.For(outcome, what);
            }
        }
    }

    /// <summary>Asks the remote for its refs that match.</summary>
    /// <returns>Name and object of each.</returns>
    public async Task<IReadOnlyList<(string Name, string Object)>> RemoteRefsAsync(string pattern, string what, CancellationToken cancellation)
    {
        var outcome = await RunRemoteAsync(["ls-remote", "--quiet", "--refs", "origin", pattern], cancellation, Short);
        if (outcome.ExitCode != 0)
        {
            throw GitErrors.For(outcome, what);
        }

        return [.. outcome.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t')).Where(p => p.Length == 2).Select(p => (p[1], p[0]))];
    }

    /// <summary>Local refs that match.</summary>
    public async Task<IReadOnlyList<(string Name, string Object)>> LocalRefsAsync(string pattern, CancellationToken cancellation) =>
    [
        .. (await MustAsync(["for-each-ref", "--format=%(refname) %(objectname)", pattern], "Reading the local repository", cancellation))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')).Select(p => (p[0], p[1])),
    ];

    /// <summary>Sets or removes local refs.</summary>
    /// <param name="refs">Names and what they point to; null removes.</param>
    /// <param name="cancellation">Gives up.</param>
    public Task SetRefsAsync(IEnumerable<(string Name, string? Object)> refs, CancellationToken cancellation)
    {
        var input = string.Concat(refs.Select(r => r.Object is null ? $"delete {r.Name}\0\0" : $"update {r.Name}\0{r.Object}\0\0"));
        return MustAsync(["update-ref", "-z", "--stdin"], "Writing to the local repository", cancellation, input);
    }

    /// <summary>What names such as <c>ref:path</c> stand for.</summary>
    /// <returns>Their objects in the same order, null for what is not there.</returns>
    public async Task<IReadOnlyList<string?>> ResolveAsync(IReadOnlyList<string> names, CancellationToken cancellation)
    {
        var said = await MustAsync(["cat-file", "--batch-check=%(objectname)"], "Reading the local repository", cancellation, Lines(names));
        return [.. said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Contains(' ') ? null : line)];
    }

    /// <summary>Reads a small object as text.</summary>
    public Task<string> TextAsync(string type, string name, CancellationToken cancellation) => MustAsync(["cat-file", type, name], "Reading the local repository", cancellation);

    /// <summary>Copies a blob.</summary>
    public async Task CopyAsync(string blob, Stream target, CancellationToken cancellation)
    {
        var outcome = await RunAsync(["cat-file", "blob", blob], longest, cancellation, outputTo: target);
        if (outcome.ExitCode != 0)
        {
            throw GitErrors.For(outcome, "Reading the local repository");
        }
    }

    /// <summary>Runs git-lfs with the remote.</summary>
    public async Task<GitOutcome> LfsAsync(IReadOnlyList<string> arguments, string? input, Stream? outputTo, CancellationToken cancellation) =>
        await RunRemoteAsync(["lfs", .. arguments], cancellation, longest, input, outputTo);

    /// <summary>Runs git with nothing but arguments, such as to see what else is installed.</summary>
    public Task<GitOutcome> AskAsync(IReadOnlyList<string> arguments, CancellationToken cancellation) => RunAsync(arguments, Short, cancellation);

    /// <summary>Drops what no ref leads to and is older than a day, and packs the rest.</summary>
    public Task TidyAsync(CancellationToken cancellation) => MustAsync(["gc", "--quiet", "--prune=1.day.ago"], "Tidying the local repository", cancellation, timeout: longest);

    private static string Lines(IEnumerable<string> lines) => string.Concat(lines.Select(line => line + "\n"));

    // With --porcelain what became of each ref is on standard output: "! \tsrc:dst\t[rejected] (reason)".
    private static string Rejections(GitOutcome outcome) => "\n" + string.Join('\n', outcome.Output.Split('\n').Where(line => line.StartsWith('!')));

    private async Task<string> MustAsync(
        IReadOnlyList<string> arguments, string what, CancellationToken cancellation, string? input = null, TimeSpan? timeout = null, IEnumerable<(string, string)>? more = null)
    {
        var outcome = await RunAsync(arguments, timeout ?? Short, cancellation, input, more: more);
        return outcome.ExitCode == 0 ? outcome.Output : throw GitErrors.For(outcome, what);
    }

    private async Task<GitOutcome> RunRemoteAsync(IReadOnlyList<string> arguments, CancellationToken cancellation, TimeSpan? timeout = null, string? input = null, Stream? outputTo = null)
    {
        using var key = environment.LayOutKey();
        return await RunAsync(arguments, timeout ?? longest, cancellation, input, outputTo);
    }

    private async Task<GitOutcome> RunAsync(
        IReadOnlyList<string> arguments, TimeSpan timeout, CancellationToken cancellation, string? input = null, Stream? outputTo = null, IEnumerable<(string, string)>? more = null)
    {
        await MakeAsync(cancellation);
        return await RunAsync(new(folder, arguments, environment.Variables(folder, more), timeout) { Input = input, OutputTo = outputTo }, cancellation);
    }

    private async Task<GitOutcome> RunAsync(GitCall call, CancellationToken cancellation)
    {
        try
        {
            return await program.RunAsync(call, cancellation);
        }
        catch (GitRunException exception)
        {
            throw GitErrors.For(exception);
        }
    }

    private async Task MakeAsync(CancellationToken cancellation)
    {
        if (Volatile.Read(ref isMade) && Directory.Exists(folder))
        {
            return;
        }

        var making = Making.GetOrAdd(folder, _ => new(1, 1));
        await making.WaitAsync(cancellation);
        try
        {
            environment.Prepare();
            Directory.CreateDirectory(folder);

            // A process that was killed leaves locks that nobody would ever take away. The folder is this process's alone, and nothing has
            // run in it yet.
            if (Unlocked.TryAdd(folder, true))
            {
                foreach (var file in Directory.EnumerateFiles(folder, "*.lock", SearchOption.AllDirectories).Concat(Directory.EnumerateFiles(folder, "index-*")))
                {
                    File.Delete(file);
                }
            }

            var outcome = await RunAsync(new(folder, ["init", "--quiet", "--bare", "--template="], environment.Variables(folder), Short), cancellation);
            if (outcome.ExitCode != 0)
            {
                throw GitErrors.For(outcome, "Making the local repository");
            }

            Volatile.Write(ref isMade, true);
        }
        finally
        {
            making.Release();
        }
    }
}
