using Microsoft.Extensions.Options;
using Ops.Data;

namespace Ops.Dashboard.Features.ModelStore.Imports.Sources;

/// <summary>What a model store adds when the bucket it lies in may be imported from, with the credentials this installation holds.</summary>
internal interface IImportBucket
{
    /// <summary>The bucket's name, as in <c>s3://name/…</c>.</summary>
    string BucketName { get; }

    /// <summary>Whether a key may be read. Never those of the model store itself: what lies there belongs to versions, with rights of their own.</summary>
    bool MayRead(string key);

    /// <summary>Lists the object of this key, or all below it when it ends with a slash or is a folder.</summary>
    /// <exception cref="IOException">The server cannot be asked right now.</exception>
    IAsyncEnumerable<BucketObject> ListAsync(string prefix, CancellationToken cancellation);

    /// <summary>Opens an object from an offset.</summary>
    /// <param name="key">The object.</param>
    /// <param name="offset">The first byte that is wanted.</param>
    /// <param name="etag">The state that was listed (If-Match).</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The bytes, or null when the object is gone or is in another state now.</returns>
    /// <exception cref="IOException">The server cannot be asked right now.</exception>
    Task<Stream?> OpenAsync(string key, long offset, string? etag, CancellationToken cancellation);
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

    private IEnumerable<IImportBucket> Buckets => stores.All.OfType<IImportBucket>();

    /// <inheritdoc/>
    public Result Check(ImportAddress address)
    {
        var (name, key) = Read(address);
        if (name.Length == 0 || key.Length == 0)
        {
            return Failure.Invalid("Write it as s3://bucket/key or s3://bucket/folder/.", "address");
        }

        // The same answer for a bucket that is not set up and for a key that must not be read: neither is anybody's business.
        return Buckets.Any(bucket => bucket.BucketName == name && bucket.MayRead(key))
            ? Result.Done
            : Failure.Invalid("This bucket is not set up here, or this part of it is the model store's own. Ask an administrator to add it as a store.", "address");
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
                if (item.Key.EndsWith('/') || !bucket.MayRead(item.Key) || !IsMeant(item.Key, key))
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
            return await bucket.OpenAsync(file.Origin, offset, file.Validator, cancellation) is { } stream
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

    private (IImportBucket Bucket, string Key) Find(ImportJob job)
    {
        var (name, key) = Read(job.Address);
        return Buckets.FirstOrDefault(bucket => bucket.BucketName == name && bucket.MayRead(key)) is { } found
            ? (found, key)
            : throw new ImportRefusedException("This bucket is not set up here any more.");
    }
}
