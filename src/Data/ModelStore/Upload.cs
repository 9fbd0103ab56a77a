namespace Ops.Data.ModelStore;

/// <summary>How far an upload is.</summary>
public enum UploadState
{
    /// <summary>Parts are accepted.</summary>
    Open,

    /// <summary>All parts are there; the server hashes and reads the files.</summary>
    Verifying,

    /// <summary>A version was made of it.</summary>
    Completed,

    /// <summary>The person gave it up.</summary>
    Cancelled,

    /// <summary>Nobody went on with it in time.</summary>
    Expired,

    /// <summary>The files were refused; <see cref="Upload.FailureMessage"/> says why.</summary>
    Refused,
}

/// <summary>Why a browser cannot send parts straight to a store that would take them.</summary>
public enum DirectTrouble
{
    /// <summary>The store answers, but does not allow pages of the dashboard to send to it (CORS).</summary>
    NotAllowed,

    /// <summary>The store does not answer the browser.</summary>
    NoAnswer,

    /// <summary>The store refuses what it is sent.</summary>
    Refused,
}

/// <summary>Files on their way to become one version. Survives reloads and restarts: every acknowledged part is a row.</summary>
public sealed class Upload
{
    private Upload()
    {
    }

    /// <summary>The opaque key.</summary>
    public Guid Id { get; private init; }

    /// <summary>The model the version will belong to.</summary>
    public Guid ModelId { get; private init; }

    /// <summary>Its name, for the tray.</summary>
    public string ModelName { get; private init; } = "";

    /// <summary>Who uploads; nobody else may add to or complete it.</summary>
    public Guid PersonId { get; private init; }

    /// <summary>The uploader's name.</summary>
    public string PersonName { get; private init; } = "";

    /// <summary>The store the bytes go to.</summary>
    public string Store { get; private init; } = "";

    /// <summary>The transfer that feeds it, or null when a browser does. What a transfer feeds takes nothing from a browser.</summary>
    public Guid? TransferId { get; private init; }

    /// <summary>Whether a single archive is unpacked into files of the version.</summary>
    public bool Unpack { get; private set; }

    /// <summary>Notes for the version.</summary>
    public string Notes { get; private init; } = "";

    /// <summary>Lineage for the version, as JSON, or null.</summary>
    public string? LineageJson { get; private init; }

    /// <summary>When it began.</summary>
    public DateTimeOffset CreatedAt { get; private init; }

    /// <summary>When it is collected unless a part arrives before.</summary>
    public DateTimeOffset ExpiresAt { get; private set; }

    /// <summary>How far it is.</summary>
    public UploadState State { get; private set; }

    /// <summary>Why it was refused, in plain words.</summary>
    public string? FailureMessage { get; private set; }

    /// <summary>Why its parts go through the dashboard although the store would take them from the browser; null when they do not have to.</summary>
    public DirectTrouble? DirectTrouble { get; private set; }

    /// <summary>The version it became.</summary>
    public Guid? VersionId { get; private set; }

    /// <summary>Optimistic concurrency token.</summary>
    public int Revision { get; private set; }

    /// <summary>The files.</summary>
    public List<UploadFile> Files { get; private init; } = [];

    /// <summary>Whether it takes parts.</summary>
    public bool IsOpen => State == UploadState.Open;

    /// <summary>Begins an upload of files whose paths and sizes were checked already.</summary>
    public static Upload Begin(NewUpload details, IEnumerable<UploadFile> files) => new()
    {
        Id = Guid.CreateVersion7(details.Now),
        ModelId = details.ModelId,
        ModelName = details.ModelName,
        PersonId = details.PersonId,
        PersonName = details.PersonName,
        Store = details.Store,
        TransferId = details.TransferId,
        Unpack = details.Unpack,
        Notes = details.Notes,
        LineageJson = details.LineageJson,
        CreatedAt = details.Now,
        ExpiresAt = details.Now + details.Lifetime,
        Files = [.. files],
    };

    /// <summary>Puts the collection off, because somebody is still at it. An upload that has ended stays as it is.</summary>
    public void Extend(DateTimeOffset now, TimeSpan lifetime)
    {
        if (State is not (UploadState.Open or UploadState.Verifying))
        {
            return;
        }

        ExpiresAt = now + lifetime;
        Revision++;
    }

    /// <summary>From now on parts go through the dashboard.</summary>
    /// <param name="trouble">Why.</param>
    public Result SendThroughDashboard(DirectTrouble trouble)
    {
        if (!IsOpen)
        {
            return Failure.Conflict($"This upload is {State} and takes no more parts.");
        }

        DirectTrouble = trouble;
        Revision++;
        return Result.Done;
    }

    /// <summary>All parts are there.</summary>
    public Result BeginVerification() => Move(UploadState.Verifying, UploadState.Open, UploadState.Verifying);

    /// <summary>A version was made of it.</summary>
    public Result Complete(Guid versionId)
    {
        var moved = Move(UploadState.Completed, UploadState.Verifying);
        if (moved.Succeeded)
        {
            VersionId = versionId;
        }

        return moved;
    }

    /// <summary>The files were refused.</summary>
    public Result Refuse(string message)
    {
        var moved = Move(UploadState.Refused, UploadState.Open, UploadState.Verifying);
        if (moved.Succeeded)
        {
            FailureMessage = message;
        }

        return moved;
    }

    /// <summary>The one archive was unpacked: its entries are the files from now on.</summary>
    public Result ReplaceFiles(IReadOnlyCollection<UploadFile> files)
    {
        if (State != UploadState.Verifying || Files.Count != 1)
        {
            return Failure.Conflict($"This upload is {State} with {Files.Count} files and has nothing to unpack.");
        }

        Files.Clear();
        Files.AddRange(files);
        Unpack = false;
        Revision++;
        return Result.Done;
    }

    /// <summary>Verification was interrupted; parts may be sent again.</summary>
    public Result Reopen() => Move(UploadState.Open, UploadState.Verifying);

    /// <summary>The person gave it up.</summary>
    public Result Cancel() => Move(UploadState.Cancelled, UploadState.Open, UploadState.Verifying);

    /// <summary>Nobody went on with it.</summary>
    public Result Expire() => Move(UploadState.Expired, UploadState.Open);

    private Result Move(UploadState to, params ReadOnlySpan<UploadState> from)
    {
        if (!from.Contains(State))
        {
            return Failure.Conflict($"This upload is {State} and cannot become {to}.");
        }

        State = to;
        Revision++;
        return Result.Done;
    }
}

/// <summary>What <see cref="Upload.Begin"/> needs beside the files.</summary>
public sealed record NewUpload
{
    /// <summary>The model.</summary>
    public required Guid ModelId { get; init; }

    /// <summary>Its name.</summary>
    public required string ModelName { get; init; }

    /// <summary>Who uploads.</summary>
    public required Guid PersonId { get; init; }

    /// <summary>The uploader's name.</summary>
    public required string PersonName { get; init; }

    /// <summary>The store's name.</summary>
    public required string Store { get; init; }

    /// <summary>The transfer that feeds it, or null.</summary>
    public Guid? TransferId { get; init; }

    /// <summary>Whether a single archive is unpacked.</summary>
    public bool Unpack { get; init; }

    /// <summary>Notes for the version.</summary>
    public string Notes { get; init; } = "";

    /// <summary>Lineage for the version, as JSON.</summary>
    public string? LineageJson { get; init; }

    /// <summary>The time.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>How long it is kept without progress.</summary>
    public required TimeSpan Lifetime { get; init; }
}
