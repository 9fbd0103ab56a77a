using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.Imports.Sources;

namespace Ops.Integration.Tests.Features.ModelStore;

/// <summary>A store that fails when a test says so, before or after the real one has done its work.</summary>
internal sealed class FaultyStore(IModelStore inner) : IModelStore
{
    public string? SourceAuthorities { get; set; }

    /// <summary>Thrown instead of writing.</summary>
    public Func<Exception>? BeforeWrite { get; set; }

    /// <summary>Thrown after the bytes are on the disk: what a kill before the registry's commit leaves behind.</summary>
    public Func<Exception>? AfterWrite { get; set; }

    /// <summary>Thrown instead of finishing an object.</summary>
    public Func<Exception>? BeforeComplete { get; set; }

    /// <summary>Thrown after an object is finished: what a kill before the version's commit leaves behind.</summary>
    public Func<Exception>? AfterComplete { get; set; }

    /// <summary>Runs before an object is opened: something that happens in that very moment.</summary>
    public Func<string, Task>? BeforeRead { get; set; }

    /// <summary>Thrown instead of listing.</summary>
    public Func<Exception>? BeforeList { get; set; }

    /// <summary>What the disk is said to have left.</summary>
    public long? FreeBytes { get; set; }

    public int Writes { get; private set; }

    /// <summary>The bucket it is said to lie in.</summary>
    public IImportBucket? ImportBucket { get; set; }

    /// <summary>It stands in for the store that every installation has.</summary>
    public string Name => Ops.Data.ModelStore.Store.BuiltInName;

    public async Task<long?> FreeBytesAsync(CancellationToken cancellation) => FreeBytes ?? await inner.FreeBytesAsync(cancellation);

    public long LargestObjectBytes => inner.LargestObjectBytes;

    public bool TakesPartsAfterAssembly => inner.TakesPartsAfterAssembly;

    public IDirectParts? DirectParts => inner.DirectParts;

    public IVersionHistory? Versions => inner.Versions;

    public int PartSizeFor(long objectBytes) => inner.PartSizeFor(objectBytes);

    public Task<UnfinishedObject> BeginAsync(string objectId, long sizeBytes, CancellationToken cancellation) => inner.BeginAsync(objectId, sizeBytes, cancellation);

    public async Task<PartWritten> WritePartAsync(UnfinishedObject unfinished, PartRange part, Stream content, CancellationToken cancellation)
    {
        Fail(BeforeWrite);
        var written = await inner.WritePartAsync(unfinished, part, content, cancellation);
        Writes++;
        Fail(AfterWrite);
        return written;
    }

    public async Task<Stream> OpenReadAsync(string objectId, CancellationToken cancellation)
    {
        await (BeforeRead?.Invoke(objectId) ?? Task.CompletedTask);
        return await inner.OpenReadAsync(objectId, cancellation);
    }

    public Task<IReadOnlySet<string>> RefreshAsync(IReadOnlyCollection<string> objectIds, CancellationToken cancellation) => inner.RefreshAsync(objectIds, cancellation);

    public Task AssembleAsync(UnfinishedObject unfinished, IReadOnlyList<AcknowledgedPart> parts, CancellationToken cancellation) => inner.AssembleAsync(unfinished, parts, cancellation);

    public Task AbandonAsync(string objectId, string? token, CancellationToken cancellation) => inner.AbandonAsync(objectId, token, cancellation);

    public async Task CompleteAsync(string objectId, CancellationToken cancellation)
    {
        Fail(BeforeComplete);
        await inner.CompleteAsync(objectId, cancellation);
        Fail(AfterComplete);
    }

    public Task DeleteAsync(string objectId, CancellationToken cancellation) => inner.DeleteAsync(objectId, cancellation);

    public IAsyncEnumerable<StoredObject> ListAsync(CancellationToken cancellation)
    {
        Fail(BeforeList);
        return inner.ListAsync(cancellation);
    }

    public Task<Uri> SourceForAsync(string objectId, TimeSpan lifetime, CancellationToken cancellation) => inner.SourceForAsync(objectId, lifetime, cancellation);

    public Task<Uri?> DownloadAddressAsync(string objectId, string fileName, TimeSpan lifetime, CancellationToken cancellation) => inner.DownloadAddressAsync(objectId, fileName, lifetime, cancellation);

    public Task CheckAsync(StoreCheckRun run, Uri? browserOrigin, CancellationToken cancellation) => inner.CheckAsync(run, browserOrigin, cancellation);

    private static void Fail(Func<Exception>? fault)
    {
        if (fault is not null)
        {
            throw fault();
        }
    }
}
