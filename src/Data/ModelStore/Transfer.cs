namespace Ops.Data.ModelStore;

/// <summary>How far a transfer is.</summary>
public enum TransferState
{
    /// <summary>Waits for its turn, or for its next try.</summary>
    Queued,

    /// <summary>Files are fetched, or what was fetched is being verified.</summary>
    Running,

    /// <summary>A version was made of it.</summary>
    Completed,

    /// <summary>It came to nothing; <see cref="Transfer.FailureMessage"/> says why. A person may try it again.</summary>
    Failed,

    /// <summary>The person gave it up.</summary>
    Cancelled,
}

/// <summary>A version on its way from somewhere else: the dashboard fetches the files itself and feeds them to an <see cref="Upload"/>, which is verified like any other.</summary>
public sealed class Transfer
{
    /// <summary>The longest address in characters.</summary>
    public const int MaxAddressLength = 2000;

    private Transfer()
    {
    }

    /// <summary>The opaque key.</summary>
    public Guid Id { get; private init; }

    /// <summary>The model the version will belong to; it is made when the files are known and there is none of that name.</summary>
    public string ModelName { get; private init; } = "";

    /// <summary>What a new model is for.</summary>
    public string Description { get; private init; } = "";

    /// <summary>Notes for the version.</summary>
    public string Notes { get; private init; } = "";

    /// <summary>The address as people may see it: without anything that could be a secret.</summary>
    public string Source { get; private init; } = "";

    /// <summary>The whole address, encrypted with the installation's keys; null once it is not needed any more.</summary>
    public string? ProtectedAddress { get; private set; }

    /// <summary>The exact revision that was found at the source, such as a commit, or null.</summary>
    public string? SourceRevision { get; private set; }

    /// <summary>SHA-256 (hex) that the person said the file has, or null.</summary>
    public string? ExpectedSha256 { get; private init; }

    /// <summary>Whether a single archive is unpacked into files of the version.</summary>
    public bool Unpack { get; private init; }

    /// <summary>The store the bytes go to.</summary>
    public string Store { get; private init; } = "";

    /// <summary>Who asked for it.</summary>
    public Guid PersonId { get; private init; }

    /// <summary>Their name.</summary>
    public string PersonName { get; private init; } = "";

    /// <summary>When it was asked for.</summary>
    public DateTimeOffset CreatedAt { get; private init; }

    /// <summary>When it ended, or null.</summary>
    public DateTimeOffset? EndedAt { get; private set; }

    /// <summary>How far it is.</summary>
    public TransferState State { get; private set; }

    /// <summary>How often it was tried, this time included. Starts over when a person tries again.</summary>
    public int Attempt { get; private set; }

    /// <summary>When it is tried next, while it waits.</summary>
    public DateTimeOffset NextTryAt { get; private set; }

    /// <summary>What went wrong last, in plain words.</summary>
    public string? FailureMessage { get; private set; }

    /// <summary>The upload its files go into, once they are known.</summary>
    public Guid? UploadId { get; private set; }

    /// <summary>Where each file comes from, as JSON, so that a restart goes on with the same files.</summary>
    public string? ListingJson { get; private set; }

    /// <summary>How many files there are; 0 until they are known.</summary>
    public int FileCount { get; private set; }

    /// <summary>Bytes of all files, or null until they are known.</summary>
    public long? TotalBytes { get; private set; }

    /// <summary>The version it became.</summary>
    public Guid? VersionId { get; private set; }

    /// <summary>Its number.</summary>
    public int? VersionNumber { get; private set; }

    /// <summary>Optimistic concurrency token.</summary>
    public int Revision { get; private set; }

    /// <summary>Whether it is over, well or not.</summary>
    public bool HasEnded => State is TransferState.Completed or TransferState.Failed or TransferState.Cancelled;

    /// <summary>Begins a transfer whose address and texts were checked already.</summary>
    public static Transfer Begin(NewTransfer details) => new()
    {
        Id = Guid.CreateVersion7(details.Now),
        ModelName = details.ModelName,
        Description = details.Description,
        Notes = details.Notes,
        Source = details.Source,
        ProtectedAddress = details.ProtectedAddress,
        ExpectedSha256 = details.ExpectedSha256,
        Unpack = details.Unpack,
        Store = details.Store,
        PersonId = details.PersonId,
        PersonName = details.PersonName,
        CreatedAt = details.Now,
        NextTryAt = details.Now,
    };

