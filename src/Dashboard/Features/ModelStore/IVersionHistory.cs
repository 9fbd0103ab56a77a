namespace Ops.Dashboard.Features.ModelStore;

/// <summary>
/// What a store can do that keeps versions as such beside their objects, for people who look at it with other programs.
/// The registry stays what counts; this follows it and can be made anew from it at any time.
/// </summary>
internal interface IVersionHistory
{
    /// <summary>Lists the versions that are written down, by <see cref="VersionRecord.Key"/>, with what the store calls each (a commit id).</summary>
    Task<IReadOnlyDictionary<string, string>> ListAsync(CancellationToken cancellation);

    /// <summary>Writes a version down. Idempotent: written down already is done.</summary>
    /// <returns>What the store calls it.</returns>
    /// <exception cref="FileNotFoundException">One of its objects is not in the store.</exception>
    Task<string> RecordAsync(VersionRecord version, CancellationToken cancellation);

    /// <summary>Takes the name of a version away, once its objects are deleted. Idempotent.</summary>
    Task ForgetAsync(string model, int number, CancellationToken cancellation);

    /// <summary>Where a version is written down, or null when it is not. Asks the store only about what this process has not seen yet.</summary>
    Task<WrittenVersion?> FindAsync(string model, int number, CancellationToken cancellation);
}

/// <summary>Where people with other programs find a version.</summary>
/// <param name="Commit">The whole id of the commit.</param>
/// <param name="Tag">The tag that names it.</param>
internal sealed record WrittenVersion(string Commit, string Tag);

/// <summary>A version as its store writes it down.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Number">Its number.</param>
/// <param name="Digest">SHA-256 over its files, what people decide about.</param>
/// <param name="UploadedBy">The name of who uploaded it.</param>
/// <param name="CreatedAt">When it became a version.</param>
/// <param name="Files">Its files with their real paths.</param>
internal sealed record VersionRecord(string Model, int Number, string Digest, string UploadedBy, DateTimeOffset CreatedAt, IReadOnlyList<RecordedFile> Files)
{
    /// <summary>The key of a version in <see cref="IVersionHistory.ListAsync"/>.</summary>
    public static string Key(string model, int number) => $"{model}/v{number}";
}

/// <summary>A file of a version as its store writes it down.</summary>
internal sealed record RecordedFile(string Path, string ObjectId, string Sha256, long SizeBytes);
