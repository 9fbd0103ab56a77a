namespace Ops.Data.Registry;

/// <summary>What <see cref="ModelVersion.Create"/> needs beside the files.</summary>
public sealed record NewVersion
{
    /// <summary>The key, chosen before the bytes arrive.</summary>
    public required Guid Id { get; init; }

    /// <summary>The model.</summary>
    public required Guid ModelId { get; init; }

    /// <summary>From <see cref="Model.NextVersion"/>.</summary>
    public required int Number { get; init; }

    /// <summary>The detected format.</summary>
    public required string Format { get; init; }

    /// <summary>What the format's reader found, as JSON.</summary>
    public string? MetadataJson { get; init; }

    /// <summary>Where it came from, as JSON.</summary>
    public string? LineageJson { get; init; }

    /// <summary>The uploader's notes.</summary>
    public string Notes { get; init; } = "";

    /// <summary>The store's name.</summary>
    public required string Store { get; init; }

    /// <summary>The uploader.</summary>
    public required Guid UploadedById { get; init; }

    /// <summary>The uploader's name.</summary>
    public required string UploadedByName { get; init; }

    /// <summary>The time.</summary>
    public required DateTimeOffset Now { get; init; }
}

/// <summary>One file of a version.</summary>
public sealed class VersionFile
{
    /// <summary>The longest path in characters: it is part of a key, and PostgreSQL's index rows end at 2,704 bytes.</summary>
    public const int MaxPathLength = 512;

    /// <summary>The version.</summary>
    public Guid VersionId { get; init; }

    /// <summary>Relative, forward slashes, checked by the upload; part of the key.</summary>
    public required string Path { get; init; }

    /// <summary>Length in bytes.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>SHA-256 in lower-case hex, computed by the server.</summary>
    public required string Sha256 { get; init; }

    /// <summary>The opaque id of the object in the model store; never shown, never taken from a request. Files with the same bytes share one, also between versions.</summary>
    public required string ObjectId { get; set; }
}
