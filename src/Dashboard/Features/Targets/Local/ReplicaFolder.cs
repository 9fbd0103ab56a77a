namespace Ops.Dashboard.Features.Targets.Local;

/// <summary>The folder of one replica: its record, one run folder for each process that was started, and its log.</summary>
internal sealed class ReplicaFolder
{
    private const string RecordName = "replica.json";
    private const string RunPrefix = "run-";
    private const string GonePrefix = ".gone-";
    private readonly string path;

    private ReplicaFolder(string path) => this.path = path;

    /// <summary>Names the replica.</summary>
    public string Id => Path.GetFileName(path);

    /// <summary>What its processes wrote to standard output and error.</summary>
    public ReplicaLog Log => new(Path.Combine(path, "output.log"), Path.Combine(path, "output.1.log"));

    /// <summary>The folder of a replica below the folder of all; it need not exist yet.</summary>
    public static ReplicaFolder Of(string root, string id) => new(Path.Combine(root, id));

    /// <summary>All folders that are there. Those whose removal was cut short are removed on the way.</summary>
    public static IReadOnlyList<ReplicaFolder> All(string root)
    {
        foreach (var gone in Directory.GetDirectories(root, GonePrefix + "*"))
        {
            Directory.Delete(gone, recursive: true);
        }

        return [.. Directory.GetDirectories(root).Order(StringComparer.Ordinal).Select(folder => new ReplicaFolder(folder))];
    }

    /// <summary>Reads the record, or null when there is none that holds together: then no process was ever started with our knowledge.</summary>
    public ReplicaRecord? ReadRecord()
    {
        var file = Path.Combine(path, RecordName);
        return File.Exists(file) && ReplicaRecord.Parse(File.ReadAllBytes(file)) is { } record && record.Id == Id ? record : null;
    }

    /// <summary>Replaces the record in one step, on the disk before it returns.</summary>
    public void Write(ReplicaRecord record)
    {
        MakeFolder(path);
        var temporary = Path.Combine(path, $".{RecordName}");
        using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            stream.Write(record.Serialize());
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, Path.Combine(path, RecordName), overwrite: true);
    }

    /// <summary>Where a process and we know of each other.</summary>
    public string RunFolder(string instance) => Path.Combine(path, RunPrefix + instance);

    /// <summary>The configuration of a process, inside its run folder.</summary>
    public string ConfigFile(string instance) => Path.Combine(RunFolder(instance), "config.json");

    /// <summary>Makes the run folder of a new process. Those of earlier ones go: whichever of them is still starting finds none and ends.</summary>
    public void PrepareRun(string instance, byte[] configuration)
    {
        RemoveRuns();
        MakeFolder(RunFolder(instance));
        File.WriteAllBytes(ConfigFile(instance), configuration);
    }

    /// <summary>What the process said last, or null while it has said nothing.</summary>
    public ProcessReport? ReadProcess(string instance)
    {
        try
        {
            return ProcessReport.Parse(File.ReadAllBytes(Path.Combine(RunFolder(instance), "process.json")), instance);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Removes all run folders; a process that still watches one drains and ends.</summary>
    public void RemoveRuns()
    {
        if (!Directory.Exists(path))
        {
            return;
        }

        foreach (var run in Directory.GetDirectories(path, RunPrefix + "*"))
        {
            Directory.Delete(run, recursive: true);
        }
    }

    /// <summary>Removes everything. The rename comes first, so that a removal cut short cannot be taken for a replica.</summary>
    public void Remove()
    {
        if (!Directory.Exists(path))
        {
            return;
        }

        var gone = Path.Combine(Path.GetDirectoryName(path)!, GonePrefix + Id);
        Directory.Move(path, gone);
        Directory.Delete(gone, recursive: true);
    }

    // Plans may carry values that are nobody else's business on a shared machine.
    private static void MakeFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
