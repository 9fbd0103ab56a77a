using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.S3;
using Ops.Dashboard.Features.ModelStore.Stores;
using Ops.Testing;

namespace Ops.Integration.Tests.Features.ModelStore.Conformance;

/// <summary>An S3 store below a prefix of its own on a real server, and a bare client that does to it what others could.</summary>
internal sealed class S3TestStore : IDisposable
{
    private readonly PartBuffers buffers;

    private S3TestStore(S3Settings settings, S3Credentials credentials, PartBuffers buffers, IAmazonS3 bare)
    {
        Settings = settings;
        Credentials = credentials;
        this.buffers = buffers;
        Bare = bare;
        Store = Open(settings, credentials);
    }

    public S3Settings Settings { get; }

    public S3Credentials Credentials { get; }

    public S3Store Store { get; }

    public IAmazonS3 Bare { get; }

    /// <summary>Makes a store on the server that all tests share, or on one of the test's own.</summary>
    public static async Task<S3TestStore> MakeAsync(S3Server? server = null)
    {
        server ??= await S3Server.SharedAsync();
        S3Credentials credentials = new(server.AccessKey, server.SecretKey);
        var bare = S3StoreRows.Client(server);
        var bucket = await S3StoreRows.MakeBucketAsync(server);
        S3Settings settings = new() { Endpoint = server.Endpoint.AbsoluteUri, Bucket = bucket, Prefix = "ops-" + Guid.NewGuid().ToString("N") + "/", LegacySigning = server.WantsLegacySigning, DirectUploads = true, DirectDownloads = true };
        return new S3TestStore(settings, credentials, new PartBuffers(Options.Create(new ModelStoreOptions { PartMemoryMiB = 64 })), bare);
    }

    /// <summary>Opens a store with other settings.</summary>
    public S3Store Open(S3Settings settings, S3Credentials? credentials = null, TimeProvider? time = null, AddressRules? addresses = null) =>
        new("s3", settings, new S3Connection(settings, credentials ?? Credentials, addresses), buffers, time ?? TimeProvider.System);

    /// <summary>Ids of the unfinished uploads of an object. Every server answers for a whole key.</summary>
    public async Task<IReadOnlyList<string>> UploadsOfAsync(string objectId) =>
        [.. (await Bare.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = Settings.Bucket, Prefix = Key(objectId) })).MultipartUploads?.Select(u => u.UploadId) ?? []];

    /// <summary>Whether the server lists unfinished uploads below a prefix; MinIO only does for whole keys, and clears away by itself what nobody finishes.</summary>
    public async Task<bool> ListsUnfinishedAsync()
    {
        var key = Settings.Prefix + "tried/" + Guid.NewGuid().ToString("N");
        var tried = await Bare.InitiateMultipartUploadAsync(Settings.Bucket, key);
        var listed = await Bare.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = Settings.Bucket, Prefix = Settings.Prefix + "tried/" });
        await Bare.AbortMultipartUploadAsync(Settings.Bucket, key, tried.UploadId);
        return listed.MultipartUploads?.Count > 0;
    }

    /// <summary>The key of an object.</summary>
    public string Key(string objectId) => new S3Keys(Settings.Prefix).For(objectId);

    public void Dispose()
    {
        Store.Dispose();
        Bare.Dispose();
        buffers.Dispose();
    }
}
