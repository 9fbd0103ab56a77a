namespace Ops.Runtime.Lifecycle;

/// <summary>What is done now to bring a version into service.</summary>
/// <param name="Name">One of <see cref="LoadSteps"/>.</param>
/// <param name="Done">How much of it is done; of files the snapshot's bytes count.</param>
/// <param name="Total">How much there is; 0 when nobody knows.</param>
internal sealed record LoadStep(string Name, int Done, int Total);

/// <summary>The names of steps, as the run folder and the log say them.</summary>
internal static class LoadSteps
{
    /// <summary>Files are fetched where they are not here yet, and hashed. Counted in bytes.</summary>
    public const string Files = "files";

    /// <summary>The engine reads and optimizes the model; it does not say how far it is.</summary>
    public const string Session = "session";

    /// <summary>The model runs with zeros. Counted in runs.</summary>
    public const string WarmUp = "warm-up";

    /// <summary>It is measured on how many threads a run is fastest.</summary>
    public const string Threads = "threads";
}
