using Microsoft.Extensions.Options;
using Ops.Data;

namespace Ops.Dashboard.Features.ModelStore.Imports.Sources;

/// <summary>What a model store adds when the bucket it lies in may be imported from, with the credentials this installation holds.</summary>
internal interface IImportBucket
{
    /// <summary>The bucket's name, as in <c>s3://name/…</c>.</summary>
    string BucketName { get; }

    /// <summary>Whether a key is one of the model store itself, or a folder that holds them: what lies there belongs to versions and is not imported.</summary>
    bool IsOwn(string key);

    /// <summary>Lists all objects whose key begins so.</summary>
    /// <exception cref="IOException">The server cannot be asked right now.</exception>
    IAsyncEnumerable<BucketObject> ListAsync(string prefix, CancellationToken cancellation);

    /// <summary>Opens an object from an offset.</summary>
    /// <param name="item">The object as it was listed.</param>
    /// <param name="offset">The first byte that is wanted.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The bytes, or null when the object is gone or is in another state now.</returns>
    /// <exception cref="IOException">The server cannot be asked right now.</exception>
    Task<Stream?> OpenAsync(BucketObject item, long offset, CancellationToken cancellation);
}

/// <summary>An object of a bucket.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Size">Bytes.</param>
/// <param name="ETag">Its state, as the server names it.</param>
internal sealed record BucketObject(string Key, long Size, string? ETag);

/// <summary>One object, or all below a folder, of a bucket that is set up here: <c>s3://bucket/key</c>. Nobody's own credentials are taken.</summary>
internal sealed class S3Source(ModelStores stores, IOptions<ImportsOptions> options) : IImportSource
{
    /// <inheritdoc/>
    public string Scheme => "s3";

    private IEnumerable<IImportBucket> Buckets => stores.All.Select(store => store.ImportBucket).OfType<IImportBucket>();

    /// <inheritdoc/>
    public Result Check(ImportAddress address)
    {
        var (name, key) = Read(address);
        if (name.Length == 0 || key.Length == 0)
        {
            return Failure.Invalid("Write it as s3://bucket/key or s3://bucket/folder/.", "address");
        }

        // The same answer for a bucket that is not set up and for a key that must not be read: neither is anybody's business.
        return Buckets.Any(bucket => bucket.BucketName == name && MayRead(bucket, key))
            ? Result.Done
            : Failure.Invalid("This bucket is not set up here, or this part of it may not be imported from. Ask an administrator to allow it.", "address");
    }

    /// <inheritdoc/>
    public async Task<ImportListing> ListAsync(ImportJob job, CancellationToken cancellation)
    {
        var (bucket, key) = Find(job);
        List<ImportFile> files = [];
        try
        {
            await foreach (var item in bucket.ListAsync(key, cancellation))
            {
                if (item.Key.EndsWith('/') || !MayRead(bucket, item.Key) || !IsMeant(item.Key, key))
                {
                    continue;
                }

                if (files.Count >= options.Value.MaxFiles)
                {
                    throw new ImportRefusedException($"There are more than {options.Value.MaxFiles} files at this address.");
                }

                files.Add(new ImportFile { Path = PathOf(item.Key, key), Origin = item.Key, Size = item.Size, Validator = item.ETag });
            }
        }
        catch (IOException exception)
        {
            throw new ImportInterruptedException("The bucket cannot be read right now.", exception);
        }

        return files.Count > 0 ? new ImportListing(files) : throw new ImportRefusedException($"{job.Address.Shown} is not there. Check the address.");
    }

    /// <inheritdoc/>
    public async Task<Stream> OpenAsync(ImportJob job, ImportFile file, long offset, CancellationToken cancellation)
    {
        var (bucket, _) = Find(job);
        try
        {
            return await bucket.OpenAsync(new BucketObject(file.Origin, file.Size ?? 0, file.Validator), offset, cancellation) is { } stream
                ? new Guard.PatientStream(stream, stream, options.Value.Silence)
                : throw new ImportChangedException($"{file.Path} has changed in its bucket, so everything is fetched anew.");
        }
        catch (IOException exception)
        {
            throw new ImportInterruptedException("The bucket cannot be read right now.", exception);
        }
    }

    // Of s3://b/digits the object itself and what is below digits/, but not digits-old.
    private static bool IsMeant(string key, string asked) => key == asked || key.StartsWith(asked.EndsWith('/') ? asked : asked + "/", StringComparison.Ordinal);

    private static string PathOf(string key, string asked) => key == asked ? key.Split('/')[^1] : key[(asked.TrimEnd('/').Length + 1)..];

    private static (string Bucket, string Key) Read(ImportAddress address) => (address.Uri.Host, Uri.UnescapeDataString(address.Uri.AbsolutePath).TrimStart('/'));

    // The installation's key may read more than the person should: an administrator says which buckets, or folders of them, are meant for this.
    private bool MayRead(IImportBucket bucket, string key) => !bucket.IsOwn(key) && options.Value.AllowedBuckets.Any(allowed =>
        allowed == bucket.BucketName || $"{bucket.BucketName}/{key}".StartsWith(allowed.TrimEnd('/') + "/", StringComparison.Ordinal));

    private (IImportBucket Bucket, string Key) Find(ImportJob job)
    {
        var (name, key) = Read(job.Address);
        return Buckets.FirstOrDefault(bucket => bucket.BucketName == name && MayRead(bucket, key)) is { } found
            ? (found, key)
            : throw new ImportRefusedException("This bucket is not set up here any more.");
    }
}