    /// <summary>A try begins.</summary>
    public Result Start()
    {
        var moved = Move(TransferState.Running, TransferState.Queued);
        if (moved.Succeeded)
        {
            Attempt++;
        }

        return moved;
    }

    /// <summary>The files are known and go into this upload from now on.</summary>
    /// <param name="uploadId">The upload.</param>
    /// <param name="listingJson">Where each file comes from.</param>
    /// <param name="sourceRevision">The exact revision at the source, or null.</param>
    /// <param name="files">How many files.</param>
    /// <param name="bytes">Bytes of all of them.</param>
    public Result Attach(Guid uploadId, string listingJson, string? sourceRevision, int files, long bytes)
    {
        if (State != TransferState.Running)
        {
            return Failure.Conflict($"This import is {State} and takes no files.");
        }

        (UploadId, ListingJson, SourceRevision, FileCount, TotalBytes) = (uploadId, listingJson, sourceRevision, files, bytes);
        Revision++;
        return Result.Done;
    }

    /// <summary>What was fetched is of no use any more; the next try asks the source anew.</summary>
    public void Detach()
    {
        (UploadId, ListingJson, SourceRevision, FileCount, TotalBytes) = (null, null, null, 0, null);
        Revision++;
    }

    /// <summary>This try failed in a way that may pass.</summary>
    public Result Postpone(DateTimeOffset nextTry, string message)
    {
        var moved = Move(TransferState.Queued, TransferState.Running);
        if (moved.Succeeded)
        {
            (NextTryAt, FailureMessage) = (nextTry, message);
        }

        return moved;
    }

    /// <summary>It came to nothing.</summary>
    public Result Fail(string message, DateTimeOffset now)
    {
        var moved = Move(TransferState.Failed, TransferState.Queued, TransferState.Running);
        if (moved.Succeeded)
        {
            (FailureMessage, EndedAt) = (message, now);
        }

        return moved;
    }

    /// <summary>A person wants it tried again at once.</summary>
    public Result Retry(DateTimeOffset now)
    {
        var moved = Move(TransferState.Queued, TransferState.Failed, TransferState.Queued);
        if (moved.Succeeded)
        {
            (Attempt, NextTryAt, FailureMessage, EndedAt) = (0, now, null, null);
        }

        return moved;
    }

    /// <summary>The person gave it up.</summary>
    public Result Cancel(DateTimeOffset now)
    {
        var moved = Move(TransferState.Cancelled, TransferState.Queued, TransferState.Running);
        if (moved.Succeeded)
        {
            (EndedAt, ProtectedAddress) = (now, null);
        }

        return moved;
    }

    /// <summary>A version was made of it.</summary>
    public Result Complete(Guid versionId, int number, DateTimeOffset now)
    {
        var moved = Move(TransferState.Completed, TransferState.Running);
        if (moved.Succeeded)
        {
            (VersionId, VersionNumber, FailureMessage, EndedAt, ProtectedAddress, ListingJson) = (versionId, number, null, now, null, null);
        }

        return moved;
    }

    private Result Move(TransferState to, params ReadOnlySpan<TransferState> from)
    {
        if (!from.Contains(State))
        {
            return Failure.Conflict($"This import is {State} and cannot become {to}.");
        }

        State = to;
        Revision++;
        return Result.Done;
    }
}

/// <summary>What <see cref="Transfer.Begin"/> needs.</summary>
public sealed record NewTransfer
{
    /// <summary>The model's name.</summary>
    public required string ModelName { get; init; }

    /// <summary>What a new model is for.</summary>
    public string Description { get; init; } = "";

    /// <summary>Notes for the version.</summary>
    public string Notes { get; init; } = "";

    /// <summary>The address as people may see it.</summary>
    public required string Source { get; init; }

    /// <summary>The whole address, encrypted.</summary>
    public required string ProtectedAddress { get; init; }

    /// <summary>SHA-256 (hex) that the file must have, or null.</summary>
    public string? ExpectedSha256 { get; init; }

    /// <summary>Whether a single archive is unpacked.</summary>
    public bool Unpack { get; init; } = true;

    /// <summary>The store's name.</summary>
    public required string Store { get; init; }

    /// <summary>Who asks.</summary>
    public required Guid PersonId { get; init; }

    /// <summary>Their name.</summary>
    public required string PersonName { get; init; }

    /// <summary>The time.</summary>
    public required DateTimeOffset Now { get; init; }
}
