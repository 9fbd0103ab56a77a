using Ops.Dashboard.Features.ModelStore.Imports.Sources;

namespace Ops.Dashboard.Features.ModelStore;

/// <summary>
/// Where the bytes of versions live. Object ids are opaque, made by us and checked at each use; people never supply storage paths.
/// An object is begun, gets its parts in any order, is assembled (from then on it can be read), verified, and completed.
/// </summary>
/// <remarks>
/// Whatever is wrong with a store is an <see cref="IOException"/>: <see cref="StoreUnavailableException"/> when it cannot be used right now,
/// <see cref="StoreFullException"/>, <see cref="FileNotFoundException"/> when the object is not there. A malformed id is an <see cref="ArgumentException"/>.
/// </remarks>
internal interface IModelStore
{
    /// <summary>The unique name of this store, kept in versions and uploads.</summary>
    string Name { get; }

    /// <summary>The largest object in bytes.</summary>
    long LargestObjectBytes { get; }

    /// <summary>Whether a part can still be written again after <see cref="AssembleAsync"/>. Where not, one damaged part costs the whole object.</summary>
    bool TakesPartsAfterAssembly { get; }

    /// <summary>Lets browsers send parts straight to the store; null where it cannot or may not.</summary>
    IDirectParts? DirectParts => null;

    /// <summary>Writes versions down beside their objects; null where the store knows objects only.</summary>
    IVersionHistory? Versions => null;

    /// <summary>The bucket this store lies in, for imports from elsewhere in it; null where it lies in none.</summary>
    IImportBucket? ImportBucket => null;

    /// <summary>Certificates in PEM of the authorities that sign those of <see cref="SourceForAsync"/>'s addresses, where they are not publicly trusted ones; null otherwise.</summary>
    string? SourceAuthorities => null;

    /// <summary>How this store wants a file cut: bytes of every part but the last. Never more than <see cref="Uploads.PartSizes.Largest"/>, never more than 10,000 parts.</summary>
    int PartSizeFor(long objectBytes);

    /// <summary>How many bytes can still be written, or null when the store cannot tell.</summary>
    Task<long?> FreeBytesAsync(CancellationToken cancellation);

    /// <summary>Prepares an object of a known length for parts in any order.</summary>
    /// <returns>
    /// What parts are written to. Its token, where the store gives one, must be kept: beginning again makes another unfinished object,
    /// and the one that is not used must be given to <see cref="AbandonAsync"/>. Without a token beginning is idempotent.
    /// </returns>
    /// <exception cref="StoreFullException">There is no room.</exception>
    Task<UnfinishedObject> BeginAsync(string objectId, long sizeBytes, CancellationToken cancellation);

    /// <summary>Writes one part and returns once it is durable. Writing the same part again replaces it.</summary>
    /// <param name="unfinished">From <see cref="BeginAsync"/>.</param>
    /// <param name="part">Number from 1, offset and length in bytes of the part.</param>
    /// <param name="content">Exactly that many bytes; fewer or more are refused with a <see cref="PartLengthException"/>.</param>
    /// <param name="cancellation">Gives up; the part does not count.</param>
    /// <returns>SHA-256 (hex) of the bytes and the store's receipt, if it gives one.</returns>
    /// <exception cref="StoreFullException">There is no room; the part does not count.</exception>
    /// <exception cref="FileNotFoundException">The unfinished object does not exist (any more): it has to be begun anew, with all of its parts.</exception>
    Task<PartWritten> WritePartAsync(UnfinishedObject unfinished, PartRange part, Stream content, CancellationToken cancellation);

    /// <summary>Joins the parts so that the object can be read. Idempotent: assembled already is done.</summary>
    /// <param name="unfinished">From <see cref="BeginAsync"/>.</param>
    /// <param name="parts">Every part that was acknowledged, in order.</param>
    /// <param name="cancellation">Gives up; it may be done all the same.</param>
    /// <exception cref="PartsLostException">The store does not have these parts as they were acknowledged.</exception>
    /// <exception cref="FileNotFoundException">Neither the unfinished nor the finished object exists: all parts are lost.</exception>
    Task AssembleAsync(UnfinishedObject unfinished, IReadOnlyList<AcknowledgedPart> parts, CancellationToken cancellation);

    /// <summary>Gives up one unfinished object. A finished one of the same id, and other unfinished ones, stay. Idempotent.</summary>
    Task AbandonAsync(string objectId, string? token, CancellationToken cancellation);

    /// <summary>Opens an assembled or complete object for reading from the start. The stream can seek.</summary>
    /// <exception cref="FileNotFoundException">The object does not exist.</exception>
    Task<Stream> OpenReadAsync(string objectId, CancellationToken cancellation);

