using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Components.Layout;
using Ops.Dashboard.Features.ModelStore.Collection;
using Ops.Dashboard.Features.ModelStore.Pages;
using Ops.Dashboard.Features.ModelStore.S3;
using Ops.Dashboard.Features.ModelStore.Stores;
using Ops.Dashboard.Features.ModelStore.Uploads;
using Ops.Dashboard.Features.ModelStore.Verification;
using Ops.Dashboard.Features.Registry.Onnx;

namespace Ops.Dashboard.Features.ModelStore;

/// <summary>Where the bytes of versions live, and how they get there.</summary>
internal static class ModelStoreFeature
{
    /// <summary>Adds the store in the data folder, uploads, their verification and the collection of what is left over.</summary>
    public static IServiceCollection AddModelStore(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<ModelStoreOptions>, ValidateModelStoreOptions>();
        services.AddOptions<ModelStoreOptions>().BindConfiguration(ModelStoreOptions.Section).ValidateOnStart();
        services.AddStores();
        services.AddSingleton<PartBuffers>();
        services.AddSingleton<IModelStoreKind, S3StoreKind>();
        services.AddSingleton<UploadRules>();
        services.AddSingleton<UploadCommands>();
        services.AddSingleton<UploadQueries>();
        services.AddSingleton<UploadCleaner>();
        services.AddSingleton<PartReceiver>();
        services.AddSingleton<PartLocks>();
        services.AddSingleton<PartAddresses>();
        services.AddSingleton<DirectPartRecorder>();
        services.AddSingleton<ObjectStarter>();
        services.TryAddSingleton<OnnxReader>();
        services.AddSingleton<VersionInspector>();
        services.AddSingleton<VersionWriter>();
        services.AddSingleton<UploadVerifier>();
        services.AddSingleton<VerificationQueue>();
        services.AddSingleton<VerificationBoard>();
        services.AddHostedService<VerificationService>();
        services.AddSingleton<StoreCollector>();
        services.AddHostedService<CollectorService>();
        services.AddSingleton(new LayoutSlot(LayoutSlot.Tray, typeof(UploadTray)));
        return services;
    }

    /// <summary>The servers that browsers send parts to, as they are now.</summary>
    public static Func<IEnumerable<Uri>> ServersOfStores(this WebApplication app)
    {
        var stores = app.Services.GetRequiredService<ModelStores>();
        return () => stores.All.Select(store => store.DirectParts?.Server).OfType<Uri>();
    }

    /// <summary>Maps the upload protocol.</summary>
    public static void MapModelStore(this IEndpointRouteBuilder app) => app.MapUploads();
}
