using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;
using Ops.Dashboard.Features.ModelStore.Imports.Sources;

namespace Ops.Dashboard.Features.ModelStore.S3;

/// <summary>Reads what lies in the bucket of a store beside the store's own objects.</summary>
internal sealed class S3ImportBucket(S3Settings settings, IAmazonS3 client, S3Keys keys, TimeProvider time) : IImportBucket
{
    /// <inheritdoc/>
    public string BucketName => settings.Bucket;

    /// <inheritdoc/>
    public bool IsOwn(string key) => key.StartsWith(keys.Root, StringComparison.Ordinal) || keys.Root.StartsWith(key.TrimEnd('/') + "/", StringComparison.Ordinal);

    /// <inheritdoc/>
    public async IAsyncEnumerable<BucketObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var request = new ListObjectsV2Request { BucketName = settings.Bucket, Prefix = prefix };
        ListObjectsV2Response page;
        do
        {
            page = await S3Errors.GuardAsync(settings, () => client.ListObjectsV2Async(request, cancellation), cancellation);
            foreach (var item in page.S3Objects ?? [])
            {
                yield return new BucketObject(item.Key, item.Size ?? 0, item.ETag);
            }

            request.ContinuationToken = page.NextContinuationToken;
        }
        while (page.IsTruncated == true);
    }

    /// <inheritdoc/>
    public async Task<Stream?> OpenAsync(BucketObject item, long offset, CancellationToken cancellation)
    {
        try
        {
            var request = new GetObjectMetadataRequest { BucketName = settings.Bucket, Key = item.Key };
            var found = await S3Errors.GuardAsync(settings, () => client.GetObjectMetadataAsync(request, cancellation), cancellation);
            if (found.ETag != item.ETag || found.ContentLength != item.Size)
            {
                return null;
            }
        }
        catch (FileNotFoundException)
        {
            return null;
        }

        var stream = new S3ReadStream(settings, client, time, item.Key, item.ETag!, item.Size);
        stream.Seek(offset, SeekOrigin.Begin);
        return stream;
    }
}
