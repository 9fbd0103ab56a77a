namespace Ops.Dashboard.Features.ModelStore;

/// <summary>What a store can do that takes parts straight from browsers.</summary>
internal interface IDirectParts
{
    /// <summary>The server that browsers talk to, as they name it: pages may connect there and nowhere else.</summary>
    Uri Server { get; }

    /// <summary>Says where a browser can send one part of an object that was begun, and nothing else.</summary>
    /// <param name="unfinished">From <see cref="IModelStore.BeginAsync"/>.</param>
    /// <param name="part">Which part; its length becomes part of what is signed.</param>
    /// <param name="sha256">SHA-256 (hex) of the part when it is known already: the store then refuses other bytes. May be null.</param>
    /// <param name="lifetime">How long the address works.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Null when this part must go through the dashboard, such as that of an object of one part: its address could change a finished object.</returns>
    Task<DirectPart?> AddressForPartAsync(UnfinishedObject unfinished, PartRange part, string? sha256, TimeSpan lifetime, CancellationToken cancellation);

    /// <summary>Lists the parts that the store has of an unfinished object, in order.</summary>
    /// <exception cref="FileNotFoundException">The unfinished object does not exist any more.</exception>
    IAsyncEnumerable<StoredPart> ListPartsAsync(UnfinishedObject unfinished, CancellationToken cancellation);
}

/// <summary>A request that a browser may make of a store.</summary>
/// <param name="Address">Where to.</param>
/// <param name="Method">The HTTP method.</param>
/// <param name="Headers">Headers that must be sent exactly like this.</param>
internal sealed record DirectPart(Uri Address, string Method, IReadOnlyDictionary<string, string> Headers);

/// <summary>A part that a store has.</summary>
/// <param name="Number">From 1.</param>
/// <param name="SizeBytes">Its length.</param>
/// <param name="Receipt">What <see cref="IModelStore.AssembleAsync"/> compares (an ETag on S3).</param>
/// <param name="Sha256">SHA-256 (hex) where the store computed it itself, or null.</param>
internal sealed record StoredPart(int Number, long SizeBytes, string Receipt, string? Sha256);
