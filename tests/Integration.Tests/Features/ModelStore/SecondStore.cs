using Ops.Dashboard.Features.ModelStore;
using Ops.Data;

namespace Ops.Integration.Tests.Features.ModelStore;

/// <summary>Another store, under a name of its own, that fails when a test says so.</summary>
internal sealed class SecondStore(IModelStore inner) : IModelStore
{
    public const string StoreName = "second";

    /// <summary>Thrown instead of writing.</summary>
    public Func<Exception>? BeforeWrite { get; set; }

    /// <summary>Thrown after an object is finished.</summary>
    public Func<Exception>? AfterComplete { get; set; }

    public string Name => StoreName;

    public long LargestObjectBytes => inner.LargestObjectBytes;

    public bool TakesPartsAfterAssembly => inner.TakesPartsAfterAssembly;

    public int PartSizeFor(long objectBytes) => inner.PartSizeFor(objectBytes);

    public Task<long?> FreeBytesAsync(CancellationToken cancellation) => inner.FreeBytesAsync(cancellation);

    public Task<UnfinishedObject> BeginAsync(string objectId, long sizeBytes, CancellationToken cancellation) => inner.BeginAsync(objectId, sizeBytes, cancellation);

    public Task<PartWritten> WritePartAsync(UnfinishedObject unfinished, PartRange part, Stream content, CancellationToken cancellation) =>
        BeforeWrite is { } fault ? throw fault() : inner.WritePartAsync(unfinished, part, content, cancellation);

    public Task AssembleAsync(UnfinishedObject unfinished, IReadOnlyList<AcknowledgedPart> parts, CancellationToken cancellation) => inner.AssembleAsync(unfinished, parts, cancellation);

    public Task AbandonAsync(string objectId, string? token, CancellationToken cancellation) => inner.AbandonAsync(objectId, token, cancellation);

    public Task<Stream> OpenReadAsync(string objectId, CancellationToken cancellation) => inner.OpenReadAsync(objectId, cancellation);

    public async Task CompleteAsync(string objectId, CancellationToken cancellation)
    {
        await inner.CompleteAsync(objectId, cancellation);
        if (AfterComplete is { } fault)
        {
            throw fault();
        }
    }

    public Task DeleteAsync(string objectId, CancellationToken cancellation) => inner.DeleteAsync(objectId, cancellation);

    public IAsyncEnumerable<StoredObject> ListAsync(CancellationToken cancellation) => inner.ListAsync(cancellation);

    public Task<Uri> SourceForAsync(string objectId, TimeSpan lifetime, CancellationToken cancellation) => inner.SourceForAsync(objectId, lifetime, cancellation);

    public Task<Uri?> DownloadAddressAsync(string objectId, string fileName, TimeSpan lifetime, CancellationToken cancellation) => inner.DownloadAddressAsync(objectId, fileName, lifetime, cancellation);

    public Task CheckAsync(StoreCheckRun run, Uri? browserOrigin, CancellationToken cancellation) => inner.CheckAsync(run, browserOrigin, cancellation);
}

/// <summary>The kind of which <see cref="SecondStore"/> is the only one.</summary>
internal sealed class SecondKind(SecondStore store) : IModelStoreKind
{
    public const string KindName = "second";

    public string Kind => KindName;

    public IReadOnlyList<string> SecretNames => [];

    public Result<IModelStore> Create(string name, string settingsJson, IReadOnlyDictionary<string, string> secrets) => Result.Of<IModelStore>(store);
}
