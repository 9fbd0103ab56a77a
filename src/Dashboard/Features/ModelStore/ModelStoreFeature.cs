using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Components.Layout;
using Ops.Dashboard.Features.ModelStore.Collection;
using Ops.Dashboard.Features.ModelStore.Downloads;
using Ops.Dashboard.Features.ModelStore.FileSystem;
using Ops.Dashboard.Features.ModelStore.Git;
using Ops.Dashboard.Features.ModelStore.Imports;
using Ops.Dashboard.Features.ModelStore.Integrity;
using Ops.Dashboard.Features.ModelStore.Moves;
using Ops.Dashboard.Features.ModelStore.Pages;
using Ops.Dashboard.Features.ModelStore.Recording;
using Ops.Dashboard.Features.ModelStore.Retention;
using Ops.Dashboard.Features.ModelStore.S3;
using Ops.Dashboard.Features.ModelStore.Stores;
using Ops.Dashboard.Features.ModelStore.Uploads;
using Ops.Dashboard.Features.ModelStore.Verification;
using Ops.Dashboard.Features.Registry.Onnx;
using Ops.Dashboard.Features.Settings;

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
        services.AddOptions<GitOptions>().BindConfiguration(GitOptions.Section);
        services.AddSingleton<GitProgram>();
        services.AddSingleton<IModelStoreKind, GitStoreKind>();
        services.AddSingleton<RecordingQueue>();
        services.AddSingleton<VersionRecorder>();
        services.AddSingleton<WrittenVersions>();
        services.AddHostedService<RecordingService>();
        services.AddSingleton<VerificationQueue>();
        services.AddSingleton<VerificationBoard>();
        services.AddHostedService<VerificationService>();
        services.AddSingleton<StoreCollector>();
        services.AddHostedService<CollectorService>();
        services.AddSingleton<SharedObjects>();
        services.AddIntegrity();
        services.AddRetention();
        services.AddDownloads();
        services.AddSingleton<MoveCommands>();
        services.AddSingleton<MoveBoard>();
        services.AddSingleton<MoveQueries>();
        services.AddSingleton<VersionMover>();
        services.AddHostedService<MoveService>();
        services.AddSingleton(new LayoutSlot(LayoutSlot.Tray, typeof(UploadTray)));
        services.AddImports();
        return services;
    }

    /// <summary>The servers that browsers send parts to, as they are now.</summary>
    public static Func<IEnumerable<Uri>> ServersOfStores(this WebApplication app)
    {
        var stores = app.Services.GetRequiredService<ModelStores>();
        return () => stores.All.Select(store => store.DirectParts?.Server).OfType<Uri>();
    }

    /// <summary>Maps the upload protocol and downloads.</summary>
    public static void MapModelStore(this IEndpointRouteBuilder app)
    {
        app.MapUploads();
        app.MapDownloads();
    }

    private static void AddIntegrity(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<IntegrityOptions>, ValidateIntegrityOptions>();
        services.AddOptions<IntegrityOptions>().BindConfiguration(IntegrityOptions.Section).ValidateOnStart();
        services.AddSingleton<IntegrityBoard>();
        services.AddSingleton<IntegrityWake>();
        services.AddSingleton<VersionChecker>();
        services.AddSingleton<IntegrityCommands>();
        services.AddSingleton<IntegrityService>();
        services.AddHostedService(provider => provider.GetRequiredService<IntegrityService>());
    }

    private static void AddRetention(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<RetentionOptions>, ValidateRetentionOptions>();
        services.AddOptions<RetentionOptions>().BindConfiguration(RetentionOptions.Section).ValidateOnStart();
        services.AddSingleton<DeletionCommands>();
        services.AddSingleton<RetentionQueries>();
        services.AddSingleton<RetentionCommands>();
        services.AddSingleton<StorageQueries>();
        services.AddSingleton<RetentionService>();
        services.AddHostedService(provider => provider.GetRequiredService<RetentionService>());
        services.AddSingleton(new SettingsTab("Retention", "/settings/retention", Right.ManageTargets, 45));
    }

    private static void AddDownloads(this IServiceCollection services)
    {
        services.AddSingleton<DownloadQueries>();
        services.AddSingleton<ModelCards>();
    }
}
