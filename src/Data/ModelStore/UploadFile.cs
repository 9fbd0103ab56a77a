namespace Ops.Data.ModelStore;

/// <summary>One file of an upload.</summary>
public sealed class UploadFile
{
    /// <summary>The opaque key, also used in part URLs.</summary>
    public Guid Id { get; init; }

    /// <summary>The upload.</summary>
    public Guid UploadId { get; init; }

    /// <summary>Relative path in the version, checked.</summary>
    public required string Path { get; init; }

    /// <summary>Length in bytes as the browser announced it; parts must add up to it.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>Bytes of every part but the last.</summary>
    public required int PartSizeBytes { get; init; }

    /// <summary>The opaque id of the object in the store.</summary>
    public required string ObjectId { get; init; }

    /// <summary>What the store calls the unfinished object (an upload id on S3), once it was begun and if the store gives one.</summary>
    public string? StoreToken { get; set; }

    /// <summary>SHA-256 (hex) that the browser computed, once it told; of a transfer the one the file must have, or null where nobody knows it.</summary>
    public string? BrowserSha256 { get; set; }

    /// <summary>SHA-256 (hex) that the server computed over the whole file.</summary>
    public string? ServerSha256 { get; set; }

    /// <summary>How many parts the file has; an empty file has one empty part.</summary>
    public int PartCount => SizeBytes == 0 ? 1 : (int)((SizeBytes + PartSizeBytes - 1) / PartSizeBytes);

    /// <summary>The size of a part in bytes.</summary>
    /// <param name="number">1 to <see cref="PartCount"/>.</param>
    public int SizeOfPart(int number) => number < PartCount ? PartSizeBytes : (int)(SizeBytes - ((long)(PartCount - 1) * PartSizeBytes));
}

/// <summary>A part that was acknowledged: its bytes are durable in the store.</summary>
public sealed class UploadPart
{
    /// <summary>The file.</summary>
    public Guid FileId { get; init; }

    /// <summary>1 to <see cref="UploadFile.PartCount"/>.</summary>
    public int Number { get; init; }

    /// <summary>Length in bytes.</summary>
    public int SizeBytes { get; init; }

    /// <summary>SHA-256 (hex) of the part as received; of one that the browser sent straight to the store, as the browser computed it.</summary>
    public required string Sha256 { get; init; }

    /// <summary>The store's receipt for the part (an ETag on S3), or null.</summary>
    public string? Receipt { get; init; }
}
