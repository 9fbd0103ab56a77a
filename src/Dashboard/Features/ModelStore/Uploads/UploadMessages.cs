using System.Text.Json.Serialization;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.Uploads;

/// <summary>What a browser sends to begin an upload.</summary>
internal sealed record BeginUpload
{
    /// <summary>The model's name; the model is made when there is none of that name.</summary>
    public string? Model { get; init; }

    /// <summary>What a new model is for.</summary>
    public string? Description { get; init; }

    /// <summary>Notes for the version.</summary>
    public string? Notes { get; init; }

    /// <summary>Where the version came from.</summary>
    public Lineage? Lineage { get; init; }

    /// <summary>Whether a single archive (zip, tar, tar.gz) is unpacked into files of the version.</summary>
    public bool Unpack { get; init; }

    /// <summary>The store that was chosen; none means the default.</summary>
    public string? Store { get; init; }

    /// <summary>The environment that the version is meant for; its default store takes it when none was chosen.</summary>
    [JsonConverter(typeof(JsonStringEnumConverter<StoreDefaultScope>))]
    public StoreDefaultScope? Environment { get; init; }

    /// <summary>The files; their bytes follow as parts.</summary>
    public IReadOnlyList<AnnouncedFile>? Files { get; init; }
}

/// <summary>A file as the browser announces it.</summary>
/// <param name="Path">Relative, with forward slashes.</param>
/// <param name="Size">Bytes.</param>
internal sealed record AnnouncedFile(string? Path, long Size);

/// <summary>Where a version came from, in the uploader's words. Stored as JSON with the version.</summary>
internal sealed record Lineage
{
    /// <summary>Such as the address of the training code or data set.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Source { get; init; }

    /// <summary>The training run.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TrainingRun { get; init; }

    /// <summary>The commit of the code that trained it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Commit { get; init; }
}

/// <summary>What a browser sends once every part is there.</summary>
/// <param name="Files">The hash of every file.</param>
internal sealed record CompleteUpload(IReadOnlyList<HashedFile>? Files);

/// <summary>SHA-256 (hex) of one whole file, computed by the browser.</summary>
internal sealed record HashedFile(Guid Id, string? Sha256);

/// <summary>Which parts a browser wants to send next.</summary>
internal sealed record AskAddresses(IReadOnlyList<PartName>? Parts);

/// <summary>A part of a file of the upload.</summary>
/// <param name="FileId">The file.</param>
/// <param name="Number">From 1.</param>
/// <param name="Sha256">SHA-256 (hex) of its bytes, where the browser knows it. Only then it may get an address of the store, which refuses other bytes.</param>
internal sealed record PartName(Guid FileId, int Number, string? Sha256 = null);

/// <summary>What a browser has sent straight to the store; with no parts, the question what is there.</summary>
/// <param name="Parts">The parts with the hashes of their bytes.</param>
internal sealed record ReportParts(IReadOnlyList<PartName>? Parts);

/// <summary>What the store was found to have.</summary>
internal sealed record ReportedParts
{
    /// <summary>Parts that were reported, are in the store, and count now.</summary>
    public required IReadOnlyList<PartName> Recorded { get; init; }

    /// <summary>Parts that are in the store and do not count yet: report them with the hash of the bytes they should have.</summary>
    public required IReadOnlyList<PartName> Found { get; init; }

    /// <summary>Files of which the store has lost what it had: all of their parts have to be sent again.</summary>
    public required IReadOnlyList<Guid> Lost { get; init; }
}

/// <summary>What a browser sends when it cannot send to the store.</summary>
/// <param name="Trouble">Why: one of <see cref="Ops.Data.ModelStore.DirectTrouble"/>.</param>
internal sealed record SendThroughDashboard(string? Trouble);

/// <summary>Where and how to send a part. A store may take parts itself: the browser follows what it is told here.</summary>
internal sealed record PartAddress
{
    /// <summary>The file.</summary>
    public required Guid FileId { get; init; }

    /// <summary>The part.</summary>
    public required int Number { get; init; }

    /// <summary>Where to.</summary>
    public required string Url { get; init; }

    /// <summary>The HTTP method.</summary>
    public string Method { get; init; } = "PUT";

    /// <summary>Headers to send with it.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether the address is the dashboard's own and takes its cookie and antiforgery header. Parts sent elsewhere have to be reported.</summary>
    public required bool SameOrigin { get; init; }

    /// <summary>How many seconds the address works, null when it does not end.</summary>
    public int? LifetimeSeconds { get; init; }
}

/// <summary>An upload as its owner sees it.</summary>
internal sealed record UploadStatus
{
    /// <summary>The key.</summary>
    public required Guid Id { get; init; }

    /// <summary>Open, Verifying, Completed, Cancelled, Expired or Refused.</summary>
    public required string State { get; init; }

    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it is collected unless it goes on.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Bytes of all files.</summary>
    public required long TotalBytes { get; init; }

    /// <summary>Bytes of the parts that are there.</summary>
    public required long ReceivedBytes { get; init; }

    /// <summary>Bytes read again for verification so far.</summary>
    public long VerifiedBytes { get; init; }

    /// <summary>Why it was refused, or what is in the way right now, in plain words.</summary>
    public string? Message { get; init; }

    /// <summary>Where the browser sends large files itself; null when everything goes through the dashboard.</summary>
    public DirectStatus? Direct { get; init; }

    /// <summary>The version it became.</summary>
    public UploadedVersion? Version { get; init; }

    /// <summary>The files, at most <see cref="UploadQueries.ListedFiles"/> of them in lists.</summary>
    public required IReadOnlyList<UploadFileStatus> Files { get; init; }

    /// <summary>How many files there are.</summary>
    public required int FileCount { get; init; }
}

/// <summary>A store that takes parts from browsers.</summary>
/// <param name="Server">Its address for browsers: scheme, host and port.</param>
/// <param name="Trouble">Why this upload goes through the dashboard all the same, or null.</param>
internal sealed record DirectStatus(string Server, string? Trouble);

/// <summary>The version an upload became.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Url">Its page.</param>
/// <param name="SameBytesAs">The first older version of the model with exactly the same files, or null.</param>
internal sealed record UploadedVersion(int Number, string Url, int? SameBytesAs);

/// <summary>How far a file is.</summary>
internal sealed record UploadFileStatus
{
    /// <summary>The key, part of part addresses.</summary>
    public required Guid Id { get; init; }

    /// <summary>Its path in the version.</summary>
    public required string Path { get; init; }

    /// <summary>Bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Bytes of every part but the last.</summary>
    public required int PartSize { get; init; }

    /// <summary>How many parts it has.</summary>
    public required int PartCount { get; init; }

    /// <summary>Parts that are there, as inclusive ranges <c>[first, last]</c> in order.</summary>
    public required IReadOnlyList<int[]> Parts { get; init; }

    /// <summary>SHA-256 of the first of <see cref="Parts"/>, whichever number it has since several are sent at once; null without any. Tells whether a
    /// file chosen again is the same one.</summary>
    public string? FirstPartSha256 { get; init; }
}

/// <summary>The answer to a part.</summary>
/// <param name="Number">The part.</param>
/// <param name="Sha256">SHA-256 (hex) of its bytes as they arrived.</param>
internal sealed record PartKept(int Number, string Sha256);
