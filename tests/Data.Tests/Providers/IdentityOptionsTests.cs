using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Data.Providers;

namespace Ops.Data.Tests.Providers;

public sealed class IdentityOptionsTests
{
    public static TheoryData<string, Action<StoreOptions>> Options => new()
    {
        { "schema 3", o => o.SchemaVersion = IdentitySchemaVersions.Version3 },
        { "schema 1", o => o.SchemaVersion = IdentitySchemaVersions.Version1 },
        { "key length", o => o.MaxLengthForKeys = 100 },
        { "key length of the default UI", o => o.MaxLengthForKeys = 128 },
    };

    [Theory]
    [MemberData(nameof(Options))]
    public async Task Model_WebApplicationSetsStoreOptions_StaysWhatTheMigrationsMake(string _, Action<StoreOptions> set)
    {
        var services = new ServiceCollection();
        services.Configure<IdentityOptions>(o => set(o.Stores));

        // Without the cache, or the model of another test would be shared.
        services.AddDbContext<PostgresRegistryDb>(o => o.UseNpgsql("Host=nowhere").EnableServiceProviderCaching(false));
        await using var provider = services.BuildServiceProvider();
        await using var db = provider.GetRequiredService<PostgresRegistryDb>();

        Assert.False(db.Database.HasPendingModelChanges());
    }
}
