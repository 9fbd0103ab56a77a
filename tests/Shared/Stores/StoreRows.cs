using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Features.ModelStore.Stores;
using Ops.Data;
using Ops.Data.ModelStore;

namespace Ops.Testing;

/// <summary>Sets a dashboard that is not running up with a store as its default, as an administrator would do it in the settings.</summary>
internal static class StoreRows
{
    /// <summary>Adds the store.</summary>
    /// <param name="db">The registry, migrated.</param>
    /// <param name="dataPath">The data folder, which keeps the keys that secrets are encrypted with.</param>
    /// <param name="name">Its name.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="settingsJson">Its settings.</param>
    /// <param name="secrets">Its secrets, if it has any.</param>
    public static async Task AddAsync(RegistryDb db, string dataPath, string name, string kind, string settingsJson, IReadOnlyDictionary<string, string>? secrets = null)
    {
        var services = new ServiceCollection();
        services.AddLogging().AddDataProtection().SetApplicationName("Ops").PersistKeysToFileSystem(Directory.CreateDirectory(Path.Combine(dataPath, "keys")));
        await using var provider = services.BuildServiceProvider();
        var id = Guid.NewGuid();
        var store = Store.Create(new NewStore
        {
            Id = id,
            Name = name,
            Kind = kind,
            SettingsJson = settingsJson,
            ProtectedSecrets = secrets is null ? null : new StoreSecrets(provider.GetRequiredService<IDataProtectionProvider>()).Protect(id, secrets),
            Now = TimeProvider.System.GetUtcNow(),
            ByName = "test",
        });
        db.Stores.Add(store.Value);
        (await db.StoreDefaults.SingleAsync(d => d.Scope == StoreDefaultScope.Everything)).MoveTo(id);
        await db.SaveChangesAsync();
    }
}
