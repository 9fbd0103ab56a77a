namespace Ops.Dashboard.Features.Targets;

/// <summary>What a replica does now to come into service, and how far it is with it.</summary>
/// <param name="Name">As the runtime calls it: one of the names here, or one that only a newer runtime knows.</param>
/// <param name="Done">How much is done: bytes of files, or runs.</param>
/// <param name="Total">How much there is; 0 when nobody knows.</param>
public sealed record LoadStep(string Name, long Done, long Total)
{
    /// <summary>The init step of a pod brings the version's files.</summary>
    public const string Download = "download";

    /// <summary>The runtime hashes the files, and fetches those that are not there yet.</summary>
    public const string Files = "files";

    private const string Session = "session";
    private const string WarmUp = "warm-up";
    private const string Threads = "threads";

    /// <summary>Whether bytes of a known total are counted, which a bar can show.</summary>
    public bool IsBytes => Name is Download or Files && Total > 0;

    /// <summary>In a few words.</summary>
    public string Words => Name switch
    {
        Download => "Download",
        Files => "Files verified",
        Session => "The engine reads and optimizes the model",
        WarmUp when Total > 0 => $"Warm-up, run {Math.Min(Done + 1, Total)} of {Total}",
        WarmUp => "Warm-up",
        Threads => "Measuring on how many threads it is fastest",
        _ => "Loading",
    };
}
