using System.Globalization;
using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;
using Ops.Dashboard.Features.ModelStore.Imports.Sources;

namespace Ops.Dashboard.Features.ModelStore.S3;

/// <summary>
/// Objects in a bucket, at <c>PREFIX/objects/xx/ID</c>. A file of several parts is a multipart upload until it is assembled; one that fits
/// into a single part is written at once, and only by the dashboard.
/// </summary>
internal sealed class S3Store : IModelStore, IDirectParts, IDisposable
{
    private readonly S3Settings settings;
    private readonly S3Connection connection;
    private readonly PartBuffers buffers;
    private readonly TimeProvider time;
    private readonly S3Keys keys;
    private readonly S3Assembly assembly;

    /// <summary>Makes the store; nothing is sent before the first use.</summary>
    /// <param name="name">Its unique name.</param>
    /// <param name="settings">Checked by <see cref="S3StoreKind.Check"/>.</param>
    /// <param name="connection">Disposed with the store.</param>
    /// <param name="buffers">Memory for parts, shared by all stores.</param>
    /// <param name="time">When signed addresses end, and how old unfinished objects are.</param>
    public S3Store(string name, S3Settings settings, S3Connection connection, PartBuffers buffers, TimeProvider time)
    {
        Name = name;
        this.settings = settings;
        this.connection = connection;
        this.buffers = buffers;
        this.time = time;
        keys = new S3Keys(settings.Prefix);
        assembly = new S3Assembly(settings, connection.Client, keys);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public long LargestObjectBytes => S3PartSizes.LargestObject;

    /// <inheritdoc/>
    public string? SourceAuthorities => string.IsNullOrWhiteSpace(settings.CaPem) ? null : settings.CaPem;

    /// <inheritdoc/>
    public bool TakesPartsAfterAssembly => false;

    /// <inheritdoc/>
    public IDirectParts? DirectParts => settings.DirectUploads ? this : null;

    /// <inheritdoc/>
    public Uri Server => settings.PathStyle
        ? connection.PublicServer
        : new UriBuilder(connection.PublicServer) { Host = $"{settings.Bucket}.{connection.PublicServer.Host}" }.Uri;

    /// <inheritdoc/>
    public IImportBucket? ImportBucket => new S3ImportBucket(settings, Client, keys, time);

    private IAmazonS3 Client => connection.Client;

    /// <inheritdoc/>
    public int PartSizeFor(long objectBytes) => S3PartSizes.For(objectBytes);

    /// <inheritdoc/>
    public Task<long?> FreeBytesAsync(CancellationToken cancellation) => Task.FromResult<long?>(null);

    /// <inheritdoc/>
    public async Task<UnfinishedObject> BeginAsync(string objectId, long sizeBytes, CancellationToken cancellation)
    {
        var unfinished = new UnfinishedObject(objectId, null, sizeBytes, PartSizeFor(sizeBytes));
        var request = new InitiateMultipartUploadRequest { BucketName = settings.Bucket, Key = keys.For(objectId) };
        if (unfinished.PartCount == 1)
        {
            return unfinished;
        }

        if (!settings.LegacySigning)
        {
            request.ChecksumAlgorithm = ChecksumAlgorithm.SHA256;
        }

        if (S3Encryptions.Method(settings) is { } method)
        {
            request.ServerSideEncryptionMethod = method;
            request.ServerSideEncryptionKeyManagementServiceKeyId = settings.KmsKeyId;
        }

        var begun = await Guard(() => Client.InitiateMultipartUploadAsync(request, cancellation), cancellation);
        return unfinished with { Token = begun.UploadId };
    }

    /// <inheritdoc/>
    public async Task<PartWritten> WritePartAsync(UnfinishedObject unfinished, PartRange part, Stream content, CancellationToken cancellation)
    {
        var key = keys.For(unfinished.ObjectId);
        using var buffered = await buffers.ReadAsync(part, content, cancellation);
        var etag = unfinished.Token is null
            ? await PutWholeAsync(key, buffered, cancellation)
            : await PutPartAsync(key, unfinished.Token, part, buffered, cancellation);
        return new PartWritten(buffered.Sha256, S3Assembly.Receipt(etag));
    }

    /// <inheritdoc/>
    public Task AssembleAsync(UnfinishedObject unfinished, IReadOnlyList<AcknowledgedPart> parts, CancellationToken cancellation) =>
        Guard(() => assembly.AssembleAsync(unfinished, parts, cancellation), cancellation);

    /// <inheritdoc/>
    public async Task AbandonAsync(string objectId, string? token, CancellationToken cancellation)
    {
        var key = keys.For(objectId);
        if (token is null)
        {
            return;
        }

        try
        {
            await Guard(() => Client.AbortMultipartUploadAsync(new() { BucketName = settings.Bucket, Key = key, UploadId = token }, cancellation), cancellation);
        }
        catch (FileNotFoundException)
        {
            // Given up before, or finished.
        }
    }

    /// <inheritdoc/>
    public async Task<Stream> OpenReadAsync(string objectId, CancellationToken cancellation)
    {
        var key = keys.For(objectId);
        var found = await Guard(() => Client.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = settings.Bucket, Key = key }, cancellation), cancellation);
        return new S3ReadStream(settings, Client, time, key, found.ETag, found.ContentLength);
    }

    /// <inheritdoc/>
    public Task CompleteAsync(string objectId, CancellationToken cancellation)
    {
        var key = keys.For(objectId);
        return Guard(() => Client.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = settings.Bucket, Key = key }, cancellation), cancellation);
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(string objectId, CancellationToken cancellation)
    {
        var key = keys.For(objectId);
        try
        {
            await Guard(() => Client.DeleteObjectAsync(new DeleteObjectRequest { BucketName = settings.Bucket, Key = key }, cancellation), cancellation);
        }
        catch (FileNotFoundException)
        {
            // Some servers say so; it is what was wanted.
        }

        await foreach (var item in assembly.ListUnfinishedAsync(key, cancellation))
        {
            await AbandonAsync(item.ObjectId, item.Token, cancellation);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var request = new ListObjectsV2Request { BucketName = settings.Bucket, Prefix = keys.Root };
        ListObjectsV2Response page;
        do
        {
            page = await Guard(() => Client.ListObjectsV2Async(request, cancellation), cancellation);
            foreach (var item in page.S3Objects ?? [])
            {
                if (keys.Read(item.Key) is { } id)
                {
                    yield return new StoredObject(id, IsComplete: true, item.Size ?? 0, S3Assembly.When(item.LastModified));
                }
            }

            request.ContinuationToken = page.NextContinuationToken;
        }
        while (page.IsTruncated == true);

        await foreach (var item in assembly.ListUnfinishedAsync(keys.Root, cancellation))
        {
            yield return item;
        }
    }

    /// <inheritdoc/>
    public Task<Uri> SourceForAsync(string objectId, TimeSpan lifetime, CancellationToken cancellation) =>
        SignAsync(Client, connection.Server, new() { Key = keys.For(objectId), Verb = HttpVerb.GET }, lifetime, cancellation);

    /// <inheritdoc/>
    public async Task<Uri?> DownloadAddressAsync(string objectId, string fileName, TimeSpan lifetime, CancellationToken cancellation)
    {
        var key = keys.For(objectId);
        if (!settings.DirectDownloads)
        {
            return null;
        }

        var request = new GetPreSignedUrlRequest { Key = key, Verb = HttpVerb.GET };
        request.ResponseHeaderOverrides.ContentDisposition = "attachment; filename*=UTF-8''" + Uri.EscapeDataString(fileName);
        request.ResponseHeaderOverrides.ContentType = "application/octet-stream";
        return await SignAsync(connection.Signer, connection.PublicServer, request, lifetime, cancellation);
    }

    /// <inheritdoc/>
    public async Task<DirectPart?> AddressForPartAsync(UnfinishedObject unfinished, PartRange part, string? sha256, TimeSpan lifetime, CancellationToken cancellation)
    {
        var key = keys.For(unfinished.ObjectId);
        if (unfinished.Token is null)
        {
            return null;
        }

        Dictionary<string, string> headers = [];
        var request = new GetPreSignedUrlRequest { Key = key, Verb = HttpVerb.PUT, UploadId = unfinished.Token, PartNumber = part.Number };

        // A browser sends its length by itself; signed, no other length is accepted.
        request.Headers["Content-Length"] = part.Length.ToString(CultureInfo.InvariantCulture);
        if (sha256 is not null && !settings.LegacySigning)
        {
            headers["x-amz-checksum-sha256"] = Convert.ToBase64String(Convert.FromHexString(sha256));
            request.Headers["x-amz-checksum-sha256"] = headers["x-amz-checksum-sha256"];
        }

        return new DirectPart(await SignAsync(connection.Signer, connection.PublicServer, request, lifetime, cancellation), "PUT", headers);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredPart> ListPartsAsync(UnfinishedObject unfinished, CancellationToken cancellation) => assembly.ListPartsAsync(unfinished, cancellation);

    /// <inheritdoc/>
    public Task CheckAsync(StoreCheckRun run, Uri? browserOrigin, CancellationToken cancellation) =>
        new S3Checks(this, settings, connection, run, time).RunAsync(browserOrigin, cancellation);

    /// <inheritdoc/>
    public void Dispose() => connection.Dispose();

    private async Task<string> PutWholeAsync(string key, BufferedPart buffered, CancellationToken cancellation)
    {
        var request = new PutObjectRequest
        {
            BucketName = settings.Bucket,
            Key = key,
            InputStream = buffered.Stream,
            AutoCloseStream = false,
            UseChunkEncoding = false,
            ContentType = "application/octet-stream",
        };
        if (!settings.LegacySigning)
        {
            request.ChecksumSHA256 = buffered.Sha256Base64;
        }

        if (S3Encryptions.Method(settings) is { } method)
        {
            request.ServerSideEncryptionMethod = method;
            request.ServerSideEncryptionKeyManagementServiceKeyId = settings.KmsKeyId;
        }

        return (await Guard(() => Client.PutObjectAsync(request, cancellation), cancellation)).ETag;
    }

    private async Task<string> PutPartAsync(string key, string token, PartRange part, BufferedPart buffered, CancellationToken cancellation)
    {
        var request = new UploadPartRequest
        {
            BucketName = settings.Bucket,
            Key = key,
            UploadId = token,
            PartNumber = part.Number,
            PartSize = part.Length,
            InputStream = buffered.Stream,
            UseChunkEncoding = false,
        };
        if (!settings.LegacySigning)
        {
            request.ChecksumSHA256 = buffered.Sha256Base64;
        }

        return (await Guard(() => Client.UploadPartAsync(request, cancellation), cancellation)).ETag;
    }

    private Task<Uri> SignAsync(IAmazonS3 signer, Uri server, GetPreSignedUrlRequest request, TimeSpan lifetime, CancellationToken cancellation)
    {
        request.BucketName = settings.Bucket;
        request.Expires = time.GetUtcNow().UtcDateTime + lifetime;
        request.Protocol = server.Scheme == Uri.UriSchemeHttps ? Protocol.HTTPS : Protocol.HTTP;
        return Guard(async () => new Uri(await signer.GetPreSignedURLAsync(request)), cancellation);
    }

    private Task<T> Guard<T>(Func<Task<T>> work, CancellationToken cancellation) => S3Errors.GuardAsync(settings, work, cancellation);
}
