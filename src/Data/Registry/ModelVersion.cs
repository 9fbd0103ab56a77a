using System.Security.Cryptography;
using System.Text;

namespace Ops.Data.Registry;

/// <summary>Whether a version can be rolled out.</summary>
public enum VersionState
{
    /// <summary>Complete and verified.</summary>
    Ready,

    /// <summary>Taken out of choices by a person; what runs goes on.</summary>
    Archived,

    /// <summary>Its bytes no longer match their SHA-256; it cannot be rolled out.</summary>
    Damaged,

    /// <summary>Deleted, and can be restored until its time is up.</summary>
    Deleted,

    /// <summary>Deleted for good: the row stays, so that its number and digest are never given to anything else; the bytes are gone.</summary>
    Purged,
}

/// <summary>An immutable upload. Only its state, its notes and the place of its bytes may change; what its files are never does.</summary>
public sealed class ModelVersion
{
    /// <summary>The longest account of a damage in characters.</summary>
    public const int MaxDamageLength = 2000;

    private ModelVersion()
    {
    }

    /// <summary>The key.</summary>
    public Guid Id { get; private init; }

    /// <summary>The model it belongs to.</summary>
    public Guid ModelId { get; private init; }

    /// <summary>1, 2, 3 ... within the model.</summary>
    public int Number { get; private init; }

    /// <summary>SHA-256 (hex) over the sorted files, see <see cref="ComputeDigest"/>. Approvals bind to it.</summary>
    public string Digest { get; private init; } = "";

    /// <summary>A name such as <c>onnx</c>, detected from the files.</summary>
    public string Format { get; private init; } = "";

    /// <summary>All files together, in bytes.</summary>
    public long SizeBytes { get; private init; }

    /// <summary>What the reader of the format found (signature, opset, producer ...), as JSON, or null.</summary>
    public string? MetadataJson { get; private init; }

    /// <summary>Where it came from (source, parent version, training run, commit), as JSON, or null.</summary>
    public string? LineageJson { get; private init; }

    /// <summary>Notes of the uploader, at most 4,000 characters.</summary>
    public string Notes { get; private set; } = "";

    /// <summary>The name of the model store that holds the bytes.</summary>
    public string Store { get; private set; } = "";

    /// <summary>Who uploaded it; that person may not approve its rollout.</summary>
    public Guid UploadedById { get; private init; }

    /// <summary>The uploader's name at the time.</summary>
    public string UploadedByName { get; private init; } = "";

    /// <summary>When it became visible.</summary>
    public DateTimeOffset CreatedAt { get; private init; }

    /// <summary>Whether it can be rolled out.</summary>
    public VersionState State { get; private set; }

    /// <summary>When all its bytes were last read back and had their SHA-256, or null when that was before it was kept.</summary>
    public DateTimeOffset? LastVerifiedAt { get; private set; }

    /// <summary>When a person asked to have it verified, or null when nobody waits for that.</summary>
    public DateTimeOffset? VerifyRequestedAt { get; private set; }

    /// <summary>Which files do not match and why, at most <see cref="MaxDamageLength"/> characters; null while it is not damaged.</summary>
    public string? DamageMessage { get; private set; }

    /// <summary>What it was before it was found damaged, so that it becomes that again.</summary>
    public VersionState? StateBeforeDamage { get; private set; }

    /// <summary>When it was deleted, or null.</summary>
    public DateTimeOffset? DeletedAt { get; private set; }

    /// <summary>Who deleted it, or null.</summary>
    public string? DeletedByName { get; private set; }

    /// <summary>What it was before it was deleted, so that it becomes that again.</summary>
    public VersionState? StateBeforeDeletion { get; private set; }

    /// <summary>When its bytes were given up for good, or null.</summary>
    public DateTimeOffset? PurgedAt { get; private set; }

    /// <summary>Whether it is deleted, for good or not yet.</summary>
    public bool IsDeleted => State is VersionState.Deleted or VersionState.Purged;

    /// <summary>Optimistic concurrency token.</summary>
    public int Revision { get; private set; }

    /// <summary>The files, in path order.</summary>
    public List<VersionFile> Files { get; private init; } = [];

    /// <summary>Makes a complete version.</summary>
    /// <param name="files">Path, bytes and SHA-256 of each file, and the opaque id of its object in the store.</param>
    /// <param name="details">Everything else about it.</param>
    public static ModelVersion Create(IReadOnlyCollection<VersionFile> files, NewVersion details) => new()
    {
        Id = details.Id,
        ModelId = details.ModelId,
        Number = details.Number,
        Digest = ComputeDigest(files.Select(f => (f.Path, f.Sha256))),
        Format = details.Format,
        SizeBytes = files.Sum(f => f.SizeBytes),
        MetadataJson = details.MetadataJson,
        LineageJson = details.LineageJson,
        Notes = details.Notes,
        Store = details.Store,
        UploadedById = details.UploadedById,
        UploadedByName = details.UploadedByName,
        CreatedAt = details.Now,

        // Every byte of an upload is read back before it becomes a version.
        LastVerifiedAt = details.Now,
        Files = [.. files.OrderBy(f => f.Path, StringComparer.Ordinal)],
    };

