namespace Ops.Dashboard.Features.ModelStore;

/// <summary>Where the bytes of versions live. Object ids are opaque, made by us and checked at each use; people never supply storage paths.</summary>
internal interface IModelStore
{
    /// <summary>The unique name of this store, kept in versions and uploads.</summary>
    string Name { get; }

    /// <summary>How many bytes can still be written, or null when the store cannot tell.</summary>
    Task<long?> FreeBytesAsync(CancellationToken cancellation);

    /// <summary>Prepares an object of a known length for parts in any order. Idempotent.</summary>
    /// <exception cref="StoreFullException">There is no room.</exception>
    Task BeginAsync(string objectId, long sizeBytes, CancellationToken cancellation);

    /// <summary>Writes one part and returns once it is durable. Writing the same part again replaces it.</summary>
    /// <param name="objectId">From <see cref="BeginAsync"/>.</param>
    /// <param name="part">Number from 1, offset and length in bytes of the part.</param>
    /// <param name="content">Exactly that many bytes; fewer or more are refused with a <see cref="PartLengthException"/>.</param>
    /// <param name="cancellation">Gives up; the part does not count.</param>
    /// <returns>SHA-256 (hex) of the bytes and the store's receipt, if it gives one.</returns>
    /// <exception cref="StoreFullException">There is no room; the part does not count.</exception>
    /// <exception cref="FileNotFoundException">The object does not exist.</exception>
    Task<PartWritten> WritePartAsync(string objectId, PartRange part, Stream content, CancellationToken cancellation);

    /// <summary>Opens an unfinished or finished object for reading from the start. The stream can seek.</summary>
    /// <exception cref="FileNotFoundException">The object does not exist.</exception>
    Task<Stream> OpenReadAsync(string objectId, CancellationToken cancellation);

    /// <summary>Makes an object whose parts are all there final. Idempotent: done already is done.</summary>
    /// <exception cref="FileNotFoundException">The object does not exist.</exception>
    Task CompleteAsync(string objectId, CancellationToken cancellation);

    /// <summary>Removes an object, finished or not. Idempotent.</summary>
    Task DeleteAsync(string objectId, CancellationToken cancellation);

    /// <summary>Lists finished and unfinished objects, for the collection of orphans.</summary>
    IAsyncEnumerable<StoredObject> ListAsync(CancellationToken cancellation);

    /// <summary>An address from which a runtime on this machine can fetch the finished object (<c>file://</c> or a short-lived <c>https://</c>).</summary>
    Task<Uri> SourceForAsync(string objectId, CancellationToken cancellation);

    /// <summary>Tries everything that is needed of the store, and says of each whether it works. Leaves nothing behind; throws nothing for what the store does.</summary>
    Task<IReadOnlyList<StoreCheck>> CheckAsync(Uri? browserOrigin, CancellationToken cancellation);
}

/// <summary>Which bytes of an object a part is.</summary>
internal readonly record struct PartRange(int Number, long Offset, int Length);

/// <summary>What a store says about a part it keeps.</summary>
internal sealed record PartWritten(string Sha256, string? Receipt);

/// <summary>An object in a store.</summary>
internal sealed record StoredObject(string ObjectId, bool IsComplete, long SizeBytes, DateTimeOffset ChangedAt);