    /// <summary>Prepares finished objects to be verified: what is read of them next comes from the store itself, not from a copy kept nearby.</summary>
    /// <returns>Those that the store itself does not have. A copy of one of them that is kept nearby stays.</returns>
    Task<IReadOnlySet<string>> RefreshAsync(IReadOnlyCollection<string> objectIds, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlySet<string>>(new HashSet<string>());

    /// <summary>Makes an assembled object final. Idempotent: done already is done.</summary>
    /// <exception cref="FileNotFoundException">The object does not exist.</exception>
    Task CompleteAsync(string objectId, CancellationToken cancellation);

    /// <summary>Makes all objects of a version final, in one go where the store sends them somewhere. Idempotent, also after a part of it was done.</summary>
    /// <exception cref="FileNotFoundException">One of them does not exist.</exception>
    async Task CompleteAllAsync(IReadOnlyList<string> objectIds, CancellationToken cancellation)
    {
        foreach (var id in objectIds)
        {
            await CompleteAsync(id, cancellation);
        }
    }

    /// <summary>Removes an object, finished or not, with everything that was begun under its id. Idempotent.</summary>
    Task DeleteAsync(string objectId, CancellationToken cancellation);

    /// <summary>Lists finished and unfinished objects, for the collection of orphans.</summary>
    IAsyncEnumerable<StoredObject> ListAsync(CancellationToken cancellation);

    /// <summary>An address from which a runtime can fetch the finished object: <c>file://</c>, or an <c>http(s)://</c> one that works for as long as was asked.</summary>
    Task<Uri> SourceForAsync(string objectId, TimeSpan lifetime, CancellationToken cancellation);

    /// <summary>An address from which a browser can save the finished object under a file name, or null: then it is streamed through the dashboard.</summary>
    Task<Uri?> DownloadAddressAsync(string objectId, string fileName, TimeSpan lifetime, CancellationToken cancellation);

    /// <summary>Tries everything that is needed of the store, and says of each whether it works. Leaves nothing behind; throws nothing for what the store does.</summary>
    /// <param name="run">Gathers the checks.</param>
    /// <param name="browserOrigin">Where people open the dashboard (such as <c>https://ops.example.org</c>), to check what a browser may do from there; null skips that.</param>
    /// <param name="cancellation">Gives up.</param>
    Task CheckAsync(StoreCheckRun run, Uri? browserOrigin, CancellationToken cancellation);
}

/// <summary>An object that gets its parts.</summary>
/// <param name="ObjectId">Its id.</param>
/// <param name="Token">What the store calls this attempt (an upload id on S3), or null where there is only one.</param>
/// <param name="SizeBytes">How long the object becomes.</param>
/// <param name="PartSizeBytes">Bytes of every part but the last.</param>
internal sealed record UnfinishedObject(string ObjectId, string? Token, long SizeBytes, int PartSizeBytes)
{
    /// <summary>How many parts it has; an empty object has one empty part.</summary>
    public int PartCount => SizeBytes == 0 ? 1 : (int)((SizeBytes + PartSizeBytes - 1) / PartSizeBytes);

    /// <summary>Which bytes a part is.</summary>
    /// <param name="number">1 to <see cref="PartCount"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such part.</exception>
    public PartRange Part(int number)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, PartCount);
        var offset = (long)(number - 1) * PartSizeBytes;
        return new(number, offset, (int)Math.Min(PartSizeBytes, SizeBytes - offset));
    }
}

/// <summary>Which bytes of an object a part is.</summary>
internal readonly record struct PartRange(int Number, long Offset, int Length);

/// <summary>What a store says about a part it keeps.</summary>
internal sealed record PartWritten(string Sha256, string? Receipt);

/// <summary>A part as the registry remembers it.</summary>
internal sealed record AcknowledgedPart(int Number, int SizeBytes, string Sha256, string? Receipt);

/// <summary>An object in a store.</summary>
/// <param name="ObjectId">Its id.</param>
/// <param name="IsComplete">Whether it can be read; otherwise it still gets parts.</param>
/// <param name="SizeBytes">Its length, 0 where the store cannot say it of an unfinished one.</param>
/// <param name="ChangedAt">When it was last written or begun, by the store's clock.</param>
/// <param name="Token">Which attempt an unfinished one is; see <see cref="UnfinishedObject"/>.</param>
internal sealed record StoredObject(string ObjectId, bool IsComplete, long SizeBytes, DateTimeOffset ChangedAt, string? Token = null);