    /// <summary>SHA-256 (lower-case hex) over lines of <c>sha256 two spaces path newline</c>, sorted by path in ordinal order: the same text <c>sha256sum</c> prints.</summary>
    public static string ComputeDigest(IEnumerable<(string Path, string Sha256)> files)
    {
        var text = new StringBuilder();
        foreach (var (path, sha256) in files.OrderBy(f => f.Path, StringComparer.Ordinal))
        {
            text.Append(sha256).Append("  ").Append(path).Append('\n');
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    /// <summary>Takes it out of choices.</summary>
    public Result Archive() => Move(VersionState.Ready, VersionState.Archived, "archived");

    /// <summary>Undoes <see cref="Archive"/>.</summary>
    public Result Restore() => Move(VersionState.Archived, VersionState.Ready, "restored");

    /// <summary>Blocks it: the stored bytes do not match any more.</summary>
    /// <param name="why">Which files and why, in plain words.</param>
    public void MarkDamaged(string why = "")
    {
        if (State != VersionState.Damaged)
        {
            StateBeforeDamage = State;
            State = VersionState.Damaged;
        }

        DamageMessage = why.Length <= MaxDamageLength ? why : why[..(MaxDamageLength - 1)] + "…";
        Revision++;
    }

    /// <summary>Undoes <see cref="MarkDamaged"/>: the stored bytes have their SHA-256 again.</summary>
    public Result Recover()
    {
        var recovered = Move(VersionState.Damaged, StateBeforeDamage ?? VersionState.Ready, "recovered");
        if (recovered.Succeeded)
        {
            (StateBeforeDamage, DamageMessage) = (null, null);
        }

        return recovered;
    }

    /// <summary>Puts it into the line of versions to verify.</summary>
    public Result RequestVerification(DateTimeOffset now)
    {
        if (IsDeleted)
        {
            return Failure.Conflict($"Version {Number} is deleted. Restore it first.");
        }

        VerifyRequestedAt ??= now;
        Revision++;
        return Result.Done;
    }

    /// <summary>Takes it out of that line.</summary>
    public Result CancelVerification()
    {
        if (VerifyRequestedAt is null)
        {
            return Failure.Conflict($"Version {Number} is not being verified.");
        }

        VerifyRequestedAt = null;
        Revision++;
        return Result.Done;
    }

    /// <summary>Deletes it in a way that can be undone.</summary>
    public Result Delete(string byName, DateTimeOffset now)
    {
        if (IsDeleted)
        {
            return Failure.Conflict($"Version {Number} is deleted already.");
        }

        (StateBeforeDeletion, State) = (State, VersionState.Deleted);
        (DeletedAt, DeletedByName, VerifyRequestedAt) = (now, byName, null);
        Revision++;
        return Result.Done;
    }

    /// <summary>Undoes <see cref="Delete"/>. Its bytes were not looked at meanwhile, so it goes into the line of versions to verify.</summary>
    public Result Undelete(DateTimeOffset now)
    {
        var restored = State == VersionState.Purged
            ? Failure.Conflict($"Version {Number} is deleted for good; its bytes are gone.")
            : Move(VersionState.Deleted, StateBeforeDeletion ?? VersionState.Ready, "restored");
        if (restored.Succeeded)
        {
            (StateBeforeDeletion, DeletedAt, DeletedByName, VerifyRequestedAt) = (null, null, null, now);
        }

        return restored;
    }

    /// <summary>Gives its bytes up for good. Number, digest and the list of files stay.</summary>
    public Result Purge(DateTimeOffset now)
    {
        var purged = Move(VersionState.Deleted, VersionState.Purged, "deleted for good");
        if (purged.Succeeded)
        {
            PurgedAt = now;
        }

        return purged;
    }

    /// <summary>Notes that something begins to depend on it: a command that deletes it in the same moment then finds it changed and looks again.</summary>
    public void Hold() => Revision++;

    /// <summary>Takes over copies of its files in another store.</summary>
    /// <param name="store">The store's name.</param>
    /// <param name="objects">The new object of each object it has now. <see cref="Files"/> must be loaded.</param>
    public Result MoveTo(string store, IReadOnlyDictionary<string, string> objects)
    {
        if (IsDeleted)
        {
            return Failure.Conflict($"Version {Number} is deleted. Restore it first.");
        }

        if (Files.Count == 0 || Files.Any(f => !objects.ContainsKey(f.ObjectId)))
        {
            return Failure.Conflict($"Not every file of version {Number} was copied.");
        }

        foreach (var file in Files)
        {
            file.ObjectId = objects[file.ObjectId];
        }

        Store = store;
        Revision++;
        return Result.Done;
    }

    private Result Move(VersionState from, VersionState to, string verb)
    {
        if (State != from)
        {
            return Failure.Conflict($"Version {Number} is {State} and cannot be {verb}.");
        }

        State = to;
        Revision++;
        return Result.Done;
    }
}
