using System.Text.Json;
using Amazon.Runtime;
using Amazon.S3;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Features.ModelStore.S3;
using Ops.Dashboard.Features.ModelStore.Stores;
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
        var services = new ServiceCollection();
        services.AddLogging().AddDataProtection().SetApplicationName("Ops").PersistKeysToFileSystem(Directory.CreateDirectory(Path.Combine(dataPath, "keys")));
        await using var provider = services.BuildServiceProvider();
        var secrets = new StoreSecrets(provider.GetRequiredService<IDataProtectionProvider>());
        var id = Guid.NewGuid();
        settings = settings with { Endpoint = server.Endpoint.GetLeftPart(UriPartial.Authority), LegacySigning = server.WantsLegacySigning };
        var store = Store.Create(new NewStore
        {
            Id = id,
            Name = "bucket",
            Kind = StoreKinds.S3,
            SettingsJson = JsonSerializer.Serialize(settings, JsonSerializerOptions.Web),
            ProtectedSecrets = secrets.Protect(id, new Dictionary<string, string> { [S3StoreKind.AccessKey] = server.AccessKey, [S3StoreKind.SecretKey] = server.SecretKey }),
            Now = TimeProvider.System.GetUtcNow(),
            ByName = "test",
        });
        db.Stores.Add(store.Value);
        (await db.StoreDefaults.SingleAsync(d => d.Scope == StoreDefaultScope.Everything)).MoveTo(id);
        await db.SaveChangesAsync();
    }
}
