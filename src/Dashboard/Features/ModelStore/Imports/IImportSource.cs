using Ops.Data;

namespace Ops.Dashboard.Features.ModelStore.Imports;

/// <summary>A kind of place that versions are fetched from. Each knows one scheme; none knows transfers or stores.</summary>
internal interface IImportSource
{
    /// <summary>The unique word for it, such as <c>https</c>.</summary>
    string Scheme { get; }

    /// <summary>Says what is wrong with an address, without asking anybody.</summary>
    Result Check(ImportAddress address);

    /// <summary>Asks the source which files there are now, and pins them to an exact revision where it has such a thing.</summary>
    /// <param name="job">What is fetched, and a folder of its own for what the source has to keep.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ImportRefusedException">The address leads nowhere, or nowhere that may be read.</exception>
    /// <exception cref="ImportInterruptedException">The source does not answer right now.</exception>
    Task<ImportListing> ListAsync(ImportJob job, CancellationToken cancellation);

    /// <summary>Opens one file of a listing, made now or before a restart.</summary>
    /// <param name="job">As for <see cref="ListAsync"/>.</param>
    /// <param name="file">Which file.</param>
    /// <param name="offset">The first byte that is wanted; the stream begins exactly there.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ImportChangedException">It is not the file that was listed any more.</exception>
    /// <exception cref="ImportInterruptedException">The source does not answer right now.</exception>
    Task<Stream> OpenAsync(ImportJob job, ImportFile file, long offset, CancellationToken cancellation);
}

/// <summary>One import as its source sees it.</summary>
/// <param name="Address">Where from.</param>
/// <param name="Folder">An existing empty folder, kept from try to try and deleted in the end.</param>
internal sealed record ImportJob(ImportAddress Address, string Folder);

/// <summary>What there is at a source.</summary>
/// <param name="Files">The files; never empty.</param>
/// <param name="Revision">The exact revision, such as a commit, or null.</param>
internal sealed record ImportListing(IReadOnlyList<ImportFile> Files, string? Revision = null);

/// <summary>A file at a source.</summary>
internal sealed record ImportFile
{
    /// <summary>Its path in the version: relative, with forward slashes. Not checked yet.</summary>
    public required string Path { get; init; }

    /// <summary>What the source calls it; means nothing to anybody else.</summary>
    public string Origin { get; init; } = "";

    /// <summary>Length in bytes, or null when the source does not say.</summary>
    public long? Size { get; init; }

    /// <summary>SHA-256 (hex) that the source says it has, or null.</summary>
    public string? Sha256 { get; init; }

    /// <summary>What tells this state of the file from another (a strong ETag or a date of change), or null.</summary>
    public string? Validator { get; init; }

    /// <summary>Whether the origin names these bytes and no others for ever, as a commit or a hash does.</summary>
    public bool IsImmutable { get; init; }

    /// <summary>Whether its bytes lie in the import's own folder already, under the name in <see cref="Origin"/>.</summary>
    public bool IsStaged { get; init; }
}
