using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.FileSystem;
using Ops.Data;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Tests.Features.ModelStore.Stores;

/// <summary>Buckets that are folders: a kind of stores that a test can break.</summary>
internal sealed class FakeBuckets(string folder) : IModelStoreKind
{
    /// <summary>What a bucket of this name does when it is used, or null.</summary>
    public Dictionary<string, Exception> Broken { get; } = [];

    /// <summary>What the checks of every bucket wait for.</summary>
    public Task CheckGate { get; set; } = Task.CompletedTask;

    /// <summary>The secrets of each store that was made, newest last.</summary>
    public List<(string Name, IReadOnlyDictionary<string, string> Secrets)> Made { get; } = [];

    /// <summary>What every bucket writes versions down in, or null.</summary>
    public IVersionHistory? Versions { get; set; }

    public string Kind => StoreKinds.S3;

    public IReadOnlyList<string> SecretNames => ["accessKey", "secretKey"];

    public Result<IModelStore> Create(string name, string settingsJson, IReadOnlyDictionary<string, string> secrets)
    {
        var bucket = System.Text.Json.JsonDocument.Parse(settingsJson).RootElement.GetProperty("bucket").GetString()!;
        lock (Made)
        {
            Made.Add((name, secrets));
        }

        return bucket == "impossible"
            ? Failure.Invalid("There can be no such bucket.", "bucket")
            : Result.Of<IModelStore>(new Bucket(this, bucket, new FileSystemStore(name, Path.Combine(folder, bucket))));
    }

    private sealed class Bucket(FakeBuckets kind, string bucket, FileSystemStore inner) : IModelStore
    {
        public string Name => inner.Name;

        public long LargestObjectBytes => inner.LargestObjectBytes;

        public bool TakesPartsAfterAssembly => inner.TakesPartsAfterAssembly;

        public IVersionHistory? Versions => kind.Versions;

        public int PartSizeFor(long objectBytes) => inner.PartSizeFor(objectBytes);

        public Task<long?> FreeBytesAsync(CancellationToken cancellation) => Working().FreeBytesAsync(cancellation);

        public Task<UnfinishedObject> BeginAsync(string objectId, long sizeBytes, CancellationToken cancellation) => Working().BeginAsync(objectId, sizeBytes, cancellation);

        public Task<PartWritten> WritePartAsync(UnfinishedObject unfinished, PartRange part, Stream content, CancellationToken cancellation) =>
            Working().WritePartAsync(unfinished, part, content, cancellation);

        public Task AssembleAsync(UnfinishedObject unfinished, IReadOnlyList<AcknowledgedPart> parts, CancellationToken cancellation) => Working().AssembleAsync(unfinished, parts, cancellation);

        public Task AbandonAsync(string objectId, string? token, CancellationToken cancellation) => Working().AbandonAsync(objectId, token, cancellation);

        public Task<Stream> OpenReadAsync(string objectId, CancellationToken cancellation) => Working().OpenReadAsync(objectId, cancellation);

        public Task CompleteAsync(string objectId, CancellationToken cancellation) => Working().CompleteAsync(objectId, cancellation);

        public Task DeleteAsync(string objectId, CancellationToken cancellation) => Working().DeleteAsync(objectId, cancellation);

        public IAsyncEnumerable<StoredObject> ListAsync(CancellationToken cancellation) => Working().ListAsync(cancellation);

        public Task<Uri> SourceForAsync(string objectId, TimeSpan lifetime, CancellationToken cancellation) => Working().SourceForAsync(objectId, lifetime, cancellation);

        public Task<Uri?> DownloadAddressAsync(string objectId, string fileName, TimeSpan lifetime, CancellationToken cancellation) =>
            Working().DownloadAddressAsync(objectId, fileName, lifetime, cancellation);

        public async Task CheckAsync(StoreCheckRun run, Uri? browserOrigin, CancellationToken cancellation)
        {
            await kind.CheckGate.WaitAsync(cancellation);
            if (kind.Broken.TryGetValue(bucket, out var problem))
            {
                run.Add(new("Write an object", false, problem.Message));
                run.Add(new("Read it back", null, "Nothing was written that could be read."));
                return;
            }

            await inner.CheckAsync(run, browserOrigin, cancellation);
        }

        private FileSystemStore Working() => kind.Broken.TryGetValue(bucket, out var problem) ? throw problem : inner;
    }
}
