using System.Text.Json;
using Amazon.Runtime;
using Amazon.S3;
using Ops.Dashboard.Features.ModelStore.S3;
using Ops.Data;
using Ops.Data.ModelStore;

namespace Ops.Testing;

/// <summary>Sets a dashboard that is not running up with an S3 store as its default, as an administrator would do it in the settings.</summary>
internal static class S3StoreRows
{
    /// <summary>A client of the server that does whatever a test needs.</summary>
    public static AmazonS3Client Client(S3Server server) => new(new BasicAWSCredentials(server.AccessKey, server.SecretKey), new AmazonS3Config
    {
        ServiceURL = server.Endpoint.AbsoluteUri,
        ForcePathStyle = true,
        AuthenticationRegion = "us-east-1",
        RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
        ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
    });

    /// <summary>Makes a bucket, or names the one that was given.</summary>
    public static async Task<string> MakeBucketAsync(S3Server server)
    {
        if (server.Bucket is not null)
        {
            return server.Bucket;
        }

        using var client = Client(server);
        var bucket = "ops-" + Guid.NewGuid().ToString("N");
        await client.PutBucketAsync(bucket);
        return bucket;
    }

    /// <summary>Adds the store.</summary>
    /// <param name="db">The registry, migrated.</param>
    /// <param name="dataPath">The data folder, which keeps the keys that secrets are encrypted with.</param>
    /// <param name="server">The server.</param>
    /// <param name="settings">Where on it, without the server.</param>
    public static async Task AddAsync(RegistryDb db, string dataPath, S3Server server, S3Settings settings)
    {
        settings = settings with { Endpoint = server.Endpoint.GetLeftPart(UriPartial.Authority), LegacySigning = server.WantsLegacySigning };
        var secrets = new Dictionary<string, string> { [S3StoreKind.AccessKey] = server.AccessKey, [S3StoreKind.SecretKey] = server.SecretKey };
        await StoreRows.AddAsync(db, dataPath, "bucket", StoreKinds.S3, JsonSerializer.Serialize(settings, JsonSerializerOptions.Web), secrets);
    }
}
