using Ops.Data.Registry;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Registry.Queries;

/// <summary>An endpoint that uses a version.</summary>
/// <param name="ModelId">The model.</param>
/// <param name="Endpoint">The endpoint's name.</param>
/// <param name="Environment">What its target is for.</param>
/// <param name="Version">The version's number.</param>
/// <param name="Rolling">True while an active rollout brings it there; false where it is the stable one.</param>
public sealed record RunPlace(Guid ModelId, string Endpoint, TargetEnvironment Environment, int Version, bool Rolling);

/// <summary>A movable name and the version it is on.</summary>
/// <param name="ModelId">The model.</param>
/// <param name="Name">The alias.</param>
/// <param name="Version">The version's number.</param>
/// <param name="MovedAt">When it came there.</param>
/// <param name="MovedByName">Who moved it.</param>
public sealed record AliasView(Guid ModelId, string Name, int Version, DateTimeOffset MovedAt, string MovedByName);

/// <summary>A model in a list.</summary>
/// <param name="Id">The key.</param>
/// <param name="Name">Its name.</param>
/// <param name="OwnerName">Who is asked about it.</param>
/// <param name="LatestVersion">The highest version number, 0 before the first.</param>
/// <param name="UpdatedAt">When it or a version of it last changed.</param>
/// <param name="IsArchived">Whether it is out of use.</param>
public sealed record ModelRow(Guid Id, string Name, string OwnerName, int LatestVersion, DateTimeOffset UpdatedAt, bool IsArchived)
{
    /// <summary>The tags.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>The format of the latest version, or null before the first.</summary>
    public string? Format { get; init; }

    /// <summary>The size of the latest version in bytes, or null before the first.</summary>
    public long? SizeBytes { get; init; }

    /// <summary>The aliases by name.</summary>
    public IReadOnlyList<AliasView> Aliases { get; init; } = [];

    /// <summary>Where its versions run now.</summary>
    public IReadOnlyList<RunPlace> Runs { get; init; } = [];
}

/// <summary>One page of models.</summary>
/// <param name="Rows">The models in order.</param>
/// <param name="Before">The place from which the page before is read, or null on the first page.</param>
/// <param name="After">The place from which the next page is read, or null on the last page.</param>
public sealed record ModelRows(IReadOnlyList<ModelRow> Rows, string? Before, string? After);

/// <summary>Everything about a model but its versions.</summary>
public sealed record ModelDetail
{
    /// <summary>The key.</summary>
    public required Guid Id { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>What it is for, in Markdown.</summary>
    public required string Description { get; init; }

    /// <summary>The tags.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>Who is asked about it.</summary>
    public required string OwnerName { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it or a version of it last changed.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>When it was archived, or null.</summary>
    public required DateTimeOffset? ArchivedAt { get; init; }

    /// <summary>The highest version number, 0 before the first.</summary>
    public required int LatestVersion { get; init; }

    /// <summary>The aliases by name.</summary>
    public IReadOnlyList<AliasView> Aliases { get; init; } = [];

    /// <summary>Where its versions run now.</summary>
    public IReadOnlyList<RunPlace> Runs { get; init; } = [];
}

/// <summary>A version in a list.</summary>
/// <param name="Id">The key.</param>
/// <param name="Number">Its number.</param>
/// <param name="Format">Its format.</param>
/// <param name="SizeBytes">All files together.</param>
/// <param name="State">Whether it can be rolled out.</param>
/// <param name="UploadedByName">Who uploaded it.</param>
/// <param name="CreatedAt">When it became visible.</param>
/// <param name="Notes">The uploader's notes.</param>
public sealed record VersionRow(Guid Id, int Number, string Format, long SizeBytes, VersionState State, string UploadedByName, DateTimeOffset CreatedAt, string Notes)
{
    /// <summary>When it was deleted, or null.</summary>
    public DateTimeOffset? DeletedAt { get; init; }

    /// <summary>Who deleted it, or null.</summary>
    public string? DeletedByName { get; init; }
}

/// <summary>Versions of a model, newest first.</summary>
/// <param name="Rows">The versions.</param>
/// <param name="HasOlder">Whether there are older ones.</param>
public sealed record VersionRows(IReadOnlyList<VersionRow> Rows, bool HasOlder);

/// <summary>A file of a version, without the id of its object, which nobody outside the store needs.</summary>
/// <param name="Path">Its path in the version.</param>
/// <param name="SizeBytes">Its length.</param>
/// <param name="Sha256">SHA-256 in lower-case hex.</param>
public sealed record FileView(string Path, long SizeBytes, string Sha256);

/// <summary>Everything about a version.</summary>
public sealed record VersionDetail
{
    /// <summary>The key.</summary>
    public required Guid Id { get; init; }

    /// <summary>The model's key.</summary>
    public required Guid ModelId { get; init; }

    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>Whether the model is archived.</summary>
    public required bool ModelIsArchived { get; init; }

    /// <summary>The model's highest version number.</summary>
    public required int LatestVersion { get; init; }

    /// <summary>The number.</summary>
    public required int Number { get; init; }

    /// <summary>SHA-256 (hex) over all files; approvals bind to it.</summary>
    public required string Digest { get; init; }

    /// <summary>The format.</summary>
    public required string Format { get; init; }

    /// <summary>All files together, in bytes.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>What the format's reader found, as JSON, or null.</summary>
    public required string? MetadataJson { get; init; }

    /// <summary>Where it came from, as JSON, or null.</summary>
    public required string? LineageJson { get; init; }

    /// <summary>The uploader's notes.</summary>
    public required string Notes { get; init; }

    /// <summary>The store that holds the bytes.</summary>
    public required string Store { get; init; }

    /// <summary>Who uploaded it.</summary>
    public required string UploadedByName { get; init; }

    /// <summary>When it became visible.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Whether it can be rolled out.</summary>
    public required VersionState State { get; init; }

    /// <summary>When all its bytes were last read back and compared, or null.</summary>
    public DateTimeOffset? LastVerifiedAt { get; init; }

    /// <summary>When somebody asked to have it verified, or null while nobody waits for that.</summary>
    public DateTimeOffset? VerifyRequestedAt { get; init; }

    /// <summary>Which files are damaged and why, or null.</summary>
    public string? DamageMessage { get; init; }

    /// <summary>When it was deleted, or null.</summary>
    public DateTimeOffset? DeletedAt { get; init; }

    /// <summary>Who deleted it, or null.</summary>
    public string? DeletedByName { get; init; }

    /// <summary>When its bytes were given up for good, or null.</summary>
    public DateTimeOffset? PurgedAt { get; init; }

    /// <summary>The files in path order.</summary>
    public IReadOnlyList<FileView> Files { get; init; } = [];

    /// <summary>The aliases of the whole model by name.</summary>
    public IReadOnlyList<AliasView> ModelAliases { get; init; } = [];

    /// <summary>Where this version runs now.</summary>
    public IReadOnlyList<RunPlace> Runs { get; init; } = [];

    /// <summary>An earlier version of the same model with the same bytes, or null.</summary>
    public int? SameAs { get; init; }
}
