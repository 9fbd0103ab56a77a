using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.ModelStore.FileSystem;
using Ops.Dashboard.Features.Settings;

namespace Ops.Dashboard.Features.ModelStore.Stores;

/// <summary>Several stores: what administrators set up, and what keeps an eye on it.</summary>
internal static class StoresFeature
{
    /// <summary>Adds it with the kinds that this program has.</summary>
    public static IServiceCollection AddStores(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<StoresOptions>, ValidateStoresOptions>();
        services.AddOptions<StoresOptions>().BindConfiguration(StoresOptions.Section).ValidateOnStart();
        services.AddDataProtection();
        services.AddSingleton<FolderRules>();
        services.AddSingleton<AddressRules>();
        services.AddSingleton<IModelStoreKind, FileSystemKind>();
        services.AddSingleton(KnownForms.FileSystem);
        services.AddSingleton(KnownForms.S3);
        services.AddSingleton(KnownForms.Git);
        services.AddSingleton<StoreForms>();
        services.AddSingleton<StoreSecrets>();
        services.AddSingleton<StoreStates>();
        services.AddSingleton<StoreChecker>();
        services.AddSingleton<StoreCommands>();
        services.AddSingleton<StoreUseCommands>();
        services.AddSingleton<StoreQueries>();
        services.AddSingleton<ModelStores>();
        services.AddSingleton<StoreWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<StoreWatch>());
        services.AddSingleton(new SettingsTab("Stores", "/settings/stores", Right.ManageTargets, 30));
        return services;
    }
}
