namespace Ops.Data.Registry;

/// <summary>How far the move of a version to another store is.</summary>
public enum VersionMoveState
{
    /// <summary>Its objects are being copied; the version is where it was.</summary>
    Copying,

    /// <summary>The version is in the new store; the old objects are being deleted.</summary>
    Cleaning,

    /// <summary>Done.</summary>
    Done,

    /// <summary>It could not be done; the version is where it was.</summary>
    Failed,

    /// <summary>A person gave it up; the version is where it was.</summary>
    Cancelled,
}

/// <summary>The move of a version's bytes from one store to another. Survives a kill at any line: what was copied is found again, and until the switch the version stays where it was.</summary>
public sealed class VersionMove
{
    private VersionMove()
    {
    }

    /// <summary>The key.</summary>
    public Guid Id { get; private init; }

    /// <summary>The version.</summary>
    public Guid VersionId { get; private init; }

    /// <summary>Where it was.</summary>
    public string FromStore { get; private init; } = "";

    /// <summary>Where it goes.</summary>
    public string ToStore { get; private init; } = "";

    /// <summary>How far it is.</summary>
    public VersionMoveState State { get; private set; }

    /// <summary>Who asked.</summary>
    public string RequestedByName { get; private init; } = "";

    /// <summary>When.</summary>
    public DateTimeOffset RequestedAt { get; private init; }

    /// <summary>When it ended, or null.</summary>
    public DateTimeOffset? EndedAt { get; private set; }

    /// <summary>Why it failed, in plain words.</summary>
    public string? FailureMessage { get; private set; }

    /// <summary>Optimistic concurrency token.</summary>
    public int Revision { get; private set; }

    /// <summary>Each object of the version and the copy of it.</summary>
    public List<VersionMoveFile> Files { get; private init; } = [];

    /// <summary>Whether work is left.</summary>
    public bool IsUnfinished => State is VersionMoveState.Copying or VersionMoveState.Cleaning;

    /// <summary>Begins a move.</summary>
    /// <param name="version">With its files.</param>
    /// <param name="toStore">The store's name.</param>
    /// <param name="newObjectId">Makes an id for a copy.</param>
    /// <param name="byName">Who asked.</param>
    /// <param name="now">The time.</param>
    public static VersionMove Begin(ModelVersion version, string toStore, Func<string> newObjectId, string byName, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        VersionId = version.Id,
        FromStore = version.Store,
        ToStore = toStore,
        RequestedByName = byName,
        RequestedAt = now,
        Files = [.. version.Files.DistinctBy(f => f.ObjectId).Select(f => new VersionMoveFile { FromObjectId = f.ObjectId, ToObjectId = newObjectId(), SizeBytes = f.SizeBytes, Sha256 = f.Sha256 })],
    };

    /// <summary>The version is in the new store now.</summary>
    public Result Switch() => Move(VersionMoveState.Copying, VersionMoveState.Cleaning, null);

    /// <summary>The old objects are gone.</summary>
    public Result Finish(DateTimeOffset now) => Move(VersionMoveState.Cleaning, VersionMoveState.Done, now);

    /// <summary>It cannot be done.</summary>
    public Result Fail(string message, DateTimeOffset now)
    {
        var failed = Move(VersionMoveState.Copying, VersionMoveState.Failed, now);
        if (failed.Succeeded)
        {
            FailureMessage = message;
        }

        return failed;
    }

    /// <summary>A person gave it up.</summary>
    public Result Cancel(DateTimeOffset now) => Move(VersionMoveState.Copying, VersionMoveState.Cancelled, now);

    private Result Move(VersionMoveState from, VersionMoveState to, DateTimeOffset? ended)
    {
        if (State != from)
        {
            return Failure.Conflict($"This move is {State} and cannot become {to}.");
        }

        (State, EndedAt) = (to, ended);
        Revision++;
        return Result.Done;
    }
}

/// <summary>One object of a move. Written before the first byte of the copy, so that no copy is ever without a row.</summary>
public sealed class VersionMoveFile
{
    /// <summary>The move.</summary>
    public Guid MoveId { get; init; }

    /// <summary>The object in the old store.</summary>
    public required string FromObjectId { get; init; }

    /// <summary>Its copy in the new store.</summary>
    public required string ToObjectId { get; init; }

    /// <summary>Length in bytes.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>SHA-256 in lower-case hex.</summary>
    public required string Sha256 { get; init; }
}
