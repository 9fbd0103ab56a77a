namespace Ops.Runtime.Fetching;

/// <summary>Where files lie until they are verified: beside the place they are for, so that a rename brings them there.</summary>
internal sealed class IncomingFolder : IDisposable
{
    /// <summary>The name such a folder has.</summary>
    public const string Name = ".incoming";

    private const string LockName = "lock";

    /// <summary>What a killed process left half-fetched in a folder that is shared is removed by a later one after this long.</summary>
    private static readonly TimeSpan LeftoverAge = TimeSpan.FromDays(1);

    private readonly string path;
    private readonly FileStream? claim;

    private IncomingFolder(string path, FileStream? claim) => (this.path, this.claim) = (path, claim);

    /// <summary>Whether a later process goes on with what this one leaves.</summary>
    public bool Resumes => claim is not null;

    /// <summary>Opens the one of a folder that several processes use at the same time: none touches what another fetches.</summary>
    public static IncomingFolder Shared(string parent, TimeProvider time)
    {
        var folder = new IncomingFolder(Prepare(parent), null);
        var before = time.GetUtcNow().UtcDateTime - LeftoverAge;
        folder.Remove(f => f.LastWriteTimeUtc < before);
        return folder;
    }

    /// <summary>Opens the one of a folder for this process alone, with what an earlier one left of the same files.</summary>
    /// <exception cref="FetchException">Another process has it.</exception>
    public static IncomingFolder Own(string parent, IReadOnlyList<WantedFile> files)
    {
        var path = Prepare(parent);
        var name = Path.Combine(path, LockName);
        FileStream claim;
        try
        {
            // Let go by the system when the process ends, however it ends. It is never removed: who has an old one open would hold the wrong one.
            claim = new FileStream(name, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception) when (File.Exists(name))
        {
            throw new FetchException(FetchTrouble.Storage, "Another process fetches into this folder.", exception);
        }

        var folder = new IncomingFolder(path, claim);
        var wanted = files.Select(PartName).Append(LockName).ToHashSet(StringComparer.Ordinal);
        folder.Remove(f => !wanted.Contains(f.Name));
        return folder;
    }

    /// <summary>Where a file lies while it is on its way.</summary>
    public string PathOf(WantedFile file) => Path.Combine(path, Resumes ? PartName(file) : Guid.NewGuid().ToString("N"));

    public void Dispose() => claim?.Dispose();

    private static string Prepare(string parent)
    {
        var path = Path.Combine(parent, Name);
        Directory.CreateDirectory(path);
        VerifiedFiles.RefuseLink(path);
        return path;
    }

    private static string PartName(WantedFile file) => $"{file.Sha256.ToLowerInvariant()}.part";

    private void Remove(Func<FileInfo, bool> isLeftover)
    {
        foreach (var leftover in new DirectoryInfo(path).EnumerateFiles().Where(isLeftover))
        {
            leftover.Delete();
        }
    }
}
